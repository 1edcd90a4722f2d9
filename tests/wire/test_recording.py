"""What went over an association is written down as it went, and bounded however long that lasts."""

import zlib
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from peers.bench import Bench, film_of, open_session, print_film
from peers.heard import Heard
from peers.raw import RawScu
from peers.scu import META, attributes, image_item
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, generate_uid
from pynetdicom.sop_class import (
    BasicAnnotationBox,
    BasicFilmBox,
    BasicFilmSession,
    BasicGrayscaleImageBox,
    PresentationLUT,
    PrinterInstance,
    PrintJob,
    Verification,
)
from pynetdicom.sop_class import Printer as PrinterClass

from printscp.film.memory import MemoryBudget
from printscp.transcript import Sender, Transcript
from printscp.transcript.file import dump, load
from printscp.wire import dimse, recording

PIXELS = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64)
SCU, PRINTER = Sender


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def bench(heard: Heard) -> Iterator[Callable[[], Bench]]:
    """The printer; what it was told is complete when it is closed."""
    bench = Bench(listener=heard)
    yield lambda: bench
    bench.close()


def said(transcript: Transcript) -> list[str]:
    """Steps in short: who, what, and the status of an answer."""
    lines = []
    for step in transcript.steps:
        status = "" if step.status is None else f" 0x{step.status:04X}"
        lines.append(f"{step.sender} {step.service}{status}")
    return lines


def film_with_image(scu: RawScu, session: str, film: str | None = None) -> str:
    """A film box with an image, not printed yet."""
    film = film or generate_uid()
    created = scu.ask("create", BasicFilmBox, film, film_of(session), context=META)
    box = created.dataset.ReferencedImageBoxSequence[0].ReferencedSOPInstanceUID
    image = attributes(ImageBoxPosition=1, BasicGrayscaleImageSequence=[image_item(PIXELS)])
    assert scu.ask("set", BasicGrayscaleImageBox, box, image, context=META).status == 0
    return film


def printed(scu: RawScu, sop_class: str, instance: str) -> str:
    """Print it; the UID of the job."""
    answer = scu.ask("action", sop_class, instance, context=META)
    assert answer.status == 0
    return str(answer.dataset[0x2100, 0x0500].value[0].ReferencedSOPInstanceUID)


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian])
def test_each_message_is_a_step_as_it_was_sent(bench: Callable[[], Bench], heard: Heard, syntax: str) -> None:
    contexts = (META, PrintJob, Verification)
    with RawScu(bench().address, contexts, syntax=syntax, max_pdu=16384) as scu:
        assert scu.ask("echo", context=Verification).status == 0
        session = open_session(scu)
        job = printed(scu, BasicFilmBox, film_with_image(scu, session))
        while len(scu.events) < 3:
            scu.wait_for_event()
        scu.ask("get", PrinterClass, PrinterInstance, context=META)
        assert scu.ask("delete", BasicFilmSession, session, context=META).status == 0
        assert scu.ask("delete", BasicFilmSession, session, context=META).status == 0x0112
        scu.release()
    bench().close()
    transcript = heard.association
    assert transcript.steps == heard.steps
    assert [step.number for step in transcript.steps] == list(range(1, len(transcript.steps) + 1))
    assert [step.at for step in transcript.steps] == sorted(step.at for step in transcript.steps)
    lines = said(transcript)
    events = [line for line in lines if "EVENT" in line]
    assert sorted(events) == 3 * ["PRINTER N-EVENT-REPORT"] + 3 * ["SCU N-EVENT-REPORT 0x0000"]
    assert [line for line in lines if line not in events] == [
        "SCU A-ASSOCIATE",
        *("SCU C-ECHO", "PRINTER C-ECHO 0x0000"),
        *("SCU N-CREATE", "PRINTER N-CREATE 0x0000"),
        *("SCU N-CREATE", "PRINTER N-CREATE 0x0000"),
        *("SCU N-SET", "PRINTER N-SET 0x0000"),
        *("SCU N-ACTION", "PRINTER N-ACTION 0x0000"),
        *("SCU N-GET", "PRINTER N-GET 0x0000"),
        *("SCU N-DELETE", "PRINTER N-DELETE 0x0000"),
        *("SCU N-DELETE", "PRINTER N-DELETE 0x0112"),
        "SCU A-RELEASE",
    ]
    assert (transcript.calling, transcript.called, transcript.printer) == ("RAW_SCU", "PRINTSCP", "PRINTSCP")
    assert (transcript.profile, transcript.mode, transcript.max_pdu) == ("imager17", "tolerant", 16384)
    assert [(each.abstract_syntax, each.proposed, each.accepted) for each in transcript.contexts] == [
        (context, (syntax,), syntax) for context in contexts
    ]
    assert transcript.jobs == [job]
    for step in transcript.steps:
        other = next((each for each in transcript.steps if each.number == step.answers), None)
        assert other is None or (other.service == step.service and other.sender != step.sender)
    assert load(dump(transcript)) == transcript


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian])
def test_pixels_are_cut_out_of_what_is_kept(bench: Callable[[], Bench], heard: Heard, syntax: str) -> None:
    with RawScu(bench().address, (META,), syntax=syntax) as scu:
        film_with_image(scu, open_session(scu))
        scu.release()
    [step] = [each for each in heard.steps if each.service == "N-SET" and each.is_request]
    assert step.cut is not None
    assert (step.cut.length, step.cut.crc) == (PIXELS.nbytes, zlib.crc32(PIXELS.tobytes()))
    assert PIXELS.tobytes() not in step.data
    back = heard.association.dataset(step, PIXELS.tobytes())
    item = back.BasicGrayscaleImageSequence[0]
    assert bytes(item.PixelData) == PIXELS.tobytes()
    assert (item.Rows, item.Columns, back.ImageBoxPosition) == (64, 64, 1)


