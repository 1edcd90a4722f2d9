"""A film printer for tests of print SCUs: in this process, in memory, and with much to say about what came.

::

    with printscp.testing.BenchPrinter() as printer:
        send_something_to(printer.address)
        film = printer.wait_for_film()

`printscp.testing.plugin` makes fixtures of it for pytest, ``python -m printscp.testing`` a program for all
other languages.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from printscp.testing.bench import BenchPrinter, NothingCame
    from printscp.testing.film import Film, FilmImage
    from printscp.testing.golden import assert_film_matches

__all__ = ["BenchPrinter", "Film", "FilmImage", "NothingCame", "assert_film_matches"]


def __getattr__(name: str) -> Any:
    # Lazy: pytest loads this package with the plugin in every run, and few tests print films.
    if name in ("BenchPrinter", "NothingCame"):
        from printscp.testing import bench

        return getattr(bench, name)
    if name in ("Film", "FilmImage"):
        from printscp.testing import film

        return getattr(film, name)
    if name == "assert_film_matches":
        from printscp.testing.golden import assert_film_matches

        return assert_film_matches
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
