"""Films forwarded to DICOM printers: our own as the imager, whose film must be the same, and its refusals."""

import logging
import socket
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from golden.cases import CASES
from golden.cases import load_profile as load
from numpy.typing import NDArray
from peers.certificates import Authority
from peers.imager import Imager

from printscp.errors import PrintError, SetupError
from printscp.film.job import ExecutionStatus
from printscp.film.profile import Mode, PrinterProfile
from printscp.film.sheet import LookUp, Order, Sheet
from printscp.film.uids import (
    BASIC_ANNOTATION_BOX,
    BASIC_GRAYSCALE_PRINT_MANAGEMENT_META,
    PRESENTATION_LUT,
    PRINT_JOB,
)
from printscp.outputs.output import (
    Condition,
    NotReady,
    Output,
    Refused,
    RemotePrinter,
    Sent,
    SheetOutput,
    Stage,
    Ticket,
)
from printscp.outputs.registry import open_output
from printscp.render.compose import compose
from printscp.render.page import ColorPage, Page
from printscp.render.samples import sample_table
from printscp.render.text import drawn

pytestmark = pytest.mark.slow

TITLE = "film 7   2026-10-18 09:30:00   8INX10IN   TEST_SCU > PRINTSCP"


class Claim:
    """A claim that holds; ``steps`` has what was asked and what was to be remembered."""

    def __init__(self) -> None:
        self.steps: list[str] = []

    def hold(self) -> None:
        self.steps.append("hold")

    def remember(self, remote: str, place: str = "") -> None:
        self.steps.append(remote)


class Lost(Exception):
    pass


class LostClaim(Claim):
    """A claim that another has taken over."""

    def hold(self) -> None:
        raise Lost


def ticket(order: Order | None = None, films: int = 1, film_size: str = "8INX10IN") -> Ticket:
    return Ticket(
        job=7,
        name="000007",
        title=TITLE,
        copies=order.copies if order else 1,
        created=datetime(2026, 10, 18, 9, 30, tzinfo=UTC),
        priority=order.priority if order else "MED",
        medium=order.medium if order else "BLUE FILM",
        destination=order.destination if order else "PROCESSOR",
        printer="PRINTSCP",
        originator="TEST_SCU",
        film_size=film_size,
        films=films,
    )


def output(port: int, **keys: Any) -> Any:
    table = {"type": "dicom", "host": "127.0.0.1", "port": port, "called": "IMAGER", "calling": "GATEWAY"}
    return open_output(table | {"timeout": 20} | keys)


def forward(
    port: int, *sheets: Sheet, order: Order | None = None, claim: Claim | None = None, **keys: Any
) -> Sent:
    """Films as they were accepted, as one job."""
    with output(port, **keys).begin_sheets(ticket(order, len(sheets))) as document:
        for sheet in sheets:
            document.add(sheet)
        sent: Sent = document.finish(claim or Claim())
        return sent


def forward_pages(port: int, *pages: Page | ColorPage, **keys: Any) -> Sent:
    with output(port, film="page", **keys).begin(ticket(films=len(pages))) as document:
        for page in pages:
            document.add(page)
        sent: Sent = document.finish(Claim())
        return sent


def differing(found: Sheet, wanted: Sheet) -> list[str]:
    """Names of what is not the same on two films."""
    return [each.name for each in fields(Sheet) if getattr(found, each.name) != getattr(wanted, each.name)]


@pytest.fixture
def imager() -> Iterator[Imager]:
    """One that is as the printer that took the film, and has no events of jobs."""
    with Imager(profile=load("imager17")) as imager:
        yield imager


@pytest.fixture
def accepted() -> Sheet:
    """A film of six images."""
    return CASES["standard-2-3"].accepted()[0]


# --- as it was accepted ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "mode"),
    [(name, Mode.STRICT) for name in CASES] + [(name, Mode.TOLERANT) for name in ("corners", "color-icc")],
)
def test_a_film_goes_on_as_it_was_accepted(name: str, mode: Mode) -> None:
    case = CASES[name]
    sheet, order = case.accepted()
    with Imager(mode, profile=replace(load("imager17"), lin_od=case.lin_od)) as imager:
        sent = forward(imager.port, sheet, order=order)
        (job,) = imager.spool.jobs
    # An imager remarks that it decimates or crops where that is asked for by name, as it now is.
    assert set(differing(job.sheets[0], sheet)) <= {"remarks"}
    assert "left to the printer" not in " ".join(sent.remarks)
    ordered = job.order
    assert (ordered.copies, ordered.priority, ordered.medium) == (order.copies, order.priority, order.medium)
    assert ordered.destination == order.destination


