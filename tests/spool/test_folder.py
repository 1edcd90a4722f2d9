"""A spool folder: films on their way to disk, the jobs made of them, and what is left when there are none."""

import os
import pickle
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from printscp.errors import NoSuchJob, NotPossible, QueueFull, ResourceLimitation, SetupError
from printscp.film.job import Job, JobFilm
from printscp.film.printer import PrinterState
from printscp.film.sheet import Order, Sheet
from printscp.spool.database import Database
from printscp.spool.folder import Limits, PrinterSpool, Retention, Spool, SpoolDraft
from printscp.spool.processes import Presence, dead
from printscp.spool.store import SheetWriter

FULL = PrinterState("WARNING", "PRINT BUFF FULL")


def to_pdf(*_: object) -> tuple[str, ...]:
    return ("pdf",)


@pytest.fixture(autouse=True)
def _identity(monkeypatch: pytest.MonkeyPatch) -> None:
    """The names of sheets begin with that of the job table."""
    monkeypatch.setattr(Database, "identity", "table")


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    spool = Spool(tmp_path)
    yield spool
    spool.close()


@pytest.fixture
def accepted() -> list[int]:
    """Numbers of the jobs that the printer's worker was told of."""
    return []


@pytest.fixture
def printer(spool: Spool, accepted: list[int]) -> PrinterSpool:
    return spool.printer("PRINTSCP", to_pdf, accepted.append)


def files(spool: Spool) -> list[str]:
    return sorted(path.suffix for path in (spool.folder / "sheets").iterdir())


def names(spool: Spool) -> list[str]:
    return sorted(path.name for path in (spool.folder / "sheets").iterdir())


def test_a_new_spool_is_for_its_owner_alone(tmp_path: Path) -> None:
    Spool(tmp_path / "new").close()
    assert (tmp_path / "new").stat().st_mode & 0o077 == 0
    assert (tmp_path / "new" / "jobs.sqlite").stat().st_mode & 0o077 == 0  # it may have dialogues


def with_pixels(sheet: Sheet, *pixels: bytes) -> Sheet:
    """The film with other images, at positions from 1."""
    images = (replace(sheet.images[0], position=k, pixels=each) for k, each in enumerate(pixels, start=1))
    return replace(sheet, images=tuple(images))


def kept(printer: PrinterSpool, sheet: Sheet) -> SpoolDraft:
    draft = printer.draft()
    draft.keep(sheet)
    return draft


def printed(spool: Spool) -> list[list[Sheet]]:
    """The films of each job."""
    return [[spool.sheets.load(film.sheet) for film in job.films] for job in spool.queue.jobs()]


def full(*_: object) -> None:
    raise OSError(28, "No space left on device")


def broken(*_: object) -> None:
    raise OperationalError("SELECT", {}, sqlite3.OperationalError("database or disk is full"))


def job_of(spool: Spool, uid: str) -> Job:
    [job] = [job for job in spool.queue.jobs() if job.uid == uid]
    return job


@pytest.fixture
def ended(spool: Spool, printer: PrinterSpool, order: Order, sheet: Sheet) -> Callable[..., Job]:
    """Prints a job of two films, to its end."""

    def ended(uid: str, failed: bool = False) -> Job:
        drafts = [kept(printer, sheet), kept(printer, sheet)]
        printer.submit(uid, order, drafts)
        for draft in drafts:
            draft.discard()
        claim = spool.claims.take("a", {"pdf": 0})
        assert claim is not None
        return claim.fail("UNKNOWN", "x") if failed else claim.done("x")

    return ended


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """The time in its only item, to be set by the test."""
    now = [datetime(2026, 1, 2, 3, 4, 5)]
    monkeypatch.setattr(Database, "_now", lambda *_: now[0])
    return now


# --- drafts ----------------------------------------------------------------------------------------------


