"""What two print jobs differ in: what their SCUs sent, when, and what the films look like.

Instances are called by what they are ("film box 1"), not by their UIDs, which differ by nature.
"""

from dataclasses import dataclass

from printscp.capture import Capture


@dataclass(frozen=True)
class Change:
    """``what`` differs, an attribute with the sequences it lies in before it, or in words; the values of
    both, ``-`` where one has none."""

    what: str
    first: str
    second: str


@dataclass(frozen=True)
class RequestChange:
    """A request that is not the same in both: the numbers of its steps, 0 where only the other has it."""

    request: str
    first: int
    second: int
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class ImageChange:
    """The pixels of an image box: how many ``differ`` of ``pixels``, by how much at most, and where the first
    is, row and column from 1; or in ``words`` why they cannot be compared."""

    position: int
    pixels: int
    differ: int
    largest: int
    row: int
    column: int
    words: str = ""

    @property
    def equal(self) -> bool:
        return not self.differ and not self.words


@dataclass(frozen=True)
class PageChange:
    """The page of a film: how many printer pixels ``differ`` of ``pixels``, the ``largest`` difference in
    ``unit``, and where it is, in mm from left and top; or in ``words`` why they cannot be compared."""

    pixels: int
    differ: int
    largest: float
    unit: str
    left_mm: float
    top_mm: float
    words: str = ""

    @property
    def equal(self) -> bool:
        return not self.differ and not self.words


@dataclass(frozen=True)
class FilmChange:
    """A film of both jobs, by its number."""

    number: int
    images: tuple[ImageChange, ...]
    page: PageChange

    @property
    def equal(self) -> bool:
        return self.page.equal and all(each.equal for each in self.images)


@dataclass(frozen=True)
class Timing:
    """Of an association, in seconds: until the first N-ACTION, None if there was none; until its last
    request; the longest pause that the SCU made, and the request that came after it."""

    printed: float | None
    last: float
    pause: float
    before: str


@dataclass(frozen=True)
class Comparison:
    """``notes`` say what could not be compared, ``counts`` how many films each has. Timing alone makes no
    difference."""

    first: str
    second: str
    association: tuple[Change, ...]
    requests: tuple[RequestChange, ...]
    films: tuple[FilmChange, ...]
    timing: tuple[Timing, Timing] | None
    notes: tuple[str, ...]
    counts: tuple[int, int]

    @property
    def equal(self) -> bool:
        """The same was sent, and the films are the same, as far as that can be said."""
        same = self.counts[0] == self.counts[1] and all(each.equal for each in self.films)
        return same and not (self.association or self.requests)


def compare(first: Capture, second: Capture) -> Comparison:
    """Compare two jobs.

    Raises:
        NotPossible: a film is not kept.
    """
    from printscp.comparison.dialogue import association, requests, timing
    from printscp.comparison.films import film

    notes = [
        f"{each.name}: its dialogue is not kept: films alone are compared"
        for each in (first, second)
        if each.dialogue is None
    ]
    a, b = first.dialogue, second.dialogue
    return Comparison(
        first.name,
        second.name,
        association(a, b) if a and b else (),
        requests(a, b) if a and b else (),
        tuple(film(first, second, each) for each in range(1, min(first.films, second.films) + 1)),
        (timing(a), timing(b)) if a and b else None,
        tuple(notes),
        (first.films, second.films),
    )