def test_the_page_of_a_film_that_went_on_is_the_page_of_the_film(imager: Imager) -> None:
    sheet, _ = CASES["presentation-lut"].accepted()
    forward(imager.port, sheet)
    here, there = compose(sheet, TITLE), compose(imager.spool.sheets[0], TITLE)
    assert isinstance(here, Page)
    assert isinstance(there, Page)
    assert here.scale == there.scale
    np.testing.assert_array_equal(here.density, there.density)


def test_color_pixel_by_pixel_goes_on_plane_by_plane(imager: Imager) -> None:
    sheet, _ = CASES["color"].accepted()
    (image, *others) = sheet.images
    planes = np.frombuffer(image.pixels, np.uint8, 3 * image.rows * image.columns).reshape(3, -1)
    mixed = replace(image, planar_configuration=0, pixels=planes.T.tobytes())
    forward(imager.port, replace(sheet, images=(mixed, *others)))
    assert imager.spool.sheets[0].images == sheet.images


def test_a_table_of_65536_entries_is_said_by_a_zero(imager: Imager, accepted: Sheet) -> None:
    table = LookUp("", bits=16, table=tuple(range(65535, -1, -1)))
    looked_up = replace(accepted.images[0], look_up=0)
    forward(imager.port, replace(accepted, look_ups=(table,), images=(looked_up, *accepted.images[1:])))
    (sheet,) = imager.spool.sheets
    assert sheet.look_ups == (table,)
    assert [image.look_up for image in sheet.images] == [0, None, None, None, None, None]


def test_texts_of_any_script_arrive_at_their_positions(imager: Imager) -> None:
    sheet, _ = CASES["corners"].accepted()
    texts = ["Müller^Jürgen", "山田^太郎", "plain"]
    annotations = tuple(
        replace(each, text=text) for each, text in zip(sheet.annotations[-3:], texts, strict=True)
    )
    forward(imager.port, replace(sheet, annotations=annotations))
    assert imager.spool.sheets[0].annotations == annotations


# --- several films ---------------------------------------------------------------------------------------


def test_films_of_a_job_are_one_job_there(imager: Imager, accepted: Sheet) -> None:
    sheets = [accepted, CASES["empty-boxes"].accepted()[0], CASES["trim"].accepted()[0]]
    claim = Claim()
    sent = forward(imager.port, *sheets, claim=claim)
    (job,) = imager.spool.jobs
    assert [differing(found, sheet) for found, sheet in zip(job.sheets, sheets, strict=True)] == [[], [], []]
    assert claim.steps == ["hold", job.uid]
    assert sent == Sent(f"IMAGER at 127.0.0.1:{imager.port}", job.uid)


def test_gray_and_color_films_of_a_job_stay_what_they_are(imager: Imager, accepted: Sheet) -> None:
    sheets = [accepted, CASES["color"].accepted()[0]]
    forward(imager.port, *sheets)
    assert [sheet.color for sheet in imager.spool.sheets] == [False, True]


def test_where_it_does_not_collate_films_are_printed_one_by_one(accepted: Sheet, order: Order) -> None:
    sheets = [replace(accepted, remarks=()), CASES["trim"].accepted()[0]]
    claim = Claim()
    with Imager(profile=replace(load("imager17"), max_collated_films=0)) as imager:
        sent = forward(imager.port, *sheets, order=replace(order, copies=2), claim=claim)
        first, second = imager.spool.jobs
    assert [differing(found, sheet) for found, sheet in zip(imager.spool.sheets, sheets, strict=True)] == [
        [],
        [],
    ]
    assert claim.steps == ["hold", first.uid, "hold", f"{first.uid} {second.uid}"]
    assert sent.remote == f"{first.uid} {second.uid}"
    assert "does not collate: copies come film by film" in " ".join(sent.remarks)


