"""Where things lie on a page."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Rectangle:
    """A part of the page in printer pixels, from the top left."""

    left: int
    top: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """The first column that is no longer of it."""
        return self.left + self.width

    @property
    def bottom(self) -> int:
        """The first row that is no longer of it."""
        return self.top + self.height

    def overlaps(self, other: "Rectangle") -> bool:
        """Whether both have a pixel in common."""
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom

    def holds(self, other: "Rectangle") -> bool:
        """Whether the other lies inside."""
        across = self.left <= other.left and other.right <= self.right
        return across and self.top <= other.top and other.bottom <= self.bottom
