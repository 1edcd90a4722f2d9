"""A DICOM Print Management SCP that behaves as a laser film printer."""

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from printscp.printer import FilmPrinter

__version__ = version("printscp")
__all__ = ["FilmPrinter", "__version__"]


def __getattr__(name: str) -> Any:
    # Lazy, so that a worker process does not pay for the network code it never uses.
    if name == "FilmPrinter":
        from printscp.printer import FilmPrinter

        return FilmPrinter
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
