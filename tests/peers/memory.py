"""Outputs that keep their documents in memory, and fail where a test wants them to."""

import errno
import os
from collections.abc import Callable
from types import TracebackType
from typing import Self

from printscp.film.sheet import Sheet
from printscp.outputs.output import Claim, Progress, Sent, Ticket
from printscp.render.page import ColorPage, Page


class Memory:
    """``full`` names the step that has no room: begin, add, finish, or none; ``fault`` is what it meets in
    place of that. ``going_out`` is called when a document is about to. Of the documents those that were begun
    and not left yet are ``open``."""

    def __init__(self, place: str = "memory", at_once: int = 0) -> None:
        self.place = place
        self.at_once = at_once
        self.full = ""
        self.fault: BaseException = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.going_out: Callable[[], None] = lambda: None
        self.open: list[Ticket] = []
        self.finished: list[tuple[Ticket, list[str]]] = []

    def check(self) -> None:
        """There is always memory."""

    def begin(self, ticket: Ticket) -> "MemoryDocument":
        self.meet("begin")
        return MemoryDocument(self, ticket)

    def meet(self, step: str) -> None:
        """Fail in that step, if it is the one."""
        if self.full == step:
            raise self.fault

    def see(self, page: Page | ColorPage) -> None:
        """A page that is added."""

    def deliver(self, ticket: Ticket, pages: list[str], claim: Claim) -> Sent:
        """A document goes out."""
        self.meet("finish")
        self.going_out()
        claim.hold()
        self.finished.append((ticket, pages))
        return Sent(self.place)


class MemoryDocument:
    """Remembers the titles of its pages."""

    def __init__(self, output: Memory, ticket: Ticket) -> None:
        self._output = output
        self._ticket = ticket
        self._titles: list[str] = []

    def add(self, page: Page | ColorPage) -> None:
        self._output.meet("add")
        self._output.see(page)
        self._titles.append(page.title)

    def finish(self, claim: Claim) -> Sent:
        return self._output.deliver(self._ticket, self._titles, claim)

    def __enter__(self) -> Self:
        self._output.open.append(self._ticket)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._output.open.remove(self._ticket)


class SheetMemory:
    """The same for films as they were accepted, in ``sheets``."""

    def __init__(self, place: str = "archive") -> None:
        self.place = place
        self.at_once = 0
        self.full = ""
        self.sheets: list[tuple[Ticket, list[Sheet]]] = []

    def check(self) -> None:
        """There is always memory."""

    def begin_sheets(self, ticket: Ticket) -> "SheetMemoryDocument":
        self.meet("begin")
        return SheetMemoryDocument(self, ticket)

    def meet(self, step: str) -> None:
        """Fail in that step, if it is the one."""
        if self.full == step:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class SheetMemoryDocument:
    """Remembers sheets."""

    def __init__(self, output: SheetMemory, ticket: Ticket) -> None:
        self._output = output
        self._ticket = ticket
        self._sheets: list[Sheet] = []

    def add(self, sheet: Sheet) -> None:
        self._output.meet("add")
        self._sheets.append(sheet)

    def finish(self, claim: Claim) -> Sent:
        self._output.meet("finish")
        claim.hold()
        self._output.sheets.append((self._ticket, self._sheets))
        return Sent(self._output.place)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing of it stays."""


class MemoryPrinter(Memory):
    """A printer that goes on by itself: it says of each job what is next in ``says``, or meets what is
    raised there, and of the last again and again."""

    def __init__(self, place: str = "printer", at_once: int = 0) -> None:
        super().__init__(place, at_once)
        self.says: list[Progress | Exception] = []
        self.asked: list[str] = []
        self.cancelled: list[str] = []

    def deliver(self, ticket: Ticket, pages: list[str], claim: Claim) -> Sent:
        super().deliver(ticket, pages, claim)
        remote = f"{self.place}/{len(self.finished)}"
        claim.remember(remote)
        return Sent(self.place, remote)

    def follow(self, remote: str) -> Progress:
        self.asked.append(remote)
        answer = self.says[0] if len(self.says) == 1 else self.says.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def cancel(self, remote: str) -> None:
        self.cancelled.append(remote)
