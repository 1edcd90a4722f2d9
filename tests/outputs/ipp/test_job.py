"""Films to printers by IPP: with `ippeveprinter`, through a `cupsd`, and to a printer that misbehaves."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trustme
from outputs.pages import TICKET, color_page, page, run
from outputs.test_pwg import pages_of
from peers.cups import Cups
from peers.ipp_double import CANCEL_JOB, CREATE_JOB, FILM_PRINTER, PRINT_JOB, SEND_DOCUMENT, IppDouble, size
from peers.ippeve import IppEve, wait_for

from printscp.errors import ClaimLost, SetupError
from printscp.outputs.ipp import Settings
from printscp.outputs.ipp.message import Tag, one
from printscp.outputs.output import NotReady, Progress, RemotePrinter, Sent, Stage
from printscp.outputs.output import Refused as PrinterRefused
from printscp.outputs.registry import open_output
from printscp.render.page import Page

FILM = replace(TICKET, title="film 12   VIEWER > FILMS", copies=3, priority="HIGH")


def film(width: float, height: float) -> Page:
    """A film of so many inches."""
    return page(np.full((round(20 * height), round(20 * width)), 20000, np.uint16), dots_per_inch=20.0)


@dataclass
class Holder:
    """A claim, and what it was told: each remote id, with whether the film had been sent before. It is lost
    at ``lost``: "hold", "remember", or "end", right before the last of the document goes out."""

    sent: Callable[[], bool] = bool
    lost: str = ""
    told: list[tuple[str, bool]] = field(default_factory=list)

    def hold(self) -> None:
        if self.lost == "hold" or (self.lost == "end" and self.told):
            raise ClaimLost

    def remember(self, remote: str, place: str = "") -> None:
        self.told.append((remote, self.sent()))
        if self.lost == "remember":
            raise ClaimLost

    @property
    def remote(self) -> str:
        """What is kept."""
        return self.told[-1][0]


def ipp(uri: str, **keys: Any) -> Settings:
    output = open_output({"type": "ipp", "uri": uri, "timeout": 20} | keys)
    assert isinstance(output, Settings)
    assert isinstance(output, RemotePrinter)
    output.check()
    return output


def deliver(uri: str, *pages: Any, ticket: Any = FILM, claim: Any = None, **keys: Any) -> Sent:
    """Send a job: of one film of 17 x 17 inch where nothing else is said."""
    with ipp(uri, **keys).begin(ticket) as document:
        for each in pages or (film(17, 17),):
            document.add(each)
        return document.finish(claim or Holder())


def until(output: Settings, sent: Sent, stage: Stage, info: str | None = None) -> Progress:
    """What the printer says once the job has come so far."""
    last: list[Progress] = []

    def reached() -> bool:
        last[:] = [output.follow(sent.remote)]
        return last[0].stage is stage and info in (None, last[0].status_info)

    try:
        wait_for(reached, "", seconds=40)
    except TimeoutError:
        pytest.fail(f"{stage} {info} was not reached: {last}")
    return last[0]


@contextmanager
def not_ready(info: str, words: str | None = None) -> Iterator[None]:
    with pytest.raises(NotReady, match=words) as raised:
        yield
    assert (raised.value.condition.status, raised.value.condition.info) == ("WARNING", info)


@contextmanager
def refused(info: str, words: str) -> Iterator[None]:
    with pytest.raises(PrinterRefused, match=words) as raised:
        yield
    assert raised.value.status_info == info


# --- settings ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"uri": "http://printer/"}, "uri: .*ipp://HOST/PATH"),
        ({"uri": "ipp:///film"}, "uri"),
        ({"uri": "ipp://printer:99999/"}, "uri"),
        ({"uri": "ipp://me:secret@printer/"}, "uri: .*password"),
        ({"uri": "ipp://printer/?waitjob=false"}, "uri"),
        ({"uri": "ipp://printer/a b"}, "uri"),
        ({"document": {"type": "ipp", "uri": "ipp://printer/"}}, "document"),
        ({"document": {"type": "png"}}, "document"),
        ({"document": {"type": "pdf", "bits": 9}}, "document.*bits"),
        ({"document": {"type": "pdf", "folder": "/srv"}}, "document.*folder"),
        ({"at_once": 0}, "at_once"),
        ({"timeout": 0}, "timeout"),
        ({"ca": "/nowhere/ca.pem"}, "ca /nowhere/ca.pem: No such file"),
        (
            {"document": {"type": "pdf", "tone": "curve", "curve": "/nowhere.toml"}},
            "document: curve /nowhere",
        ),
    ],
)
def test_settings_that_are_wrong_are_named(keys: dict[str, Any], words: str) -> None:
    with pytest.raises(SetupError, match=words) as raised:
        open_output({"type": "ipp", "uri": "ipp://printer/film"} | keys).check()
    assert "secret" not in str(raised.value)


def test_a_ca_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    with pytest.raises(SetupError, match=r"ca.*PEM"):
        open_output({"type": "ipp", "uri": "ipps://printer/film", "ca": tmp_path / "ca.pem"}).check()


def test_a_printer_that_is_switched_off_is_nothing_wrong() -> None:
    output = ipp("ipp://127.0.0.1:1/ipp/print")
    assert (output.place, output.at_once) == ("ipp://127.0.0.1:1/ipp/print", 1)
    with not_ready("PRINTER OFFLINE", "127.0.0.1:1/ipp/print: cannot be reached: Connection refused"):
        output.begin(FILM)


# --- ippeveprinter ----------------------------------------------------------------------------------------


@pytest.fixture
def eve(tmp_path: Path) -> Iterator[IppEve]:
    with IppEve(tmp_path / "eve") as printer:
        yield printer


@pytest.mark.peer("ippeveprinter", "gcc")
def test_a_film_arrives_with_size_copies_priority_and_a_name_that_names_nobody(eve: IppEve) -> None:
    output, claim = ipp(eve.uri), Holder()
    sent = deliver(eve.uri, claim=claim)
    assert sent.place == eve.uri
    assert claim.remote.startswith(f"{sent.remote} incoming:")
    assert re.fullmatch(r"1 urn:uuid:[0-9a-f-]{36}", sent.remote)
    progress = until(output, sent, Stage.DONE)
    assert (progress.status_info, progress.condition.status) == ("NORMAL", "NORMAL")
    [printed] = eve.received
    assert printed.job["IPP_MEDIA_COL"] == "{media-size={x-dimension=43180 y-dimension=43180}}"
    assert printed.job["IPP_COPIES"] == "3"
    assert printed.job["IPP_JOB_PRIORITY"] == "80"
    assert printed.job["IPP_PRINT_SCALING"] == "none"
    assert printed.job["IPP_PRINT_QUALITY"] == "high"
    assert printed.job["IPP_SIDES"] == "one-sided"
    assert printed.job["IPP_JOB_NAME"] == "film 12   VIEWER > FILMS"
    assert printed.job["IPP_JOB_ORIGINATING_USER_NAME"] == "printscp"
    assert printed.job["IPP_DOCUMENT_FORMAT_SUPPLIED"] == "application/pdf"
    # The printer makes the copies: a document that asked for them too would give nine.
    assert re.search(rb"/NumCopies 1\b", printed.data)
    assert b"/MediaBox [ 0 0 1224 1224 ]" in printed.data


@pytest.mark.peer("ippeveprinter", "gcc")
def test_a_document_as_configured_of_several_films(eve: IppEve) -> None:
    ticket = replace(FILM, films=2, copies=1, priority="LOW")
    pages = film(14, 17), film(17, 14)  # of a film that lies across
    sent = deliver(eve.uri, *pages, ticket=ticket, document={"type": "pdf", "bits": 16}, user="ward 3")
    until(ipp(eve.uri), sent, Stage.DONE)
    [printed] = eve.received
    assert len(re.findall(rb"/Type /Page\b", printed.data)) == 2
    assert printed.data.count(b"/BitsPerComponent 16") == 2 * 2  # of the images, and of their filters
    assert printed.job["IPP_MEDIA_COL"] == "{media-size={x-dimension=35560 y-dimension=43180}}"
    assert (printed.job["IPP_JOB_PRIORITY"], printed.job["IPP_COPIES"]) == ("20", "1")
    assert printed.job["IPP_JOB_ORIGINATING_USER_NAME"] == "ward 3"


@pytest.mark.peer("ippeveprinter", "gcc")
def test_out_of_film_and_back(eve: IppEve) -> None:
    output = ipp(eve.uri)
    eve.set_state("+media-empty-error")
    sent = deliver(eve.uri)
    waiting = until(output, sent, Stage.WAITING, "SUPPLY EMPTY")
    assert (waiting.condition.status, waiting.condition.info) == ("WARNING", "SUPPLY EMPTY")
    assert "load" in waiting.condition.words
    eve.set_state("+media-jam-error")
    until(output, sent, Stage.WAITING, "FILM JAM")
    eve.set_state("-media-jam-error")
    assert eve.received == []
    eve.set_state("-media-empty-error")
    assert until(output, sent, Stage.DONE).condition.status == "NORMAL"
    assert len(eve.received) == 1


@pytest.mark.peer("ippeveprinter", "gcc")
def test_a_printer_that_is_busy_is_asked_again(eve: IppEve) -> None:
    output = ipp(eve.uri)
    eve.hold()
    first = deliver(eve.uri)
    claim = Holder()
    with not_ready("PRINTER BUSY", "busy"):
        deliver(eve.uri, claim=claim)
    assert claim.told == []
    assert until(output, first, Stage.PRINTING).words
    eve.resume()
    until(output, first, Stage.DONE)
    until(output, deliver(eve.uri), Stage.DONE)
    assert len(eve.received) == 2


@pytest.mark.peer("ippeveprinter", "gcc")
def test_a_printer_that_was_killed_does_not_know_the_job(eve: IppEve) -> None:
    output = ipp(eve.uri)
    eve.hold()
    lost = deliver(eve.uri)
    eve.kill()
    with not_ready("PRINTER OFFLINE", "refused"):
        output.follow(lost.remote)
    with not_ready("PRINTER OFFLINE", "refused"):
        output.cancel(lost.remote)
    eve.resume()
    eve.restart()
    assert output.follow(lost.remote).stage is Stage.GONE
    eve.hold()
    again = deliver(eve.uri)
    # It counts from 1 again, and the job of that number is another.
    assert again.remote.split()[0] == lost.remote.split()[0] == "1"
    assert output.follow(lost.remote).stage is Stage.GONE
    output.cancel(lost.remote)
    eve.resume()
    until(output, again, Stage.DONE)
    assert len(eve.received) == 1


@pytest.mark.peer("ippeveprinter", "gcc")
def test_a_job_that_the_printer_aborts_has_failed(eve: IppEve) -> None:
    eve.abort_next()
    sent = deliver(eve.uri)
    failed = until(ipp(eve.uri), sent, Stage.FAILED)
    assert (failed.status_info, failed.words) == ("UNKNOWN", "aborted at the printer (Job aborted.)")
    assert eve.received == []


@pytest.mark.peer("ippeveprinter", "gcc")
def test_a_job_is_cancelled(eve: IppEve) -> None:
    output = ipp(eve.uri)
    eve.hold()
    sent = deliver(eve.uri)
    until(output, sent, Stage.PRINTING)
    output.cancel(sent.remote)
    eve.abort_next()  # its command does not hear of it
    failed = until(output, sent, Stage.FAILED)
    assert "cancelled at the printer" in failed.words
    output.cancel(sent.remote)  # no word of one that has ended


@pytest.mark.peer("ippeveprinter", "gcc")
@pytest.mark.parametrize(
    ("films", "words"),
    [
        ([(17, 17)], "has no film of 17 x 17 inch, but 8 x 10 inch, 14 x 17 inch$"),
        ([(14, 17), (8, 10)], "14 x 17 inch and 8 x 10 inch in one job"),
    ],
)
def test_sizes_that_the_printer_cannot_print_are_refused_before_anything_is_sent(
    films: list[tuple[int, int]], words: str, tmp_path: Path
) -> None:
    with IppEve(tmp_path, sizes=[(8, 10), (14, 17)], custom=False) as eve:
        claim = Holder()
        with refused("REQ MED NOT AVAI", words):
            deliver(eve.uri, *(film(*each) for each in films), claim=claim)
        assert claim.told == []
        until(ipp(eve.uri), deliver(eve.uri, film(8, 10)), Stage.DONE)
        assert len(eve.received) == 1


@pytest.mark.peer("ippeveprinter", "gcc")
def test_a_printer_without_pdf_gets_raster_of_its_resolution(tmp_path: Path) -> None:
    with IppEve(tmp_path, pdf=False) as eve:
        density = np.full((14 * 20, 17 * 20), 31000, np.uint16)
        density[:20] = 2000
        lying = page(density, dots_per_inch=20.0)
        sent = deliver(
            eve.uri, lying, color_page(280, 340, dots_per_inch=20.0), ticket=replace(FILM, films=2)
        )
        until(ipp(eve.uri), sent, Stage.DONE)
        [printed] = eve.received
        assert printed.job["IPP_DOCUMENT_FORMAT_SUPPLIED"] == "image/pwg-raster"
        first, second = pages_of(printed.data)
        for read in (first, second):
            assert (read.dots_per_inch, read.points, read.space) == ((300, 300), (1008, 1224), 18)
            assert read.samples.shape == (5100, 4200, 1)
        # The top of a film that lies across is on the left.
        assert (first.samples[:, :280] == 255).all()
        assert (first.samples[:, 320:] == 0).all()
        with refused("ELEC CONFIG ERR", "does not take application/pdf, but image/pwg-raster"):
            deliver(eve.uri, document={"type": "pdf"})


@pytest.mark.peer("ippeveprinter", "gcc")
def test_a_film_is_not_printed_by_who_lost_the_job(eve: IppEve) -> None:
    output = ipp(eve.uri)
    with pytest.raises(ClaimLost):
        deliver(eve.uri, claim=Holder(lost="hold"))
    claim = Holder(lost="remember")
    with pytest.raises(ClaimLost):
        deliver(eve.uri, claim=claim)
    until(output, deliver(eve.uri), Stage.DONE)  # the printer is not kept waiting for the other
    assert len(eve.received) == 1


@pytest.mark.peer("ippeveprinter", "gcc")
def test_a_sender_that_died_before_it_sent_the_document(eve: IppEve, monkeypatch: pytest.MonkeyPatch) -> None:
    class Died(BaseException):
        pass

    def die(*_: Any) -> None:
        raise Died

    output, claim = ipp(eve.uri), Holder()
    with monkeypatch.context() as patch:
        patch.setattr("printscp.outputs.ipp.IppDocument._send_document", die)
        with pytest.raises(Died):
            deliver(eve.uri, claim=claim)
    assert output.follow(claim.remote).stage is Stage.GONE
    assert output.follow(claim.remote).stage is Stage.GONE  # also when nobody heard it
    until(output, deliver(eve.uri), Stage.DONE)
    assert len(eve.received) == 1


def die_in_the_middle(uri: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Send a part of a document, and go; returns what is kept of the job."""

    class Died(BaseException):
        pass

    def pieces(file: Path, _: Any) -> Iterator[bytes]:
        yield file.read_bytes()[:2000]
        raise Died

    claim = Holder()
    with monkeypatch.context() as patch:
        patch.setattr("printscp.outputs.ipp._pieces", pieces)
        with pytest.raises(Died):
            deliver(uri, claim=claim)
    return claim.remote


