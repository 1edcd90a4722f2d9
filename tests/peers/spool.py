"""A spool in memory, for tests of the film model."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from printscp.errors import PrintError
from printscp.film.job import ExecutionStatus, Job
from printscp.film.printer import Draft, Fate
from printscp.film.sheet import BytesLike, Order, Sheet

CREATED = datetime(2024, 2, 29, 12, 34, 56, tzinfo=UTC)


@dataclass
class MemoryDraft:
    """A film box's way into memory. What is kept is a copy, as it is on a disk."""

    spool: "MemorySpool"
    early: list[tuple[int, bytes]] = field(default_factory=list)
    sheet: Sheet | None = None
    discarded: bool = False

    def put(self, position: int, pixels: BytesLike) -> None:
        assert not self.discarded
        self.early.append((position, bytes(pixels)))

    def keep(self, sheet: Sheet) -> None:
        assert not self.discarded
        if self.spool.full is not None:
            raise self.spool.full
        images = tuple(replace(image, pixels=bytes(image.pixels)) for image in sheet.images)
        self.sheet = replace(sheet, images=images)

    def discard(self) -> None:
        assert not self.discarded
        self.discarded = True


@dataclass(frozen=True)
class Printed:
    """A print job as it was accepted."""

    uid: str
    order: Order
    sheets: tuple[Sheet, ...]


class MemorySpool:
    """Keeps what is printed in ``jobs``.

    ``full`` is what a film meets that is to be kept, and ``stuck`` what a job meets that is to be made;
    ``taken`` is called with each job before `submit` returns, as a worker may be that fast. `find` tells of
    each job what ``status`` says of it; ``away`` is what `find` and `confirm` meet.
    """

    def __init__(self) -> None:
        self.jobs: list[Printed] = []
        self.drafts: list[MemoryDraft] = []
        self.confirmed: list[str] = []
        self.status: dict[str, tuple[ExecutionStatus, str]] = {}
        self.fates: dict[str, Fate] = {}
        self.released: list[str] = []
        self.full: PrintError | None = None
        self.stuck: PrintError | None = None
        self.away: PrintError | None = None
        self.taken: Callable[[Printed], None] = lambda _: None

    @property
    def sheets(self) -> list[Sheet]:
        """Every film of every job."""
        return [sheet for job in self.jobs for sheet in job.sheets]

    def draft(self) -> MemoryDraft:
        self.drafts.append(MemoryDraft(self))
        return self.drafts[-1]

    def submit(self, uid: str, order: Order, drafts: Sequence[Draft], fate: Fate | None = None) -> None:
        if self.stuck is not None:
            raise self.stuck
        ours = [draft for draft in drafts if isinstance(draft, MemoryDraft) and not draft.discarded]
        sheets = tuple(draft.sheet for draft in ours if draft.sheet is not None)
        assert len(sheets) == len(drafts) >= 1, "not every film was kept"
        self.jobs.append(Printed(uid, order, sheets))
        if fate is not None:
            self.fates[uid] = fate
            self.status[uid] = (
                ExecutionStatus.PENDING if fate.held else ExecutionStatus.FAILURE,
                fate.info,
            )
        self.taken(self.jobs[-1])

    def find(self, uid: str) -> Job | None:
        if self.away is not None:
            raise self.away
        for number, job in enumerate(self.jobs, start=1):
            if job.uid == uid and uid not in self.confirmed:
                status, info = self.status.get(uid, (ExecutionStatus.PENDING, "QUEUED"))
                return Job(
                    id=number,
                    uid=uid,
                    status=status,
                    status_info=info,
                    info="",
                    order=job.order,
                    films=(),
                    remarks=(),
                    created=CREATED,
                    finished=None,
                    confirmed=False,
                    deliveries=(),
                )
        return None

    def confirm(self, uid: str) -> None:
        if self.away is not None:
            raise self.away
        self.confirmed.append(uid)

    def release(self, fault: str) -> None:
        if self.away is not None:
            raise self.away
        self.released.append(fault)
        for uid, fate in self.fates.items():
            if fate.held and fate.fault == fault:
                del self.status[uid]