# --- what the imager does not have -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lack", "told"),
    [
        ({"configurations": {}}, "ConfigurationInformation"),
        ({"empty_image_density": ""}, "EmptyImageDensity"),
    ],
)
def test_what_it_does_not_know_is_left_to_it_and_told(
    accepted: Sheet, lack: dict[str, Any], told: str
) -> None:
    plain = replace(load("imager17"), smoothings={"MEDIUM": 0.1}, trim=False, **lack)
    with Imager(Mode.STRICT, profile=plain) as imager:
        sent = forward(imager.port, replace(accepted, images=accepted.images[:5]))
        (sheet,) = imager.spool.sheets
    for words in ("SmoothingType NONE left to the printer", told):
        assert words in " ".join(sent.remarks)
    assert "MaxDensity" not in " ".join(sent.remarks)
    assert [image.pixels for image in sheet.images] == [image.pixels for image in accepted.images[:5]]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"film_size": "99INX99IN"}, "FilmSizeID"),
        ({"display_format": "CUSTOM\\77"}, "0x0106"),
        ({"annotation_format": "NOWHERE"}, "AnnotationDisplayFormatID"),
    ],
)
def test_a_film_that_would_be_another_is_refused(accepted: Sheet, change: dict[str, Any], words: str) -> None:
    sheet = replace(accepted, annotations=CASES["corners"].accepted()[0].annotations, **change)
    with (
        Imager(Mode.STRICT, profile=load("imager17")) as imager,
        pytest.raises(Refused, match=f'(?s){words}.*film = "page"') as refused,
    ):
        forward(imager.port, sheet)
    assert refused.value.status_info == "INVALID PAGE DES"
    assert imager.spool.jobs == []


def test_one_to_one_is_never_left_to_it(accepted: Sheet) -> None:
    images = tuple(replace(image, magnification="NONE") for image in accepted.images)
    profile = replace(load("imager17"), magnifications=("CUBIC",))
    with Imager(Mode.STRICT, profile=profile) as imager, pytest.raises(Refused, match="MagnificationType"):
        forward(imager.port, replace(accepted, images=images))


@pytest.mark.parametrize(
    ("lacks", "name", "words"),
    [
        (BASIC_ANNOTATION_BOX, "corners", "no annotation boxes"),
        (PRESENTATION_LUT, "presentation-lut", "no Presentation LUT"),
    ],
)
def test_without_a_class_that_the_film_needs_it_is_refused(lacks: Any, name: str, words: str) -> None:
    sheet, _ = CASES[name].accepted()
    with Imager(profile=load("imager17"), lacks=[lacks]) as imager:
        with pytest.raises(Refused, match=words):
            forward(imager.port, sheet)
        assert imager.spool.jobs == []


def test_identity_is_left_to_a_printer_without_presentation_luts(accepted: Sheet) -> None:
    looked_up = replace(
        accepted,
        look_ups=(LookUp("IDENTITY"),),
        images=tuple(replace(image, look_up=0) for image in accepted.images),
    )
    with Imager(profile=load("imager17"), lacks=[PRESENTATION_LUT]) as imager:
        sent = forward(imager.port, looked_up)
    assert "Presentation LUT IDENTITY left to the printer" in " ".join(sent.remarks)
    assert len(imager.spool.jobs) == 1


def test_a_color_film_is_refused_where_there_is_no_color(accepted: Sheet) -> None:
    with Imager(profile=load("imager17"), color=False) as imager:
        with pytest.raises(Refused, match="prints no color"):
            forward(imager.port, CASES["color"].accepted()[0])
        forward(imager.port, accepted)


# --- not now ---------------------------------------------------------------------------------------------


def not_ready(port: int, sheet: Sheet, **keys: Any) -> Condition:
    with pytest.raises(NotReady) as met:
        forward(port, sheet, **keys)
    assert met.value.condition.words == str(met.value)
    return met.value.condition


def test_nobody_there(sheet: Sheet) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    condition = not_ready(port, sheet)
    assert (condition.status, condition.info) == ("WARNING", "PRINTER OFFLINE")
    assert "cannot connect" in condition.words


def test_somebody_silent(sheet: Sheet) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        condition = not_ready(silent.getsockname()[1], sheet, timeout=0.5)
    assert (condition.status, condition.info) == ("WARNING", "PRINTER OFFLINE")


@pytest.mark.parametrize(
    ("keys", "imager", "info"),
    [
        ({"called": "OTHER"}, {}, "CHECK PRINTER"),
        ({}, {"callers": ("KNOWN",)}, "CHECK PRINTER"),
        ({}, {"associations": 0}, "PRINTER BUSY"),
        ({}, {"lacks": [BASIC_GRAYSCALE_PRINT_MANAGEMENT_META]}, "CHECK PRINTER"),
    ],
)
def test_no_association(sheet: Sheet, keys: dict[str, Any], imager: dict[str, Any], info: str) -> None:
    with Imager(**imager) as there:
        condition = not_ready(there.port, sheet, **keys)
    assert (condition.status, condition.info) == ("WARNING", info)
    titles = f"called {keys.get('called', 'IMAGER')}, calling GATEWAY"
    assert (titles in condition.words) == (info == "CHECK PRINTER" and "lacks" not in imager)