@pytest.mark.peer("ippeveprinter", "gcc")
def test_a_sender_that_died_in_the_middle_of_the_document(
    eve: IppEve, monkeypatch: pytest.MonkeyPatch
) -> None:
    output, remote = ipp(eve.uri), die_in_the_middle(eve.uri, monkeypatch)
    # This printer takes what came for the document, and prints it.
    wait_for(lambda: len(eve.received) == 1, "it did not print")
    assert output.follow(remote).stage is Stage.GONE
    until(output, deliver(eve.uri), Stage.DONE)
    part, whole = eve.received
    assert len(part.data) == 2000
    assert whole.data.endswith(b"%%EOF\n")


@pytest.mark.peer("ippeveprinter", "gcc")
def test_tls(eve: IppEve, tmp_path: Path) -> None:
    with not_ready("CHECK PRINTER", "not trusted: name its issuer in ca, or set verify = false"):
        deliver(eve.secure_uri)
    until(ipp(eve.secure_uri, verify=False), deliver(eve.secure_uri, verify=False), Stage.DONE)
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    with not_ready("CHECK PRINTER", "not trusted"):
        deliver(eve.secure_uri, ca=tmp_path / "other.pem")
    until(ipp(eve.secure_uri, verify=False), deliver(eve.secure_uri, ca=eve.certificate), Stage.DONE)
    assert len(eve.received) == 2


