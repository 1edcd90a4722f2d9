"""The job table as all of a test see it."""

from dataclasses import replace
from datetime import datetime, timedelta

from printscp.film.job import Job, JobFilm
from printscp.film.sheet import Order
from printscp.spool.claim import Claim, Claims
from printscp.spool.database import Database
from printscp.spool.queue import JobQueue

ORDER = Order(
    copies=2,
    priority="MED",
    medium="BLUE FILM",
    destination="PROCESSOR",
    label="THORAX",
    owner="WARD 3",
    printer_name="FILMS",
    originator="VIEWER",
    remarks=("Größe ignored",),
)
FILMS = (JobFilm("1.2.3-1", "8INX10IN", "STANDARD\\2,1", 1), JobFilm("1.2.3-2", "A4", "STANDARD\\1,1", 0))
LEASE = 10.0
ATTEMPTS = 3


class Board:
    """The job table as all see it, under a clock that stands still."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.database = Database(url)
        self.queue = JobQueue(self.database)
        self.claims = Claims(self.database, LEASE, ATTEMPTS)
        self.now = datetime(2026, 1, 2, 3, 4, 5)

    def after(self, seconds: float) -> None:
        """Time goes by, or with less than nothing is set back."""
        self.now += timedelta(seconds=seconds)

    def submit(self, uid: str, *outputs: str, priority: str = "MED", limit: int = 0) -> int:
        order = replace(ORDER, priority=priority)
        films = [replace(FILMS[0], sheet=f"{uid}-1")]
        return self.queue.submit(uid, order, films, [], outputs or ("pdf",), limit)

    def take(self, holder: str = "a", **at_once: int) -> Claim | None:
        return self.claims.take(holder, at_once or {"pdf": 0})

    def taken(self, holder: str = "a", **at_once: int) -> Claim:
        claim = self.take(holder, **at_once)
        assert claim is not None
        return claim

    def job(self, number: int) -> Job:
        job = self.queue.job(number)
        assert job is not None
        return job