def test_of_two_films_each_job_has_its_own(bench: Callable[[], Bench], heard: Heard) -> None:
    with RawScu(bench().address, (META,)) as scu:
        session = open_session(scu)
        first = film_with_image(scu, session)
        scu.ask("action", BasicFilmBox, first, context=META)
        scu.ask("delete", BasicFilmBox, first, context=META)
        scu.ask("action", BasicFilmBox, film_with_image(scu, session), context=META)
        scu.release()
    bench().close()
    one, two = heard.jobs.values()
    once = ["N-CREATE", "N-CREATE", "N-SET", "N-ACTION"]
    assert [request.service for request, _ in one.exchanges()] == [*once, "N-DELETE"]
    assert [request.service for request, _ in two.exchanges()] == once
    assert {one.steps[-1].service, two.steps[-1].service} == {"A-RELEASE"}
    assert [len(each.jobs) for each in (one, two)] == [1, 1]
    # As it was when it was printed, it is kept too: a printer that dies then loses no more.
    assert [request.service for request, _ in heard.at_print[one.jobs[0]].exchanges()] == once


def test_a_film_printed_twice_is_in_both_jobs_with_the_print_of_each(
    bench: Callable[[], Bench], heard: Heard
) -> None:
    with RawScu(bench().address, (META, PrintJob)) as scu:
        film = film_with_image(scu, open_session(scu))
        jobs = [printed(scu, BasicFilmBox, film), printed(scu, BasicFilmBox, film)]
        scu.release()
    bench().close()
    for job in jobs:
        its = heard.jobs[job]
        assert [each.service for each, _ in its.exchanges()] == ["N-CREATE", "N-CREATE", "N-SET", "N-ACTION"]
        assert its.jobs == [job]
    numbers = [
        [request.number for request, _ in heard.jobs[job].exchanges() if request.service == "N-ACTION"]
        for job in jobs
    ]
    assert numbers[0] < numbers[1]


def test_film_boxes_of_one_uid_in_turn_are_films_of_their_own(
    bench: Callable[[], Bench], heard: Heard
) -> None:
    with RawScu(bench().address, (META,)) as scu:
        session, film = open_session(scu), generate_uid()
        for _ in range(3):
            film_with_image(scu, session, film)
            assert scu.ask("action", BasicFilmBox, film, context=META).status == 0
            assert scu.ask("delete", BasicFilmBox, film, context=META).status == 0
    jobs = [job.uid for job in bench().spool.jobs]
    bench().close()
    for job in jobs:
        asked = [step.service for step in heard.whole(job).steps if step.is_request]
        assert asked == ["N-CREATE", "N-CREATE", "N-SET", "N-ACTION", "N-DELETE"]


def test_a_session_that_is_printed_has_the_films_that_it_had_then(
    bench: Callable[[], Bench], heard: Heard
) -> None:
    with RawScu(bench().address, (META, PrintJob)) as scu:
        open_and_drop_a_session(scu)
        session = open_session(scu)
        gone = film_with_image(scu, session)
        scu.ask("delete", BasicFilmBox, gone, context=META)
        kept = [film_with_image(scu, session), film_with_image(scu, session)]
        job = printed(scu, BasicFilmSession, session)
        later = film_with_image(scu, session)
        scu.release()
    bench().close()
    boxes = [
        str(request.instance)
        for request, _ in heard.jobs[job].exchanges()
        if request.service == "N-CREATE" and request.sop_class == BasicFilmBox
    ]
    assert boxes == kept
    assert later not in boxes
    assert sum(request.service == "N-SET" for request, _ in heard.jobs[job].exchanges()) == 2


def open_and_drop_a_session(scu: RawScu) -> None:
    session = open_session(scu)
    film_with_image(scu, session)
    assert scu.ask("delete", BasicFilmSession, session, context=META).status == 0