# --- cupsd ------------------------------------------------------------------------------------------------


@pytest.fixture
def cups(eve: IppEve) -> Iterator[Cups]:
    with Cups(eve.uri) as server:
        yield server


@pytest.mark.slow
@pytest.mark.peer("ippeveprinter", "gcc", "cupsd", "lpadmin", "pdfinfo", "pdfimages")
def test_a_film_goes_through_cups(eve: IppEve, cups: Cups, tmp_path: Path) -> None:
    output = ipp(cups.uri)
    until(output, deliver(cups.uri), Stage.DONE)
    [printed] = eve.received
    assert "media-size={x-dimension=43180 y-dimension=43180}" in printed.job["IPP_MEDIA_COL"]
    assert (printed.job["IPP_COPIES"], printed.job["IPP_JOB_NAME"]) == ("3", "film 12   VIEWER > FILMS")
    with refused("REQ MED NOT AVAI", "has no film of 30 x 40 inch"):
        deliver(cups.uri, film(30, 40))
    until(output, deliver(cups.uri, film(17, 14)), Stage.DONE)
    # Its filters neither scale nor cut, and turn the film that lies across.
    for got, size_told in zip(eve.received, ("1224 x 1224 pts", "1008 x 1224 pts"), strict=True):
        (tmp_path / "film.pdf").write_bytes(got.data)
        assert size_told in run("pdfinfo", tmp_path / "film.pdf")
        [image] = run("pdfimages", "-list", tmp_path / "film.pdf").splitlines()[2:]
        assert image.split()[12:14] == ["20", "20"]