@pytest.mark.parametrize("info", ["SUPPLY EMPTY", "FILM JAM", "COVER OPEN"])
def test_a_printer_in_failure_gets_no_film(imager: Imager, accepted: Sheet, info: str) -> None:
    imager.be("FAILURE", info)
    condition = not_ready(imager.port, accepted)
    assert (condition.status, condition.info) == ("WARNING", info)
    assert imager.spool.drafts == []
    imager.be("NORMAL", "NORMAL")
    forward(imager.port, accepted)
    assert len(imager.spool.jobs) == 1


def test_a_printer_with_a_warning_gets_its_film(imager: Imager, accepted: Sheet) -> None:
    imager.be("WARNING", "SUPPLY LOW")
    assert forward(imager.port, accepted).remarks == ("printer reports WARNING, SUPPLY LOW",)


class FilmBoxQueueFull(PrintError):
    status = 0xC602


class Unlucky(PrintError):
    status = 0x0110


class NoMemory(PrintError):
    status = 0xC605


def test_a_full_queue_is_waited_for(imager: Imager, accepted: Sheet) -> None:
    imager.spool.stuck = FilmBoxQueueFull("the queue is full")
    condition = not_ready(imager.port, accepted)
    assert (condition.status, condition.info) == ("WARNING", "PRINT BUFF FULL")
    assert "the queue is full" in condition.words
    imager.spool.stuck = None
    forward(imager.port, accepted)
    assert len(imager.spool.jobs) == 1


@pytest.mark.parametrize(("error", "info"), [(Unlucky, "UNKNOWN"), (NoMemory, "INSUFFIC MEMORY")])
def test_a_failure_has_the_printer_s_words(
    imager: Imager, accepted: Sheet, error: type[PrintError], info: str
) -> None:
    imager.spool.stuck = error("call the service")
    with pytest.raises(Refused, match="call the service") as refused:
        forward(imager.port, accepted)
    assert refused.value.status_info == info


def test_a_claim_that_is_lost_prints_nothing(imager: Imager, accepted: Sheet) -> None:
    with pytest.raises(Lost):
        forward(imager.port, accepted, claim=LostClaim())
    assert imager.spool.jobs == []


class CutOff(Claim):
    """Right before the N-ACTION the imager is gone."""

    def __init__(self, imager: Imager) -> None:
        super().__init__()
        self._imager = imager

    def hold(self) -> None:
        super().hold()
        self._imager.__exit__()


def test_a_connection_that_is_lost_before_the_print_is_tried_again(imager: Imager, accepted: Sheet) -> None:
    claim = CutOff(imager)
    with pytest.raises(NotReady, match=r"print \(N-ACTION\): connection lost") as met:
        forward(imager.port, accepted, claim=claim)
    assert met.value.condition.info == "PRINTER OFFLINE"
    assert claim.steps == ["hold"]
    assert imager.spool.jobs == []


# --- what becomes of it ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "info", "stage"),
    [
        (ExecutionStatus.PENDING, "QUEUED", Stage.WAITING),
        (ExecutionStatus.PENDING, "SUPPLY EMPTY", Stage.WAITING),
        (ExecutionStatus.PRINTING, "NORMAL", Stage.PRINTING),
        (ExecutionStatus.DONE, "NORMAL", Stage.DONE),
        (ExecutionStatus.FAILURE, "EXPOSURE FAILURE", Stage.FAILED),
    ],
)
def test_a_job_is_followed(
    imager: Imager, accepted: Sheet, status: ExecutionStatus, info: str, stage: Stage
) -> None:
    remote = forward(imager.port, accepted).remote
    imager.spool.status[remote] = status, info
    imager.be("WARNING", "SUPPLY LOW")
    progress = output(imager.port).follow(remote)
    assert (progress.stage, progress.status_info) == (stage, info)
    assert (progress.condition.status, progress.condition.info) == ("WARNING", "SUPPLY LOW")
    assert (info in progress.words) == (info not in ("QUEUED", "NORMAL"))


