"""The desk: what people may see and do of printers, their films and their queue.

It is the front door of the house for whoever shows a printer to people. All of it can be called from several
threads at once. What may name a patient is told only where ``private`` is said.

Each function may raise::

    SetupError          what is wrong with what was asked, or with the place it is in
    ├── NoSuchJob       no such job, film, printer or fault
    ├── NotPossible     not in a state for that
    ├── Withheld        not shown without patient data
    └── Away            the job table or the films cannot be reached for now
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from printscp.desk.desk import Desk

__all__ = ["Desk"]


def __getattr__(name: str) -> Any:
    # Lazy: a command that needs one part of the desk does not pay for the others.
    if name == "Desk":
        from printscp.desk.desk import Desk

        return Desk
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