@pytest.mark.slow
@pytest.mark.peer("ippeveprinter", "gcc", "cupsd", "lpadmin")
def test_out_of_film_and_aborted_behind_cups(eve: IppEve, cups: Cups) -> None:
    output = ipp(cups.uri)

    def aborted() -> Progress:
        eve.set_state("+media-empty-error")
        sent = deliver(cups.uri)
        waiting = until(output, sent, Stage.WAITING, "SUPPLY EMPTY")
        assert waiting.condition.info == "SUPPLY EMPTY"
        eve.abort_next()
        eve.set_state("-media-empty-error")
        wait_for(lambda: output.follow(sent.remote).stage in (Stage.FAILED, Stage.DONE), "not aborted")
        return output.follow(sent.remote)

    # CUPS asks for the job in two threads, and counts it as printed when the wrong one is first to see it.
    progress = next(each for each in (aborted() for _ in range(20)) if each.stage is Stage.FAILED)
    assert "at the printer" in progress.words


@pytest.mark.slow
@pytest.mark.peer("ippeveprinter", "gcc", "cupsd", "lpadmin")
def test_a_printer_that_is_switched_off_behind_cups(eve: IppEve, cups: Cups) -> None:
    output = ipp(cups.uri)
    eve.kill()
    sent = deliver(cups.uri)
    wait_for(lambda: "not" in output.follow(sent.remote).words, "no word of the printer")
    assert output.follow(sent.remote).stage in (Stage.PRINTING, Stage.WAITING)
    eve.restart()
    until(output, sent, Stage.DONE)
    assert len(eve.received) == 1


