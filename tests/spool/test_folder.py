"""A spool folder: films on their way to disk, the jobs made of them, and what is left when there are none."""

import os
import pickle
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from printscp.errors import ResourceLimitation, SetupError
from printscp.film.job import JobFilm
from printscp.film.sheet import Order, Sheet
from printscp.spool.folder import PrinterSpool, Spool, SpoolDraft


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
    return spool.printer("PRINTSCP", accepted.append)


def files(spool: Spool) -> list[str]:
    return sorted(path.suffix for path in (spool.folder / "sheets").iterdir())


def names(spool: Spool) -> list[str]:
    return sorted(path.name for path in (spool.folder / "sheets").iterdir())


def test_a_new_spool_is_for_its_owner_alone(tmp_path: Path) -> None:
    Spool(tmp_path / "new").close()
    assert (tmp_path / "new").stat().st_mode & 0o077 == 0


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


# --- drafts ----------------------------------------------------------------------------------------------


def test_images_put_ahead_are_not_written_again(
    spool: Spool, printer: PrinterSpool, order: Order, sheet: Sheet, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = printer.draft()
    (image,) = sheet.images
    draft.put(image.position, image.pixels)
    assert files(spool) == [".part"]
    with monkeypatch.context() as patch:
        patch.setattr("printscp.spool.store.SheetWriter.put", full)
        draft.keep(sheet)
    printer.submit("1.2.3", order, [draft])
    assert printed(spool) == [[sheet]]


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
        patch.setattr("printscp.spool.store.SheetWriter.put", full)
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
        JobFilm("1.2.3-1", "8INX10IN", "STANDARD\\1,1", 1),
        JobFilm("1.2.3-2", "8INX10IN", "STANDARD\\1,1", 0),
        JobFilm("1.2.3-3", "A4", "STANDARD\\1,1", 2),
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
    assert [spool.sheets.load(f"1.2.{name}") for name in ("1-1", "2-2", "2-3")] == [sheet] * 3
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
    assert spool.submit("1.2.3", order, drafts) == 7
    assert calls == ["fsync", "fsync", "fsync", "row"]
    # Ordered again, only the names are new, and nothing is held open for them.
    calls.clear()
    assert spool.submit("1.2.4", order, drafts) == 7
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
    def locked(*_: object) -> None:
        raise OperationalError("INSERT", {}, sqlite3.OperationalError("database or disk is full"))

    first, second = kept(printer, sheet), kept(printer, with_pixels(sheet, b"two2"))
    with monkeypatch.context() as patch:
        if failing == "the job table":
            patch.setattr(spool.queue, "submit", locked)
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


def test_printers_share_a_spool_and_find_their_own_jobs(spool: Spool, order: Order, sheet: Sheet) -> None:
    one, two = spool.printer("ONE", lambda _: None), spool.printer("TWO", lambda _: None)
    one.submit("1.2.3", replace(order, printer_name="ONE"), [kept(one, sheet)])
    found = one.find("1.2.3")
    assert [found] == spool.queue.jobs()
    assert two.find("1.2.3") is None
    job = spool.queue.take("a")
    assert job is not None
    spool.queue.done(job, "a", ["x"])
    one.confirm("1.2.3")
    assert one.find("1.2.3") is None


def test_recover_sweeps_what_is_no_film_of_a_job(
    spool: Spool, printer: PrinterSpool, order: Order, sheet: Sheet
) -> None:
    printer.submit("1.2.3", order, [kept(printer, sheet), kept(printer, sheet)])
    orphan = kept(printer, sheet)
    spool.sheets.make_good({"1.2.4-1": orphan.sheet})
    assert spool.queue.take("a") is not None
    spool.recover(0)
    assert files(spool) == [".sheet", ".sheet"]
    assert printed(spool) == [[sheet, sheet]]
    assert spool.queue.take("b") is not None


def test_the_films_of_the_last_jobs_are_kept(
    spool: Spool, printer: PrinterSpool, order: Order, sheet: Sheet
) -> None:
    for uid in ("1.1", "1.2", "1.3"):
        printer.submit(uid, order, [kept(printer, sheet), kept(printer, sheet)])
        job = spool.queue.take("a")
        assert job is not None
        spool.queue.done(job, "a", ["x"])
        spool.give_up(2)
    assert [spool.has_films(job) for job in spool.queue.jobs()] == [False, True, True]
    spool.sheets.remove("1.2-2")
    spool.give_up(2)
    assert [spool.has_films(job) for job in spool.queue.jobs()] == [False, False, True]
    spool.recover(2)
    assert names(spool) == ["1.2-1.sheet", "1.3-1.sheet", "1.3-2.sheet"]
    spool.recover(1)
    assert names(spool) == ["1.3-1.sheet", "1.3-2.sheet"]
    spool.give_up(0)
    assert names(spool) == []


def test_a_spool_of_another_version_is_a_setup_error(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "jobs.sqlite")
    connection.execute("CREATE TABLE job (id INTEGER PRIMARY KEY)")
    connection.close()
    with pytest.raises(SetupError, match="another version"):
        Spool(tmp_path)


# --- kill -9 ---------------------------------------------------------------------------------------------

_SUBMITTER = """
import pickle, sys
from pathlib import Path
from printscp.spool.folder import Spool

spool = Spool(Path(sys.argv[1]))
spool.recover(0)
printer = spool.printer("PRINTSCP", lambda _: None)
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
def test_every_job_that_was_acknowledged_survives_kill_9(tmp_path: Path, sheet: Sheet, order: Order) -> None:
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
    spool = Spool(tmp_path)
    spool.recover(0)
    jobs = spool.queue.jobs()
    assert {job.uid for job in jobs} >= set(acknowledged)
    assert len(acknowledged) > 6
    for job in jobs:
        assert [spool.sheets.load(film.sheet) for film in job.films] == sheets[: len(job.films)]
    names = {path.name for path in (tmp_path / "sheets").iterdir()}
    assert names == {f"{film.sheet}.sheet" for job in jobs for film in job.films}
    spool.close()
