"""Since when something has been there: what is swept must have been seen for long, by this process's own
clock, as hosts do not agree on the time."""

import time
from collections.abc import Callable, Collection, Hashable
from typing import Generic, TypeVar

_T = TypeVar("_T", bound=Hashable)


class Sightings(Generic[_T]):
    """What was there each time one looked."""

    def __init__(self) -> None:
        self._since: dict[_T, float] = {}

    def old(self, seen: Collection[_T], now: float, patience: float) -> list[_T]:
        """Those of what is seen ``now`` that were seen at each look for ``patience`` seconds or longer; none
        that is seen for the first time."""
        old = [each for each in seen if each in self._since and now - self._since[each] >= patience]
        self._since = {each: self._since.get(each, now) for each in seen}
        return old


class Orphans:
    """Finds the sheets that no job has.

    A sheet gets its name before its job is committed, on another host perhaps. So it is an orphan only if it
    was nobody's at two looks that lie ``patience`` apart.
    """

    def __init__(self) -> None:
        self._sightings: Sightings[str] = Sightings()

    def among(
        self, names: Callable[[], set[str]], wanted: Callable[[], Collection[str]], patience: float
    ) -> list[str]:
        """The orphans, of the sheets that ``names`` lists, when jobs have those that are ``wanted``."""
        there = names()
        now = time.monotonic()  # between both, so that patience counts from after a name was there
        # Asked after the listing: what was named before and committed in between is wanted.
        return self._sightings.old(there - set(wanted()), now, patience)