@pytest.mark.slow
@pytest.mark.peer("ippeveprinter", "gcc", "cupsd", "lpadmin")
def test_a_sender_that_died_before_cups_had_the_document(
    eve: IppEve, cups: Cups, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = ipp(cups.uri)
    remote = die_in_the_middle(cups.uri, monkeypatch)
    assert output.follow(remote).stage is Stage.GONE
    claim = Holder()
    sent = deliver(cups.uri, claim=claim)
    until(output, sent, Stage.DONE)
    # Of one that died when the document was through, it says that it has it.
    assert output.follow(claim.remote).stage is Stage.DONE
    assert len(eve.received) == 1


@pytest.mark.slow
@pytest.mark.peer("ippeveprinter", "gcc", "cupsd", "lpadmin")
def test_a_queue_that_is_paused(eve: IppEve, cups: Cups) -> None:
    output = ipp(cups.uri)
    eve.hold()
    sent = deliver(cups.uri)
    until(output, sent, Stage.PRINTING)
    cups.pause()
    waiting = until(output, sent, Stage.WAITING, "PRINTER OFFLINE")
    assert "paused: resume it" in waiting.condition.words
    with not_ready("PRINTER OFFLINE", "paused: resume it"):
        deliver(cups.uri)
    cups.reject()
    cups.resume()
    with not_ready("PRINTER OFFLINE", "does not accept jobs"):
        deliver(cups.uri)
    with not_ready("CHECK PRINTER", "correct the uri"):
        deliver(cups.uri + "s")
    output.cancel(sent.remote)
    assert "cancelled at the printer" in until(output, sent, Stage.FAILED).words


# --- a printer that misbehaves ----------------------------------------------------------------------------


def test_the_id_is_kept_before_the_printer_has_anything_to_print() -> None:
    with IppDouble() as printer:
        claim = Holder(sent=lambda: bool(printer.printed))
        sent = deliver(printer.uri, claim=claim)
        [(remote, printed)] = claim.told
        assert not printed
        assert remote.startswith(f"{sent.remote} incoming:")
        assert ipp(printer.uri).follow(sent.remote).stage is Stage.DONE


def test_a_job_whose_last_answer_was_lost_is_not_sent_again() -> None:
    with IppDouble(silent={SEND_DOCUMENT}) as printer:
        claim = Holder()
        with not_ready("PRINTER OFFLINE"):
            deliver(printer.uri, claim=claim)
        assert ipp(printer.uri).follow(claim.remote).stage is Stage.DONE
        assert len(printer.printed) == 1
        # Of one that may be cut off a printer has less, or does not say.
        document = printer.jobs[1].document or b""
        printer.jobs[1].document = document[:-2048]
        assert ipp(printer.uri).follow(claim.remote).stage is Stage.GONE
        printer.jobs[1].document, printer.octets = document, False
        assert ipp(printer.uri).follow(claim.remote).stage is Stage.GONE


def test_who_lost_the_job_on_the_way_does_not_send_the_end_of_it() -> None:
    with IppDouble() as printer:
        claim = Holder(lost="end")
        with pytest.raises(ClaimLost):
            deliver(printer.uri, claim=claim)
        assert ipp(printer.uri).follow(claim.remote).stage is Stage.GONE
        assert printer.printed == []
        assert printer.jobs[1].state == 7


@pytest.mark.parametrize(
    ("operation", "status", "info"),
    [
        (CREATE_JOB, 0x0507, "PRINTER BUSY"),
        (CREATE_JOB, 0x0505, "PRINTER BUSY"),
        (CREATE_JOB, 0x0506, "PRINTER OFFLINE"),
        (CREATE_JOB, 0x0500, "CHECK PRINTER"),
        (CREATE_JOB, 0x0402, "CHECK PRINTER"),
        (SEND_DOCUMENT, 0x0507, "PRINTER BUSY"),
        (SEND_DOCUMENT, 0x0504, "CHECK PRINTER"),
        (11, 0x0507, "PRINTER BUSY"),
        (11, 0x0400, "CHECK PRINTER"),
    ],
)
def test_what_the_printer_cannot_do_for_now_waits(operation: int, status: int, info: str) -> None:
    with IppDouble(statuses={operation: [status]}) as printer:
        claim = Holder()
        with not_ready(info):
            deliver(printer.uri, claim=claim)
        # Nothing is left there, and nothing of it is kept.
        assert all(job.state == 7 for job in printer.jobs.values())
        assert not claim.told or claim.remote == ""
        deliver(printer.uri)
        assert len(printer.printed) == 1


@pytest.mark.parametrize(
    ("operation", "status", "info"),
    [
        (CREATE_JOB, 0x040B, "ELEC CONFIG ERR"),
        (CREATE_JOB, 0x0400, "UNKNOWN"),
        (SEND_DOCUMENT, 0x040A, "INVALID PAGE DES"),
        (SEND_DOCUMENT, 0x0408, "INSUFFIC MEMORY"),
    ],
)
def test_what_the_printer_never_takes_is_refused(operation: int, status: int, info: str) -> None:
    with IppDouble(statuses={operation: [status]}) as printer:
        with refused(info, printer.uri):
            deliver(printer.uri)
        assert all(job.state == 7 for job in printer.jobs.values())


@pytest.mark.parametrize(
    ("ignored", "told", "info"),
    [
        (("media-col",), {}, "REQ MED NOT AVAI"),
        (("copies",), {}, "ELEC CONFIG ERR"),
        ((), {"copies": one(Tag.INTEGER, 1)}, "ELEC CONFIG ERR"),
        (
            (),
            {"media-col": one(Tag.COLLECTION, {"media-size": one(Tag.COLLECTION, size(21000, 29700))})},
            "REQ MED NOT AVAI",
        ),
    ],
)
@pytest.mark.parametrize("create", [True, False])
def test_what_is_ignored_or_replaced_is_not_printed(
    ignored: tuple[str, ...], told: Any, info: str, create: bool
) -> None:
    operations = {
        "operations-supported": one(Tag.ENUM, PRINT_JOB, *([CREATE_JOB, SEND_DOCUMENT] if create else []))
    }
    with IppDouble(FILM_PRINTER | operations, ignored=ignored, job_attributes=told) as printer:
        claim = Holder()
        with refused(info, "ignores"):
            deliver(printer.uri, claim=claim)
        assert CANCEL_JOB in printer.asked
        assert claim.remote == ""
        assert not create or printer.printed == []


def test_what_is_of_no_account_may_be_ignored() -> None:
    with IppDouble(ignored=("job-priority",)) as printer:
        deliver(printer.uri)
        [job] = printer.printed
        assert "job-priority" not in job.attributes


def test_a_printer_without_create_job_or_of_ipp_1_or_without_uuids() -> None:
    old = FILM_PRINTER | {"operations-supported": one(Tag.ENUM, PRINT_JOB, CANCEL_JOB, 9, 11)}
    with IppDouble(old, uuids=False, version=1) as printer:
        sent = deliver(printer.uri)
        assert sent.remote == "1"
        assert CREATE_JOB not in printer.asked
        [job] = printer.printed
        assert job.document is not None
        assert job.document.startswith(b"%PDF")
        assert ipp(printer.uri).follow(sent.remote).stage is Stage.DONE


def test_a_printer_that_names_no_media_is_waited_for() -> None:
    unnamed = {name: value for name, value in FILM_PRINTER.items() if "media-size" not in name}
    with IppDouble(unnamed) as printer, not_ready("CHECK PRINTER", "which sizes"):
        deliver(printer.uri)


def test_copies_that_the_printer_does_not_make_are_refused() -> None:
    with IppDouble() as printer:
        with refused("ELEC CONFIG ERR", "10 copies"):
            deliver(printer.uri, ticket=replace(FILM, copies=10))
        assert printer.jobs == {}


@pytest.mark.parametrize(
    ("state", "stage", "info"),
    [
        (3, Stage.WAITING, "QUEUED"),
        (4, Stage.WAITING, "QUEUED"),
        (5, Stage.PRINTING, "NORMAL"),
        (6, Stage.WAITING, "CHECK PRINTER"),
        (9, Stage.DONE, "NORMAL"),
    ],
)
def test_states_of_a_job(state: int, stage: Stage, info: str) -> None:
    with IppDouble() as printer:
        sent = deliver(printer.uri)
        printer.jobs[1].state, printer.jobs[1].reasons = state, "none"
        progress = ipp(printer.uri).follow(sent.remote)
        assert (progress.stage, progress.status_info) == (stage, info)
        assert progress.condition.status == "NORMAL"


def test_a_job_that_was_cancelled_there_before_it_printed_is_not_sent_again() -> None:
    with IppDouble() as printer:
        sent = deliver(printer.uri)
        printer.jobs[1].state = 7
        failed = ipp(printer.uri).follow(sent.remote)
        assert (failed.stage, failed.status_info) == (Stage.FAILED, "UNKNOWN")
        printer.jobs[1].state, printer.jobs[1].reasons = 8, "document-format-error"
        assert ipp(printer.uri).follow(sent.remote).status_info == "INVALID PAGE DES"
        printer.jobs[1].document = None  # it waited for one, and gave up
        assert ipp(printer.uri).follow(sent.remote).stage is Stage.GONE
        assert ipp(printer.uri).follow("7").stage is Stage.GONE
