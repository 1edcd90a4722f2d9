"""A DICOM Print Management SCP that behaves as a laser film printer."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from printscp.printer import FilmPrinter

__version__: str
__all__ = ["FilmPrinter", "__version__"]


def __getattr__(name: str) -> Any:
    # Lazy: a worker process does not pay for the network code it never uses, nor a command for reading what
    # is installed.
    if name == "FilmPrinter":
        from printscp.printer import FilmPrinter

        return FilmPrinter
    if name == "__version__":
        from importlib.metadata import version

        return version("printscp")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
