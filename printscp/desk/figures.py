"""How the house does: what it has done, what it takes up, and whether films can be taken and printed."""

import os
import resource
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from printscp import __version__
from printscp.desk.costly import Costly
from printscp.desk.house import House
from printscp.desk.records import Figures
from printscp.errors import Away

_AGES = (timedelta(minutes=1), timedelta(hours=1), timedelta(days=1))
_WALK = 60.0  # seconds that a look at all files of the spool is good for
_MIB = 1 << 20
_BUCKET = "s3://"


class Gauges:
    """Those of a house."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._films = Costly(self._films_done)
        self._size = Costly(self._spool_size, least=_WALK)

    def figures(self) -> Figures:
        """As they are now; throughput and size of the spool may be some time old.

        Raises:
            Away
        """
        house, live, now = self._house, self._house.live, datetime.now(UTC)
        with house.reached():
            counts = {str(status): count for status, count in house.queue.counts().items()}
            oldest = house.spool.listing.oldest_open()
            minute, hour, day = self._films()
        return Figures(
            version=__version__,
            jobs=counts,
            films_minute=minute,
            films_hour=hour,
            films_day=day,
            oldest_waiting=None if oldest is None else max(0.0, (now - oldest).total_seconds()),
            disk_free=self._free(),
            disk_reserve=house.settings.reserve_mib * _MIB,
            spool_bytes=self._size(),
            pixels_held=None if live is None else live.held,
            pixels_limit=None if live is None else live.limit,
            resident=self._resident(),
            associations=None if live is None else sum(each.associations for each in live.printers.values()),
            max_associations=house.settings.max_associations,
            associated=None if live is None else live.associated,
            rejected=None if live is None else live.rejected,
            workers=None if live is None else sum(map(_is_alive, live.worker_pids)),
            uptime=None if live is None else max(0.0, (now - live.began).total_seconds()),
        )

    def complaints(self) -> tuple[str, ...]:
        """Why films cannot be taken now, or printed."""
        return tuple(self._complaints())

    def _complaints(self) -> Iterator[str]:
        house, live = self._house, self._house.live
        try:
            with house.reached():
                house.queue.counts()  # the table can be read
                state = house.spool.state()
            if state is not None:
                yield state.info
        except Away as error:
            yield str(error)
        if live is None:
            yield "the printers do not run, or are not known here"
        elif not live.entrances:
            yield "the printers do not listen"
        elif house.settings.workers and not any(map(_is_alive, live.worker_pids)):
            yield "no worker runs: films are taken, and wait"

    def _films_done(self) -> tuple[int, ...]:
        now = datetime.now(UTC).replace(tzinfo=None)
        return self._house.spool.listing.films_done([now - age for age in _AGES])

    def _free(self) -> int | None:
        try:
            return self._house.spool.sheets.free()
        except OSError:
            return None

    def _spool_size(self) -> int | None:
        """Of what lies on this host."""
        sheets, spool = self._house.settings.sheets_place, self._house.settings.spool
        places = {spool.resolve()}
        if not sheets.startswith(_BUCKET) and not Path(sheets).resolve().is_relative_to(spool.resolve()):
            places.add(Path(sheets).resolve())
        try:
            return sum(_size_below(place) for place in places)
        except OSError:
            return None

    def _resident(self) -> dict[str, int]:
        """Memory in use by the processes of this host; pages that workers share count for each."""
        live = self._house.live
        pids: dict[str, Iterable[int]] = {"light box": (os.getpid(),)}
        if live is not None:
            pids = {"printers": (live.pid,), "workers": live.worker_pids} | pids
        found = {kind: [size for pid in each if (size := _resident(pid))] for kind, each in pids.items()}
        return {kind: sum(sizes) for kind, sizes in found.items() if sizes}


def _size_below(folder: Path) -> int:
    size = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):  # it is gone by now
                if entry.is_dir(follow_symlinks=False):
                    size += _size_below(Path(entry.path))
                else:
                    size += entry.stat(follow_symlinks=False).st_size
    return size


def _resident(pid: int) -> int | None:
    """Bytes of memory that a process has, None where that cannot be known."""
    try:
        pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    except (OSError, IndexError):
        return None
    return int(pages) * resource.getpagesize()


def _is_alive(pid: int) -> bool:
    if not pid:  # of a worker that could not be started
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
