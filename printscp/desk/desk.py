"""All parts of the desk together."""

from pathlib import Path
from types import TracebackType
from typing import Self

from printscp.config import Settings
from printscp.desk.changes import Changes
from printscp.desk.faults import Faults
from printscp.desk.films import Films
from printscp.desk.house import House
from printscp.desk.inspection import Inspection
from printscp.desk.jobs import Jobs
from printscp.desk.printers import Printers
from printscp.desk.quality import Quality
from printscp.live import Live


class Desk:
    """The desk of the printers of ``settings``, in any process of their host, until `close`.

    Raises:
        SetupError: there is no spool, or it cannot be used.
    """

    def __init__(self, settings: Settings) -> None:
        self.house = House(settings)
        self.jobs = Jobs(self.house)
        self.films = Films(self.house)
        self.inspection = Inspection(self.house)
        self.printers = Printers(self.house)
        self.faults = Faults(self.house)
        self.quality = Quality(self.house)
        self.changes = Changes(self.house)

    @property
    def settings(self) -> Settings:
        """Those in force."""
        return self.house.settings

    def reload(self, settings: Settings) -> None:
        """Go by other settings; places of spool and job table are those of before."""
        self.house.settings = settings

    def tell(self, live: Live) -> None:
        """What the printers' process says of itself."""
        self.house.live = live

    @property
    def folder(self) -> Path:
        """The spool folder, for files that go with it."""
        return self.settings.spool

    def close(self) -> None:
        self.changes.close()
        self.house.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