def test_images_put_ahead_are_not_written_again(
    spool: Spool, printer: PrinterSpool, order: Order, sheet: Sheet, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[bytes] = []
    write = SheetWriter._write
    monkeypatch.setattr(
        SheetWriter, "_write", lambda self, data: (written.append(bytes(data)), write(self, data))
    )
    film = with_pixels(sheet, os.urandom(100_000))
    draft = printer.draft()
    draft.put(1, film.images[0].pixels)
    assert files(spool) == [".part"]
    assert sum(map(len, written)) > 100_000
    written.clear()
    draft.keep(film)
    assert sum(map(len, written)) < 10_000
    printer.submit("1.2.3", order, [draft])
    assert printed(spool) == [[film]]


def test_an_image_that_is_replaced_is_printed_as_it_was_last(
    spool: Spool, printer: PrinterSpool, order: Order, sheet: Sheet
) -> None:
    draft = printer.draft()
    for pixels in (b"old1", b"old2", b"new3"):
        draft.put(1, pixels)
        assert files(spool) == [".part"]  # however often it is replaced
    latest = with_pixels(sheet, b"new3")
    draft.keep(latest)
    printer.submit("1.2.3", order, [draft])
    assert printed(spool) == [[latest]]


def test_an_image_that_is_not_the_one_put_ahead_is_printed_as_the_sheet_has_it(
    spool: Spool, printer: PrinterSpool, order: Order, sheet: Sheet
) -> None:
    draft = printer.draft()
    draft.put(1, b"old1")
    draft.put(2, b"same")
    latest = with_pixels(sheet, b"new1", b"same")
    draft.keep(latest)
    printer.submit("1.2.3", order, [draft])
    assert (printed(spool), files(spool)) == ([[latest]], [".part", ".sheet"])


def test_what_is_erased_again_is_not_printed(
    spool: Spool, printer: PrinterSpool, order: Order, sheet: Sheet
) -> None:
    draft = printer.draft()
    draft.put(2, b"erased")
    draft.keep(sheet)
    printer.submit("1.2.3", order, [draft])
    assert printed(spool) == [[sheet]]


def test_a_film_that_is_kept_lets_go_of_its_pixels(printer: PrinterSpool, sheet: Sheet) -> None:
    pixels = bytearray(4)
    before = sys.getrefcount(pixels)
    draft = printer.draft()
    draft.put(1, pixels)
    draft.keep(replace(sheet, images=(replace(sheet.images[0], pixels=pixels),)))
    assert sys.getrefcount(pixels) == before


def test_what_is_discarded_is_gone(spool: Spool, printer: PrinterSpool, sheet: Sheet) -> None:
    draft = printer.draft()
    draft.put(1, b"patient")
    draft.discard()
    assert files(spool) == []
    draft.keep(sheet)
    assert files(spool) == [".part"]
    draft.discard()
    draft.discard()
    assert files(spool) == []


def test_a_disk_that_is_full_ahead_of_the_print_is_told_by_the_print(
    spool: Spool, printer: PrinterSpool, order: Order, sheet: Sheet, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = printer.draft()
    with monkeypatch.context() as patch:
        patch.setattr(SheetWriter, "put", full)
        patch.setattr(SheetWriter, "finish", full)
        draft.put(1, sheet.images[0].pixels)
        assert files(spool) == []
        with pytest.raises(ResourceLimitation, match="No space left") as caught:
            draft.keep(sheet)
    assert len(caught.value.comment) <= 64
    assert files(spool) == []
    with pytest.raises(ResourceLimitation):
        printer.submit("1.2.3", order, [draft])
    draft.keep(sheet)
    printer.submit("1.2.3", order, [draft])
    assert printed(spool) == [[sheet]]


# --- jobs ------------------------------------------------------------------------------------------------


def test_several_films_are_one_job(
    spool: Spool, printer: PrinterSpool, order: Order, sheet: Sheet, accepted: list[int]
) -> None:
    sheets = [
        with_pixels(sheet, b"1111"),
        replace(with_pixels(sheet), remarks=("empty",)),
        replace(with_pixels(sheet, b"31", b"32"), film_size="A4", remarks=("clipped",)),
    ]
    drafts = [kept(printer, each) for each in sheets]
    printer.submit("1.2.3", replace(order, remarks=("no such priority",)), drafts)
    assert accepted == [1]
    assert printed(spool) == [sheets]
    (job,) = spool.queue.jobs()
    assert job.films == (
        JobFilm("table-1.2.3-1", "8INX10IN", "STANDARD\\1,1", 1),
        JobFilm("table-1.2.3-2", "8INX10IN", "STANDARD\\1,1", 0),
        JobFilm("table-1.2.3-3", "A4", "STANDARD\\1,1", 2),
    )
    assert job.remarks == ("no such priority", "film 2: empty", "film 3: clipped")
    assert job.order.remarks == ("no such priority",)


def test_a_film_can_be_ordered_again_and_again(
    spool: Spool, printer: PrinterSpool, order: Order, sheet: Sheet
) -> None:
    draft, other = kept(printer, sheet), kept(printer, with_pixels(sheet, b"else"))
    for number, drafts in enumerate(([draft], [draft], [other, draft, draft])):
        printer.submit(f"1.2.{number}", order, drafts)
    first, *_ = spool.queue.jobs()
    spool.sheets.remove(first.films[0].sheet)  # as when it is printed
    draft.discard()
    assert [spool.sheets.load(f"table-1.2.{name}") for name in ("1-1", "2-2", "2-3")] == [sheet] * 3
    assert files(spool) == [".part"] + [".sheet"] * 4


def test_a_film_that_has_changed_is_written_anew_and_earlier_jobs_keep_theirs(
    spool: Spool, printer: PrinterSpool, order: Order, sheet: Sheet
) -> None:
    draft = kept(printer, sheet)
    printer.submit("1.2.3", order, [draft])
    turned = replace(sheet, orientation="LANDSCAPE")
    draft.keep(turned)
    printer.submit("1.2.4", order, [draft])
    # And with an image that comes ahead of its print.
    two = with_pixels(turned, sheet.images[0].pixels, b"more")
    draft.put(2, two.images[1].pixels)
    draft.keep(two)
    printer.submit("1.2.5", order, [draft])
    assert printed(spool) == [[sheet], [turned], [two]]
    assert files(spool) == [".part", ".sheet", ".sheet", ".sheet"]


def test_a_job_is_in_the_table_when_its_films_are_on_disk(
    spool: Spool, printer: PrinterSpool, order: Order, sheet: Sheet, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []

    fsync = os.fsync

    def recorded_fsync(handle: int) -> None:
        calls.append("fsync")
        fsync(handle)

    monkeypatch.setattr(os, "fsync", recorded_fsync)
    monkeypatch.setattr(spool.queue, "submit", lambda *_: calls.append("row") or 7)
    drafts = [kept(printer, sheet), kept(printer, sheet)]
    assert calls == []  # the disk is waited for once, by the job
    assert spool.submit("1.2.3", order, drafts, to_pdf) == 7
    assert calls == ["fsync", "fsync", "fsync", "row"]
    # Ordered again, only the names are new, and nothing is held open for them.
    calls.clear()
    assert spool.submit("1.2.4", order, drafts, to_pdf) == 7
    assert calls == ["fsync", "row"]
    held = {os.path.realpath(each) for each in Path("/proc/self/fd").iterdir()}
    assert not held & {str(path) for path in (spool.folder / "sheets").iterdir()}


@pytest.mark.parametrize("failing", ["os.link", "os.fsync", "the job table"])
def test_a_job_that_cannot_be_taken_leaves_nothing_and_its_drafts_stay(
    spool: Spool,
    printer: PrinterSpool,
    order: Order,
    sheet: Sheet,
    accepted: list[int],
    monkeypatch: pytest.MonkeyPatch,
    failing: str,
) -> None:
    first, second = kept(printer, sheet), kept(printer, with_pixels(sheet, b"two2"))
    with monkeypatch.context() as patch:
        if failing == "the job table":
            patch.setattr(spool.queue, "submit", broken)
        else:
            patch.setattr(failing, full)
        with pytest.raises(ResourceLimitation, match=r"full|No space") as caught:
            printer.submit("1.2.3", order, [first, second])
    assert len(caught.value.comment) <= 64
    assert (spool.queue.jobs(), accepted) == ([], [])
    if failing == "os.fsync":
        # The disk has lost the first: to order it again must not look as if all were well.
        assert files(spool) == [".part"]
        with pytest.raises(ResourceLimitation, match="create it again"):
            printer.submit("1.2.3", order, [first, second])
        first.keep(sheet)
    assert files(spool) == [".part", ".part"]
    printer.submit("1.2.3", order, [first, second])
    assert printed(spool) == [[sheet, with_pixels(sheet, b"two2")]]


def test_a_uid_in_use_does_not_touch_the_job_that_has_it(
    spool: Spool, printer: PrinterSpool, order: Order, sheet: Sheet
) -> None:
    draft = kept(printer, sheet)
    printer.submit("1.2.3", order, [draft])
    with pytest.raises(ResourceLimitation):
        printer.submit("1.2.3", order, [draft])
    assert printed(spool) == [[sheet]]


def test_printers_share_a_spool_and_find_their_own_jobs(
    spool: Spool, order: Order, sheet: Sheet, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = (spool.printer(name, to_pdf, lambda _: None) for name in ("ONE", "TWO"))
    one.submit("1.2.3", replace(order, printer_name="ONE"), [kept(one, sheet)])
    found = one.find("1.2.3")
    assert [found] == spool.queue.jobs()
    assert two.find("1.2.3") is None
    claim = spool.claims.take("a", {"pdf": 0})
    assert claim is not None
    claim.done("x")
    with monkeypatch.context() as patch:  # a job table that is away for a while
        patch.setattr(spool.queue, "find", broken)
        patch.setattr(spool.queue, "confirm", broken)
        for ask in (one.find, one.confirm):
            with pytest.raises(ResourceLimitation, match="job table: database or disk is full") as caught:
                ask("1.2.3")
            assert len(caught.value.comment) <= 64
    one.confirm("1.2.3")
    assert one.find("1.2.3") is None


def test_a_job_goes_where_its_route_says(spool: Spool, order: Order, sheet: Sheet) -> None:
    asked: list[Any] = []

    def route(*of: Any) -> tuple[str, ...]:
        asked.append(of)
        return ("pdf", "ipp")

    printer = spool.printer("PRINTSCP", route, lambda _: None)
    printer.submit("1.2.3", order, [kept(printer, replace(sheet, film_size="A4"))])
    [job] = spool.queue.jobs()
    assert [each.output for each in job.deliveries] == ["pdf", "ipp"]
    assert asked == [(order, list(job.films))]
    assert job.films[0].film_size == "A4"


def test_a_job_that_has_nowhere_to_go_is_refused(
    spool: Spool, order: Order, sheet: Sheet, accepted: list[int]
) -> None:
    """As one of an association that stands when its printer is taken out of the configuration."""
    printer = spool.printer("PRINTSCP", lambda *_: (), accepted.append)
    with pytest.raises(ResourceLimitation, match="no longer set up") as caught:
        printer.submit("1.2.3", order, [kept(printer, sheet)])
    assert len(caught.value.comment) <= 64
    assert (spool.queue.jobs(), files(spool), accepted) == ([], [".part"], [])


def test_where_color_films_go_is_told_by_the_films(spool: Spool, order: Order, sheet: Sheet) -> None:
    printer = spool.printer("PRINTSCP", to_pdf, lambda _: None)
    colored = replace(sheet, color=True)
    printer.submit("1.2.3", order, [kept(printer, sheet), kept(printer, colored)])
    assert [film.color for film in spool.queue.jobs()[0].films] == [False, True]


# --- no room ---------------------------------------------------------------------------------------------


def test_below_the_reserve_no_film_is_taken_and_what_was_accepted_stays(
    tmp_path: Path, order: Order, sheet: Sheet, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(tmp_path, limits=Limits(reserve=100 << 20))
    printer = spool.printer("PRINTSCP", to_pdf, lambda _: None)
    free = [100 << 20]
    monkeypatch.setattr(spool.sheets, "free", lambda: free[0])
    printer.submit("1.2.3", order, [kept(printer, sheet)])
    early, whole = printer.draft(), kept(printer, sheet)
    early.put(1, sheet.images[0].pixels)
    assert (spool.state(), files(spool)) == (None, [".part"] * 3 + [".sheet"])
    free[0] -= 1
    state = spool.state()
    assert state is not None
    assert (state.printer, state.info) == (FULL, "no room for films: less than 100 MiB is free")
    late = printer.draft()
    for draft in (early, late):
        draft.put(2, b"more")  # and nothing is put there, nor stays
    assert files(spool) == [".part"] * 2 + [".sheet"]
    for refused in (
        lambda: late.keep(sheet),
        lambda: whole.keep(replace(sheet, film_size="A4")),
        lambda: printer.submit("1.2.4", order, [whole]),
    ):
        with pytest.raises(QueueFull, match="try again later") as caught:
            refused()
        assert len(caught.value.comment) <= 64
    assert printed(spool) == [[sheet]]
    free[0] += 1
    assert spool.state() is None
    late.keep(sheet)
    printer.submit("1.2.4", order, [whole, late])
    assert printed(spool) == [[sheet], [sheet, sheet]]
    spool.close()


def test_a_store_out_of_reach_has_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(tmp_path, limits=Limits(reserve=1 << 20))
    monkeypatch.setattr(spool.sheets, "free", full)
    state = spool.state()
    assert state is not None
    assert state.printer == FULL
    spool.close()


def test_the_limit_of_the_queue(tmp_path: Path, order: Order, sheet: Sheet) -> None:
    spool = Spool(tmp_path, limits=Limits(jobs=2))
    printer = spool.printer("PRINTSCP", to_pdf, lambda _: None)
    draft = kept(printer, sheet)
    for uid in ("1.1", "1.2"):
        assert spool.state() is None
        printer.submit(uid, order, [draft])
    state = spool.state()
    assert state is not None
    assert (state.printer, state.info) == (FULL, "2 jobs wait")
    with pytest.raises(QueueFull, match="try again later"):
        printer.submit("1.3", order, [draft])
    assert (printed(spool), names(spool)[1:]) == ([[sheet]] * 2, ["table-1.1-1.sheet", "table-1.2-1.sheet"])
    claim = spool.claims.take("a", {"pdf": 0})
    assert claim is not None
    claim.done("x")
    printer.submit("1.3", order, [draft])
    spool.close()


# --- printed again, and deleted --------------------------------------------------------------------------


def test_a_job_that_is_printed_again_shares_the_films(
    spool: Spool, order: Order, sheet: Sheet, ended: Callable[..., Job]
) -> None:
    printer = spool.printer("PRINTSCP", to_pdf, lambda _: None)
    printer.submit("1.2.2", replace(order, remarks=("odd",)), [kept(printer, replace(sheet, remarks=("a",)))])
    claim = spool.claims.take("a", {"pdf": 0})
    assert claim is not None
    original = claim.done("x")
    number = spool.reprint(original, "1.2.9", ["ipp", "tiff"], copies=3, priority="HIGH")
    again = spool.queue.job(number)
    assert again is not None
    assert (again.order.copies, again.order.priority, again.remarks) == (3, "HIGH", ("odd", "a"))
    assert [each.output for each in again.deliveries] == ["ipp", "tiff"]
    one, other = (spool.folder / "sheets" / f"table-{uid}-1.sheet" for uid in ("1.2.2", "1.2.9"))
    assert one.stat().st_ino == other.stat().st_ino  # no pixel is copied
    spool.purge(original)
    assert [spool.has_films(job) for job in spool.queue.jobs()] == [True]
    assert not one.exists()
    assert spool.sheets.load("table-1.2.9-1").images == sheet.images


def test_what_has_no_films_any_more_is_not_printed_again(spool: Spool, ended: Callable[..., Job]) -> None:
    job = ended("1.1")
    spool.sheets.remove("table-1.1-2")
    with pytest.raises(NotPossible, match="no longer kept; see keep_jobs"):
        spool.reprint(job, "1.2", ["pdf"], 1, "MED")
    assert (len(spool.queue.jobs()), names(spool)) == (1, ["table-1.1-1.sheet"])


def test_only_what_has_ended_is_purged(
    spool: Spool, printer: PrinterSpool, order: Order, sheet: Sheet, ended: Callable[..., Job]
) -> None:
    done = ended("1.1")
    draft = kept(printer, sheet)
    printer.submit("1.2", order, [draft])
    draft.discard()
    waiting = job_of(spool, "1.2")
    with pytest.raises(NotPossible, match="cancel it first"):
        spool.purge(waiting)
    spool.purge(done)
    assert (spool.queue.jobs(), names(spool)) == ([waiting], ["table-1.2-1.sheet"])
    with pytest.raises(NoSuchJob):
        spool.purge(done)


# --- retention -------------------------------------------------------------------------------------------


def test_the_films_of_the_last_jobs_are_kept(spool: Spool, ended: Callable[..., Job]) -> None:
    for uid in ("1.1", "1.2", "1.3"):
        ended(uid)
        spool.give_up(Retention(jobs=2))
    assert [spool.has_films(job) for job in spool.queue.jobs()] == [False, True, True]
    assert names(spool) == [f"table-{name}.sheet" for name in ("1.2-1", "1.2-2", "1.3-1", "1.3-2")]
    spool.sheets.remove("table-1.2-2")
    assert [spool.has_films(job) for job in spool.queue.jobs()] == [False, False, True]
    spool.give_up(Retention(jobs=1))
    assert names(spool) == ["table-1.3-1.sheet", "table-1.3-2.sheet"]
    spool.give_up(Retention(jobs=0))
    assert names(spool) == []


def test_no_more_than_so_many_bytes_of_films_are_kept(
    spool: Spool, printer: PrinterSpool, order: Order, sheet: Sheet, ended: Callable[..., Job]
) -> None:
    for uid in ("1.1", "1.2", "1.3"):
        ended(uid, failed=uid == "1.1")
    size = spool.sheets.size("table-1.1-1")
    draft = kept(printer, sheet)
    printer.submit("1.4", order, [draft])
    draft.discard()
    spool.tidy(Retention(jobs=10, size=6 * size))
    assert [spool.has_films(job) for job in spool.queue.jobs()] == [True] * 4
    spool.tidy(Retention(jobs=10, size=6 * size - 1))  # also those of jobs that failed
    assert [spool.has_films(job) for job in spool.queue.jobs()] == [False, True, True, True]
    spool.tidy(Retention(jobs=1, size=4 * size))  # the one that is too many goes already
    assert [spool.has_films(job) for job in spool.queue.jobs()] == [False, False, True, True]
    spool.tidy(Retention(jobs=10, size=0))
    assert names(spool) == ["table-1.4-1.sheet"]  # what is still to be printed stays


def test_no_film_is_kept_for_longer_than_so_many_days(
    spool: Spool, ended: Callable[..., Job], clock: list[datetime]
) -> None:
    keep = Retention(jobs=10, days=2, records_days=5)
    ended("1.1", failed=True)
    ended("1.2")
    clock[0] += timedelta(days=1)
    ended("1.3")
    clock[0] += timedelta(days=0.9)
    spool.tidy(keep)
    assert [spool.has_films(job) for job in spool.queue.jobs()] == [True, True, True]
    clock[0] += timedelta(days=0.2)
    spool.tidy(keep)
    assert [spool.has_films(job) for job in spool.queue.jobs()] == [False, False, True]
    assert names(spool) == ["table-1.3-1.sheet", "table-1.3-2.sheet"]
    clock[0] += timedelta(days=3)
    spool.tidy(keep)  # records last longer, and go as well
    assert ([job.uid for job in spool.queue.jobs()], names(spool)) == (["1.3"], [])
    clock[0] += timedelta(days=1)
    spool.tidy(keep)
    assert spool.queue.jobs() == []


def test_films_go_with_their_records_at_the_latest(
    spool: Spool, ended: Callable[..., Job], clock: list[datetime]
) -> None:
    ended("1.1")
    clock[0] += timedelta(days=3)
    spool.tidy(Retention(jobs=10, days=30, records_days=2))
    assert (spool.queue.jobs(), names(spool)) == ([], [])


def test_what_is_no_film_of_a_job_is_swept(
    spool: Spool, printer: PrinterSpool, order: Order, sheet: Sheet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("printscp.spool.folder._SWEEP_PATIENCE", 0)
    draft = kept(printer, sheet)
    printer.submit("1.1", order, [draft, draft])
    spool.sheets.make_good({"table-1.2-1": draft.sheet, "table-1.3-1": draft.sheet})
    draft.discard()
    spool.tidy(Retention())
    late = spool.queue.submit("1.3", order, [JobFilm("table-1.3-1", "A4", "STANDARD\\1,1", 1)], [], ["pdf"])
    assert len(names(spool)) == 4  # its job might be committed just now, as the one of the other was
    spool.tidy(Retention())
    assert names(spool) == ["table-1.1-1.sheet", "table-1.1-2.sheet", "table-1.3-1.sheet"]
    assert [job.id for job in spool.queue.jobs()][1] == late


def test_a_spool_of_another_version_is_a_setup_error(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "jobs.sqlite")
    connection.execute("CREATE TABLE job (id INTEGER PRIMARY KEY)")
    connection.close()
    with pytest.raises(SetupError, match=r"jobs\.sqlite"):
        Spool(tmp_path)


def test_a_spool_that_cannot_be_had_is_a_setup_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SetupError, match=r"spool .*file"):
        Spool(tmp_path / "file")
    with pytest.raises(SetupError, match=r"sheets .*gone"):
        _ = Spool(tmp_path / "spool", sheets=str(tmp_path / "elsewhere" / "gone")).sheets


def test_database_and_sheets_may_be_elsewhere(tmp_path: Path, order: Order, sheet: Sheet) -> None:
    (tmp_path / "shared").mkdir()
    where = f"sqlite:///{tmp_path / 'shared.sqlite'}", str(tmp_path / "shared")
    here, there = (Spool(tmp_path / name, *where) for name in ("here", "there"))
    printer = here.printer("PRINTSCP", to_pdf, lambda _: None)
    printer.submit("1.2.3", order, [kept(printer, sheet)])
    assert printed(there) == [[sheet]]
    assert not (tmp_path / "here" / "jobs.sqlite").exists()
    assert not (tmp_path / "here" / "sheets").exists()
    here.close()
    there.close()


# --- kill -9 ---------------------------------------------------------------------------------------------

_HOLDER = """
import sys, time
from pathlib import Path
from printscp.spool.folder import Spool
from printscp.spool.processes import Presence

presence = Presence(Path(sys.argv[1]), "worker")
spool = Spool(Path(sys.argv[1]), presence=presence)
spool.draft().put(1, b"half a film")
assert spool.claims.take(presence.name, {"pdf": 0})
print(presence.name, flush=True)
time.sleep(100)
"""


def test_what_a_killed_process_had_is_given_back_at_once(
    tmp_path: Path, order: Order, sheet: Sheet, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Presence(tmp_path, "serve") as presence:
        spool = Spool(tmp_path, presence=presence)
        printer = spool.printer("PRINTSCP", to_pdf, lambda _: None)
        alive = kept(printer, sheet)
        printer.submit("1.1", order, [alive])
        printer.submit("1.2", order, [alive])
        ours = spool.claims.take(presence.name, {"pdf": 0})
        assert ours is not None
        holder = subprocess.Popen([sys.executable, "-c", _HOLDER, str(tmp_path)], stdout=subprocess.PIPE)
        try:
            assert holder.stdout is not None
            name = holder.stdout.readline().decode().strip()
            spool.bury_the_dead()
            assert job_of(spool, "1.2").status == "PRINTING"
        finally:
            holder.kill()
            holder.communicate()
        assert files(spool) == [".part", ".part", ".sheet", ".sheet"]
        with monkeypatch.context() as patch:  # away just now: it is not forgotten
            patch.setattr(spool.claims, "give_back", broken)
            with pytest.raises(OperationalError):
                spool.bury_the_dead()
        assert dead(tmp_path) == [name]
        spool.bury_the_dead()
        assert dead(tmp_path) == []
        given_back = job_of(spool, "1.2")
        assert (given_back.status, given_back.info, given_back.attempts) == (
            "PENDING",
            "its process ended",
            1,
        )
        assert files(spool) == [".part", ".sheet", ".sheet"]
        printer.submit("1.3", order, [alive])  # the drafts of the living stay, and so does what they hold
        ours.done("x")
        spool.close()


_SUBMITTER = """
import pickle, sys
from pathlib import Path
from printscp.spool.folder import Spool
from printscp.spool.processes import Presence

folder = Path(sys.argv[1])
spool = Spool(folder, presence=Presence(folder, "serve"))
spool.bury_the_dead()
printer = spool.printer("PRINTSCP", lambda *_: ["pdf"], lambda _: None)
sheets, order = pickle.load(sys.stdin.buffer)
for number in range(10**6):
    uid = f"{sys.argv[2]}.{number}"
    drafts = [printer.draft() for _ in range(1 + number % 3)]
    for draft, sheet in zip(drafts, sheets):
        draft.put(1, sheet.images[0].pixels)
        draft.keep(sheet)
    printer.submit(uid, order, drafts)
    print(uid, flush=True)
    for draft in drafts:
        draft.discard()
"""


@pytest.mark.slow
def test_every_job_that_was_acknowledged_survives_kill_9(
    tmp_path: Path, sheet: Sheet, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()  # the processes know this job table by its own name
    sheets = [with_pixels(sheet, bytes([number]) * 100_000) for number in range(3)]
    moments = random.Random(3)
    acknowledged: list[str] = []
    for run in range(1, 7):
        submitter = subprocess.Popen(
            [sys.executable, "-c", _SUBMITTER, str(tmp_path), f"1.{run}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert submitter.stdin is not None
        assert submitter.stdout is not None
        submitter.stdin.write(pickle.dumps((sheets, order)))
        submitter.stdin.close()
        # A random moment from the first job on; the process that is waited for bounds it.
        first = submitter.stdout.readline().decode().strip()
        assert first == f"1.{run}.0"
        try:
            submitter.wait(moments.uniform(0, 0.05))
        except subprocess.TimeoutExpired:
            os.kill(submitter.pid, signal.SIGKILL)
        rest = submitter.stdout.read().decode()
        assert submitter.wait() == -signal.SIGKILL
        submitter.stdout.close()
        acknowledged += [
            first,
            *(line.strip() for line in rest.splitlines(keepends=True) if line[-1] == "\n"),
        ]
    monkeypatch.setattr("printscp.spool.folder._SWEEP_PATIENCE", 0)
    spool = Spool(tmp_path)
    spool.bury_the_dead()
    for _ in range(2):
        spool.tidy(Retention())
    jobs = spool.queue.jobs()
    assert {job.uid for job in jobs} >= set(acknowledged)
    assert len(acknowledged) > 6
    for job in jobs:
        assert [spool.sheets.load(film.sheet) for film in job.films] == sheets[: len(job.films)]
    names = {path.name for path in (tmp_path / "sheets").iterdir()}
    assert names == {f"{film.sheet}.sheet" for job in jobs for film in job.films}
    spool.close()


def test_films_of_another_job_table_are_left_alone(
    spool: Spool, printer: PrinterSpool, sheet: Sheet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two hosts may share a folder of sheets by mistake, each with a table of its own."""
    monkeypatch.setattr("printscp.spool.folder._SWEEP_PATIENCE", 0)
    draft = kept(printer, sheet)
    spool.sheets.make_good({"other-1.1-1": draft.sheet, "table-1.1-1": draft.sheet})
    draft.discard()
    spool.tidy(Retention())
    spool.tidy(Retention())
    assert names(spool) == ["other-1.1-1.sheet"]
