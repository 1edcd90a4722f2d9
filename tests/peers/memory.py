"""An output that keeps its documents in memory, and fails where a test wants it to."""

import errno
import os
from types import TracebackType
from typing import Self

from printscp.outputs.output import Ticket
from printscp.render.page import ColorPage, Page


class Memory:
    """``full`` names the step that has no room: begin, add, finish, or none. Of the documents those that were
    begun and not left yet are ``open``."""

    def __init__(self, place: str = "memory") -> None:
        self.place = place
        self.full = ""
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
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def see(self, page: Page | ColorPage) -> None:
        """A page that is added."""


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

    def finish(self) -> str:
        self._output.meet("finish")
        self._output.finished.append((self._ticket, self._titles))
        return self._output.place

    def __enter__(self) -> Self:
        self._output.open.append(self._ticket)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._output.open.remove(self._ticket)
