"""A spool folder: what is put there ahead of a print, and what is left when there is none."""

from dataclasses import replace
from pathlib import Path

import pytest

from printscp.errors import ResourceLimitation
from printscp.film.sheet import Sheet
from printscp.spool.folder import Spool


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path)


def files(spool: Spool) -> list[str]:
    return sorted(path.suffix for path in (spool.folder / "sheets").iterdir())


def test_images_put_ahead_are_not_written_again(spool: Spool, sheet: Sheet) -> None:
    accepted: list[int] = []
    draft = spool.draft(lambda number, _: accepted.append(number))
    (image,) = sheet.images
    draft.put(image.position, image.pixels)
    assert files(spool) == [".part"]
    draft.accept(sheet)
    assert (files(spool), accepted) == ([".sheet"], [1])
    (job,) = spool.queue.jobs()
    assert spool.sheets.load(job.sop_instance_uid) == sheet


def test_each_print_of_a_film_is_a_sheet_of_its_own(spool: Spool, sheet: Sheet) -> None:
    draft = spool.draft(lambda *_: None)
    draft.put(1, sheet.images[0].pixels)
    draft.accept(sheet)
    draft.accept(sheet)
    assert [spool.sheets.load(job.sop_instance_uid) for job in spool.queue.jobs()] == [sheet, sheet]


def test_an_image_that_is_replaced_is_printed_as_it_was_last(spool: Spool, sheet: Sheet) -> None:
    draft = spool.draft(lambda *_: None)
    for pixels in (b"old1", b"old2", b"new3"):
        draft.put(1, pixels)
        assert files(spool) == [".part"]  # however often it is replaced
    latest = replace(sheet, images=(replace(sheet.images[0], pixels=b"new3"),))
    draft.accept(latest)
    (job,) = spool.queue.jobs()
    assert spool.sheets.load(job.sop_instance_uid) == latest


def test_what_is_erased_again_is_not_printed(spool: Spool, sheet: Sheet) -> None:
    draft = spool.draft(lambda *_: None)
    draft.put(2, b"erased")
    draft.accept(sheet)
    (job,) = spool.queue.jobs()
    assert spool.sheets.load(job.sop_instance_uid) == sheet


def test_what_is_discarded_is_gone(spool: Spool) -> None:
    draft = spool.draft(lambda *_: None)
    draft.put(1, b"patient")
    draft.discard()
    assert files(spool) == []


def test_a_disk_that_is_full_ahead_of_the_print_is_told_by_the_print(
    spool: Spool, sheet: Sheet, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    draft = spool.draft(lambda *_: None)
    with monkeypatch.context() as patch:
        patch.setattr("printscp.spool.store._add", full)
        draft.put(1, sheet.images[0].pixels)
        assert files(spool) == []
        with pytest.raises(ResourceLimitation, match="No space left"):
            draft.accept(sheet)
    assert (files(spool), spool.queue.jobs()) == ([], [])
    draft.accept(sheet)
    assert len(spool.queue.jobs()) == 1