def test_a_job_of_several_there_is_as_far_as_the_last(accepted: Sheet) -> None:
    with Imager(profile=replace(load("imager17"), max_collated_films=0)) as imager:
        remote = forward(imager.port, accepted, accepted).remote
        first, second = remote.split()
        found = []
        for pair in (("DONE", "PENDING"), ("DONE", "PRINTING"), ("DONE", "DONE"), ("FAILURE", "DONE")):
            for uid, status in zip((first, second), pair, strict=True):
                imager.spool.status[uid] = ExecutionStatus(status), "NORMAL"
            found.append(output(imager.port).follow(remote).stage)
    assert found == [Stage.WAITING, Stage.PRINTING, Stage.DONE, Stage.FAILED]


def test_a_job_that_is_forgotten_has_ended(imager: Imager, accepted: Sheet) -> None:
    remote = forward(imager.port, accepted).remote
    imager.spool.confirm(remote)
    progress = output(imager.port).follow(remote)
    assert (progress.stage, progress.condition) == (Stage.DONE, Condition())
    assert "ended" in progress.words


def test_a_printer_that_is_gone_cannot_be_asked(imager: Imager, accepted: Sheet) -> None:
    remote = forward(imager.port, accepted).remote
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(NotReady) as met:
        output(port).follow(remote)
    assert met.value.condition.info == "PRINTER OFFLINE"


def test_without_print_jobs_it_is_done_when_it_is_accepted(accepted: Sheet) -> None:
    claim = Claim()
    with Imager(profile=load("imager17"), lacks=[PRINT_JOB]) as imager:
        assert forward(imager.port, accepted, claim=claim) == Sent(f"IMAGER at 127.0.0.1:{imager.port}")
    assert claim.steps == ["hold"]


def test_a_job_whose_end_was_reported_is_not_asked_for(accepted: Sheet) -> None:
    profile = replace(load("imager17"), max_collated_films=0)
    with Imager(profile=profile, tell=(ExecutionStatus.DONE, "NORMAL")) as imager:
        sent = forward(imager.port, accepted, accepted)
        first, _ = imager.spool.jobs
        # What is reported of the last one may cross the release; then it is not confirmed, and kept.
        assert first.uid not in sent.remote.split()
        assert imager.spool.confirmed[0] == first.uid


def test_a_job_that_fails_at_once_is_refused(accepted: Sheet) -> None:
    profile = replace(load("imager17"), max_collated_films=0)
    with Imager(profile=profile, tell=(ExecutionStatus.FAILURE, "EXPOSURE FAILURE")) as imager:
        with pytest.raises(Refused, match="EXPOSURE FAILURE") as refused:
            forward(imager.port, accepted, accepted)
        assert refused.value.status_info == "EXPOSURE FAILURE"


@pytest.mark.parametrize("status", list(ExecutionStatus))
def test_an_event_that_crosses_the_release_hurts_nobody(accepted: Sheet, status: ExecutionStatus) -> None:
    with Imager(profile=load("imager17"), tell=(status, "NORMAL")) as imager:
        try:
            remote = forward(imager.port, accepted).remote
        except Refused:
            assert status is ExecutionStatus.FAILURE
        else:
            (job,) = imager.spool.jobs
            assert remote in (job.uid, "")
            ended = status in (ExecutionStatus.DONE, ExecutionStatus.FAILURE)
            assert remote or ended


