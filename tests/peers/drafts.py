"""A spool in memory, for tests that look at sheets."""

from printscp.film.sheet import BytesLike, Sheet


class Sheets(list[Sheet]):
    """Every draft of it is itself: what is accepted is appended."""

    def draft(self) -> "Sheets":
        return self

    def put(self, position: int, pixels: BytesLike) -> None:
        pass

    def accept(self, sheet: Sheet) -> None:
        self.append(sheet)

    def discard(self) -> None:
        pass