def test_refused_requests_stay_in_the_dialogue_of_the_film(bench: Callable[[], Bench], heard: Heard) -> None:
    with RawScu(bench().address, (META, PrintJob, BasicAnnotationBox, PresentationLUT)) as scu:
        session = open_session(scu)
        bad = attributes(ImageDisplayFormat="STANDARD\\1,1")  # without its session
        film = generate_uid()
        refused = scu.ask("create", BasicFilmBox, film, bad, context=META)
        assert refused.status == 0x0120
        film_with_image(scu, session, film)  # under the same UID once more
        missing = scu.ask("set", BasicGrayscaleImageBox, generate_uid(), bad, context=META)
        assert missing.status != 0
        job = printed(scu, BasicFilmBox, film)
        scu.release()
    bench().close()
    statuses = [answer and answer.status for _, answer in heard.jobs[job].exchanges()]
    assert statuses == [0, 0x0120, 0, 0, missing.status, 0]


def test_a_data_set_that_there_was_no_room_for_is_said_to_be_missing(
    bench: Callable[[], Bench], heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dimse, "_BESIDES", 1000)
    monkeypatch.setattr(bench().printer, "budget", MemoryBudget(100_000))
    with RawScu(bench().address, (META,)) as scu:
        session = open_session(scu)
        created = scu.ask("create", BasicFilmBox, generate_uid(), film_of(session), context=META)
        box = created.dataset.ReferencedImageBoxSequence[0].ReferencedSOPInstanceUID
        large = attributes(
            ImageBoxPosition=1, BasicGrayscaleImageSequence=[image_item(np.zeros((999, 999), np.uint8))]
        )
        assert scu.ask("set", BasicGrayscaleImageBox, box, large, context=META).status == 0xC605
        scu.release()
    [step] = [each for each in heard.steps if each.service == "N-SET" and each.is_request]
    assert (step.data, step.cut) == (b"", None)
    assert step.note == "its data set was not taken: there was no room for it"


def test_an_association_that_breaks_off_says_so(bench: Callable[[], Bench], heard: Heard) -> None:
    with RawScu(bench().address, (META,)) as scu:
        print_job = film_with_image(scu, open_session(scu))
        scu.ask("action", BasicFilmBox, print_job, context=META)
    bench().close()
    assert heard.steps[-1].service == "A-ABORT"
    [its] = heard.jobs.values()
    assert its.steps[-1].service == "A-ABORT"


def test_what_is_written_down_is_bounded(
    bench: Callable[[], Bench], heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "_MOST_STEPS", 40)
    with RawScu(bench().address, (META, PrintJob)) as scu:
        session = open_session(scu)
        for _ in range(10):
            print_film(scu, session)
        scu.release()
    bench().close()
    assert len(heard.association.steps) == 40
    assert heard.association.dropped == len(heard.steps) - 40
    assert heard.association.steps == heard.steps[-40:]
    assert len(heard.at_print) == 10  # those whose steps have gone keep what they had


def test_the_dialogue_of_a_film_is_as_long_in_an_association_of_many(
    bench: Callable[[], Bench], heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "_MOST_JOBS", 3)
    films = 8
    with RawScu(bench().address, (META, PrintJob)) as scu:
        session, jobs = open_session(scu), []
        for _ in range(films):
            scu.ask("get", PrinterClass, PrinterInstance, context=META)
            jobs.append(print_film(scu, session))
            while len(scu.events) < 3 * len(jobs):
                scu.wait_for_event()
        scu.release()
    bench().close()
    asked = ["N-GET", "N-CREATE", "N-SET", "N-ACTION"]
    at_print = {job: [each.service for each, _ in heard.at_print[job].exchanges()] for job in jobs}
    assert at_print[jobs[0]] == ["N-CREATE", *asked]
    assert all(at_print[job] == ["N-CREATE", "N-GET", *asked] for job in jobs[1:])  # the first one is of all
    for job in jobs[-3:]:
        events = [step.instance for step in heard.jobs[job].steps if step.service == "N-EVENT-REPORT"]
        assert events == [job] * 6, "each with its confirmation, and none of another job"
    ended = [job for job in jobs if heard.jobs[job].steps[-1].service == "A-RELEASE"]
    assert ended == jobs[-3:], "the end of a long association is quick"


def test_many_bytes_without_pixels_are_bounded(
    bench: Callable[[], Bench], heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "_MOST_BYTES", 50_000)
    with RawScu(bench().address, (META,)) as scu:
        session = open_session(scu)
        junk = attributes(TextComments="x" * 9000)
        for _ in range(20):
            scu.ask("set", BasicFilmSession, session, junk, context=META)
        scu.release()
    bench().close()
    assert sum(len(step.data) for step in heard.association.steps) <= 50_000
    assert heard.association.dropped > 0