def test_a_cancelled_job_cannot_be_called_back(imager: Imager, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        output(imager.port).cancel("1.2.3")
    assert "it prints" in caplog.text


# --- rendered --------------------------------------------------------------------------------------------


def page_of(name: str) -> Page | ColorPage:
    sheet, order = CASES[name].accepted()
    return compose(sheet, TITLE, order.label)


def bare(size: tuple[int, int]) -> PrinterProfile:
    """An imager all of whose film is one image box of so many columns and rows."""
    profile = load("imager17")
    resolution = replace(profile.resolutions[0], printable={"8INX10IN": size})
    return replace(profile, resolutions=(resolution,), label_mm=0.0, gap_mm=0.0, margin_mm=0.0)


def printed(imager: Imager) -> Any:
    page = compose(imager.spool.sheets[0], TITLE)
    return page.density if isinstance(page, Page) else page.srgb


def p_values(page: Page, density: NDArray[Any], bits: int) -> NDArray[Any]:
    return np.asarray(sample_table(page.scale, "p-value", bits)[density], np.int64)


@pytest.mark.parametrize(("name", "bits"), [("standard-2-3-landscape", 8), ("densities", 12), ("label", 12)])
def test_a_page_is_printed_as_it_was_rendered(name: str, bits: int) -> None:
    page = page_of(name)
    assert isinstance(page, Page)
    rows, columns = page.shape
    with Imager(profile=bare((min(rows, columns), max(rows, columns)))) as imager:
        forward_pages(imager.port, page, bits=bits)
        there = printed(imager)
        (sheet,) = imager.spool.sheets
    assert (sheet.images[0].bits_stored, sheet.look_ups) == (bits, (LookUp("IDENTITY"),))
    # The same P-value, pixel by pixel, texts and all.
    np.testing.assert_array_equal(p_values(page, there, bits), p_values(page, drawn(page), bits))


def test_a_color_page_is_printed_as_it_was_rendered() -> None:
    page = page_of("color")
    assert isinstance(page, ColorPage)
    rows, columns = page.shape
    with Imager(profile=bare((columns, rows))) as imager:
        forward_pages(imager.port, page)
        np.testing.assert_array_equal(printed(imager), drawn(page))


def test_a_page_larger_than_the_printer_s_is_refused_or_shrunk() -> None:
    page = page_of("standard-1-1")
    rows, columns = page.shape
    with Imager(profile=bare((columns - 1, rows))) as imager:
        with pytest.raises(Refused, match=r'0xC603.*magnification = "CUBIC"') as refused:
            forward_pages(imager.port, page)
        assert refused.value.status_info == "INVALID PAGE DES"
        assert imager.spool.jobs == []
        sent = forward_pages(imager.port, page, magnification="CUBIC")
        (sheet,) = imager.spool.sheets
    assert "0xB60A" in " ".join(sent.remarks)
    assert (sheet.images[0].columns, sheet.images[0].magnification) == (columns, "CUBIC")


def test_pages_of_several_sizes_are_not_guessed_at(imager: Imager) -> None:
    page = page_of("standard-1-1")
    assert isinstance(page, Page)
    other = replace(page, density=page.density[:-100])
    with pytest.raises(Refused, match='film = "original"'):
        forward_pages(imager.port, page, other)
    assert imager.spool.jobs == []


def test_pages_of_a_job_are_one_job_there() -> None:
    pages = [page_of("standard-1-1"), page_of("standard-2-3")]
    rows, columns = pages[0].shape
    with Imager(profile=bare((columns, rows))) as imager:
        forward_pages(imager.port, *pages)
        (job,) = imager.spool.jobs
    assert [sheet.display_format for sheet in job.sheets] == ["STANDARD\\1,1"] * 2


# --- settings --------------------------------------------------------------------------------------------


def test_it_is_an_output_of_sheets_or_of_pages() -> None:
    original, page = output(104), output(104, film="page")
    assert isinstance(original, SheetOutput)
    assert not isinstance(page, SheetOutput)
    for each in (original, page):
        assert isinstance(each, RemotePrinter)
        outputs: Output = each
        assert (outputs.place, outputs.at_once) == ("IMAGER at 127.0.0.1:104", 1)
        outputs.check()


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"called": "far too long a title"}, "dicom: called: an AE title"),
        ({"film": "half"}, "dicom: film"),
        ({"bits": 10}, "dicom: bits"),
        ({"ca": "ca.pem"}, "go with tls"),
        ({"tls": True, "key": "key.pem"}, "goes with its key"),
        ({"colour": True}, "dicom: colour"),
    ],
)
def test_a_wrong_key_is_named(keys: dict[str, Any], words: str) -> None:
    with pytest.raises(SetupError, match=words):
        output(104, **keys)


def test_films_go_over_tls(tmp_path: Path, accepted: Sheet) -> None:
    authority = Authority(tmp_path)
    mine = authority.issue("gateway")
    keys = {"tls": True, "ca": authority.ca, "certificate": mine.certificate, "key": mine.key}
    with Imager(profile=load("imager17"), tls=authority.issue("imager", mutual=True)) as imager:
        forward(imager.port, accepted, **keys)
        assert len(imager.spool.jobs) == 1
        assert not_ready(imager.port, accepted).info == "PRINTER OFFLINE"
    with pytest.raises(SetupError, match="TLS files"):
        output(104, tls=True, ca=tmp_path / "none.pem").check()
