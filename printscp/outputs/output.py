"""What a way out is: it takes the pages of a job one by one, and makes one document of them."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from printscp.render.page import ColorPage, Page


@dataclass(frozen=True)
class Ticket:
    """What an output has to know of a job: ``name``, a function of the job alone, is that of its files, so
    that a job delivered twice is one document. Neither it nor ``title`` holds patient data. ``created`` is
    when the job was accepted: documents are dated by it, so that the same job makes the same bytes."""

    name: str
    title: str
    copies: int
    created: datetime


class Document(AbstractContextManager["Document"], Protocol):
    """A document in the making; left before it is finished, nothing remains of it."""

    def add(self, page: Page | ColorPage) -> None:
        """Take the next page; it is not kept, pages are large.

        Raises:
            OSError: the output cannot take it for now.
        """

    def finish(self) -> str:
        """Deliver; returns where to, in words for people.

        Raises:
            OSError: the output cannot take it for now.
        """


class Output(Protocol):
    """A way out, as configured."""

    @property
    def place(self) -> str:
        """Where it leads, in words for people."""

    def check(self) -> None:
        """Whether it can be used at all, asked once at start.

        Raises:
            SetupError: what is wrong, in one line.
        """

    def begin(self, ticket: Ticket) -> Document:
        """Start a document.

        Raises:
            OSError: the output cannot take it for now.
        """
