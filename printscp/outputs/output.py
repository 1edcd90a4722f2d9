"""What a way out is: it takes the films of a job one by one, and makes one document of them.

A document is delivered when `Document.finish` returns, or handed to a printer that says later when it is
printed (`RemotePrinter`). Whoever delivers has a claim to the job, which another may take over once it
lapses: right before anything goes out for good, `Claim.hold` or `Claim.remember` says whether it still holds.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from typing import Protocol, runtime_checkable

from printscp.film.sheet import Sheet
from printscp.render.page import ColorPage, Page


@dataclass(frozen=True)
class Ticket:
    """What an output has to know of a job; a function of the job alone, so that one delivered twice is one
    document, and its bytes are the same.

    ``name`` is that of its files. Neither it nor ``title`` holds patient data; ``label`` and ``owner`` may,
    and go to nobody but another DICOM printer. ``created`` is when the job was accepted. ``priority``,
    ``medium`` and ``destination`` are terms of the film session; ``printer`` and ``originator`` AE titles;
    ``film_size`` is the Film Size ID of the first film; ``films`` says how many.
    """

    job: int
    name: str
    title: str
    copies: int
    created: datetime
    priority: str
    medium: str
    destination: str
    printer: str
    originator: str
    film_size: str
    films: int
    label: str = field(default="", repr=False)
    owner: str = field(default="", repr=False)


@dataclass(frozen=True)
class Condition:
    """Of an output: Printer Status (2110,0010), its info, a term of PS3.3 C.13.9.1, and the same in words."""

    status: str = "NORMAL"
    info: str = "NORMAL"
    words: str = ""


class NotReady(Exception):
    """The output cannot take films for now: they wait, and are tried again after ``pause`` seconds, or after
    some that grow from try to try. Its ``condition`` is that of the printer meanwhile, and the ``info`` of it
    that of the job."""

    def __init__(self, condition: Condition, pause: float | None = None) -> None:
        super().__init__(condition.words)
        self.condition = condition
        self.pause = pause


class Refused(Exception):
    """The output will never take these films: the job ends in FAILURE. ``status_info`` is a term of PS3.3
    C.13.9.1 or C.13.8; the message tells an operator why, and what to do."""

    def __init__(self, status_info: str, words: str) -> None:
        super().__init__(words)
        self.status_info = status_info


class Claim(Protocol):
    """The right to deliver a job, which lapses when its holder is not heard of for too long."""

    def hold(self) -> None:
        """Ask right before something goes out for good.

        Raises:
            ClaimLost: it does not hold any more, or the job was cancelled.
        """

    def remember(self, remote: str, place: str = "") -> None:
        """Keep the id that a printer gave the job, before it has anything to print, and where the films go.

        Raises:
            ClaimLost: as `hold`.
        """


@dataclass(frozen=True)
class Sent:
    """Where the films went, in words for people; with ``remote``, a printer has them and is to be asked.
    ``remarks`` say what was lost on the way."""

    place: str
    remote: str = ""
    remarks: tuple[str, ...] = ()


class Stage(Enum):
    """How far a printer is with a job. GONE: it does not know it, so the films are sent again."""

    WAITING = auto()
    PRINTING = auto()
    DONE = auto()
    FAILED = auto()
    GONE = auto()


@dataclass(frozen=True)
class Progress:
    """What a printer says of a job, and of itself. ``status_info`` is a term of PS3.3 C.13.9.1."""

    stage: Stage
    status_info: str = "NORMAL"
    words: str = ""
    condition: Condition = Condition()


class Document(AbstractContextManager["Document"], Protocol):
    """A document in the making; left before it is finished, nothing remains of it."""

    def add(self, page: Page | ColorPage) -> None:
        """Take the next page; it is not kept, pages are large. An output that takes sheets gets them with
        ``add_sheet`` instead.

        Raises:
            OSError, NotReady: the output cannot take it for now.
            Refused: never.
        """

    def finish(self, claim: Claim) -> Sent:
        """Deliver.

        Raises:
            OSError, NotReady: the output cannot take it for now.
            Refused: never.
            ClaimLost
        """


class SheetDocument(AbstractContextManager["SheetDocument"], Protocol):
    """As `Document`, of the films as they were accepted."""

    def add(self, sheet: Sheet) -> None:
        """Take the next film.

        Raises:
            OSError, NotReady: the output cannot take it for now.
            Refused: never.
        """

    def finish(self, claim: Claim) -> Sent:
        """Deliver; as `Document.finish`."""


class Output(Protocol):
    """A way out, as configured."""

    @property
    def place(self) -> str:
        """Where it leads, in words for people."""

    @property
    def at_once(self) -> int:
        """Jobs that may be under way to it at once; 0: any number."""

    def check(self) -> None:
        """Whether it can be used at all, asked once at start.

        Raises:
            SetupError: what is wrong, in one line. A printer that is switched off is nothing wrong.
        """

    def begin(self, ticket: Ticket) -> Document:
        """Start a document.

        Raises:
            OSError, NotReady: the output cannot take it for now.
            Refused: never.
        """


@runtime_checkable
class SheetOutput(Protocol):
    """What stands for `Output` where films are taken as they were accepted instead of pages: it has
    `begin_sheets` in place of `begin`."""

    @property
    def place(self) -> str:
        """As `Output.place`."""

    @property
    def at_once(self) -> int:
        """As `Output.at_once`."""

    def check(self) -> None:
        """As `Output.check`."""

    def begin_sheets(self, ticket: Ticket) -> SheetDocument:
        """Start a document, as `Output.begin`."""


@runtime_checkable
class RemotePrinter(Protocol):
    """What an output has besides that hands jobs to a printer which goes on by itself."""

    def follow(self, remote: str) -> Progress:
        """Ask what became of a job.

        Raises:
            OSError, NotReady: that cannot be known for now.
        """

    def cancel(self, remote: str) -> None:
        """Have the printer drop a job that it has not printed; no word of one that has ended.

        Raises:
            OSError, NotReady: it cannot be reached for now.
        """


class Uncontested:
    """A claim that always holds: what is delivered is of no queue."""

    def hold(self) -> None:
        """It holds."""

    def remember(self, remote: str, place: str = "") -> None:
        """There is nobody to ask for it later."""
