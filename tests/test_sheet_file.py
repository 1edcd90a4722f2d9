"""A sheet as a file: a tar that others read, and that is read back whole or not at all."""

import contextlib
import io
import tarfile
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from printscp.film.sheet import Annotation, Rectangle, Sheet
from printscp.sheet_file import DamagedSheet, SheetFile, read


def written(sheet: Sheet, *first: int) -> bytes:
    stream = io.BytesIO()
    file = SheetFile(stream.write)
    for position in first:
        file.put(position, sheet.images[position - 1].pixels)
    file.finish(sheet)
    return stream.getvalue()


def of_two(sheet: Sheet) -> Sheet:
    second = replace(sheet.images[0], position=2, pixels=bytes(3 << 20))
    return replace(sheet, images=(*sheet.images, second), icc_profile=b"profile")


def test_what_was_written_is_read_back(sheet: Sheet) -> None:
    assert read(io.BytesIO(written(of_two(sheet))), "1") == of_two(sheet)


def test_any_tool_reads_it_with_images_in_the_order_in_which_they_came(sheet: Sheet) -> None:
    with tarfile.open(fileobj=io.BytesIO(written(of_two(sheet), 2))) as archive:
        assert archive.getnames() == ["image-002.raw", "image-001.raw", "profile.icc", "sheet.json"]


def test_bytes_come_a_mebibyte_at_most_at_a_time(sheet: Sheet) -> None:
    pieces: list[int] = []
    SheetFile(lambda data: pieces.append(len(data))).finish(of_two(sheet))
    assert max(pieces) == 1 << 20
    assert sum(pieces) % 512 == 0


def test_a_position_is_taken_once_and_by_what_is_in_the_sheet(sheet: Sheet) -> None:
    file = SheetFile(io.BytesIO().write)
    assert file.takes(1)
    file.put(1, sheet.images[0].pixels)
    assert not file.takes(1)
    assert file.takes(2)
    assert file.may_become(sheet)
    assert not file.may_become(replace(sheet, images=(replace(sheet.images[0], pixels=bytes(4)),)))
    assert file.may_become(replace(sheet, images=()))  # it was erased: nobody asks for that member
    file.finish(sheet)
    assert file.whole
    assert not file.takes(2)
    assert not file.may_become(sheet)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=8), st.floats(0, 1))
def test_what_is_damaged_is_never_taken_for_a_film(
    sheet: Sheet, changes: list[tuple[float, int]], end: float
) -> None:
    """Only what the checksums do not cover may change: padding, and fields of heads that nobody reads."""
    data = bytearray(written(sheet))
    for place, value in changes:
        data[int(place * (len(data) - 1))] = value
    for damaged in (bytes(data), bytes(data)[: int(end * len(data))]):
        with contextlib.suppress(DamagedSheet):
            assert read(io.BytesIO(damaged), "1") == sheet


def test_a_patient_is_not_named_by_an_error(sheet: Sheet) -> None:
    text = Annotation(1, Rectangle(0, 0, 1, 1), "LEFT", False, text="DOE^JANE")
    odd = replace(sheet, annotations=(text,), width="DOE^JANE")  # type: ignore[arg-type]
    with pytest.raises(DamagedSheet, match="width") as raised:
        read(io.BytesIO(written(odd)), "1")
    assert "DOE" not in str(raised.value)


def test_a_disk_that_fails_is_no_damage(sheet: Sheet) -> None:
    class Failing(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(OSError, match="Input/output"):
        read(Failing(written(sheet)), "1")
