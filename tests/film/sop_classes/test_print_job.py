"""Print Job (PS3.4 H.4.5): N-GET, and the events of a job."""

import threading
from collections.abc import Callable

import pytest
from film.elements import tag
from film.scu import EVERYTHING, GRAY, Scu, gray, refused
from peers.spool import CREATED, Printed

from printscp.errors import QueueFull, ResourceLimitation
from printscp.film.exchange import Answer, Event
from printscp.film.job import ExecutionStatus, JobNews
from printscp.film.profile import Mode
from printscp.film.uids import PRINT_JOB, PRINTER

Start = Callable[..., Scu]
PENDING, PRINTING, DONE, FAILURE = ExecutionStatus


def with_job(scu: Scu, label: str = "DOE^JANE") -> Printed:
    """The job of a film printed now."""
    if scu.dialogue.session is None:
        scu.create_session(FilmSessionLabel=label or None)
        scu.create_film()
        scu.set_image(1, gray())
    scu.print_film()
    return scu.spool.jobs[-1]


def news(job: Printed, status: ExecutionStatus, info: str = "NORMAL") -> JobNews:
    return JobNews(job.uid, status, info, job.order.printer_name, job.order.label)


def told(events: list[Event]) -> list[tuple[int, str]]:
    return [(event.event_type, event.values["ExecutionStatusInfo"]) for event in events]


# --- N-GET -----------------------------------------------------------------------------------------------


def test_a_job_tells_all_of_itself_or_what_is_asked_for(start: Start, mode: Mode) -> None:
    scu = start(mode)
    scu.create_session(PrintPriority="HIGH")
    scu.create_film()
    scu.set_image(1, gray())
    job = with_job(scu)
    created = CREATED.astimezone()
    everything = {
        "ExecutionStatus": "PENDING",
        "ExecutionStatusInfo": "QUEUED",
        "PrintPriority": "HIGH",
        "CreationDate": f"{created:%Y%m%d}",
        "CreationTime": f"{created:%H%M%S}",
        "PrinterName": "FILMS",
        "Originator": "VIEWER",
    }
    assert scu.ask("get", PRINT_JOB, job.uid) == Answer(values=everything)
    for keyword, value in everything.items():
        asked = scu.ask("get", PRINT_JOB, job.uid, attributes=(tag(keyword),))
        assert asked == Answer(values={keyword: value})
    asked = scu.ask("get", PRINT_JOB, job.uid, attributes=(tag("PatientName"), tag("PrintPriority")))
    assert (asked.status, asked.tags) == (0x0107, (tag("PatientName"),))
    assert asked.values == {"PrintPriority": "HIGH"}
    scu.spool.status[job.uid] = FAILURE, "FILM JAM"
    asked = scu.ask("get", PRINT_JOB, job.uid, attributes=(0x21000020, 0x21000030))
    assert asked.values == {"ExecutionStatus": "FAILURE", "ExecutionStatusInfo": "FILM JAM"}


def test_a_job_outlives_its_association(start: Start, mode: Mode) -> None:
    scu = start(mode)
    job = with_job(scu)
    scu.close()
    for services in (EVERYTHING, frozenset({PRINT_JOB}), frozenset({PRINTER, PRINT_JOB})):
        other = start(printer=scu.printer, services=services)
        assert other.ask("get", PRINT_JOB, job.uid).status == 0


def test_what_is_no_job(scu: Scu) -> None:
    refused(0x0112, lambda: scu.ask("get", PRINT_JOB, "1.2.3"))
    refused(0x0117, lambda: scu.ask("get", PRINT_JOB, "1..2"))
    refused(0x0117, lambda: scu.ask("get", PRINT_JOB, ""))
    refused(0x0119, lambda: scu.ask("get", PRINT_JOB, scu.film))


def test_a_job_whose_end_was_confirmed_is_no_more(scu: Scu) -> None:
    job = with_job(scu)
    scu.printer.tell(news(job, PRINTING))
    scu.printer.tell(news(job, DONE))
    for event in scu.events[:-1]:
        scu.dialogue.confirmed(event)
    assert scu.ask("get", PRINT_JOB, job.uid).status == 0
    scu.dialogue.confirmed(scu.events[-1])
    assert scu.spool.confirmed == [job.uid]
    refused(0x0112, lambda: scu.ask("get", PRINT_JOB, job.uid))


def test_a_job_table_out_of_reach_is_told_and_no_end_of_a_job(scu: Scu) -> None:
    job = with_job(scu)
    scu.printer.tell(news(job, DONE))
    scu.spool.away = ResourceLimitation("the job table is out of reach: ask again later")
    error = refused(0x0213, lambda: scu.ask("get", PRINT_JOB, job.uid))
    assert error.comment == "the job table is out of reach: ask again later"
    scu.dialogue.confirmed(scu.events[-1])  # cannot be noted: the job stays
    scu.spool.away = None
    assert scu.ask("get", PRINT_JOB, job.uid).status == 0


@pytest.mark.parametrize("trouble", ["full", "stuck"])
def test_a_full_queue_has_a_code_of_each_n_action_and_the_film_can_be_printed_later(
    scu: Scu, trouble: str
) -> None:
    words = "100 jobs wait, no more may: print again later"
    scu.set_image(1, gray())
    setattr(scu.spool, trouble, QueueFull(words))
    before = scu.state()
    for code, ask in ((0xC601, scu.print_session), (0xC602, scu.print_film)):
        assert refused(code, ask).comment == words
    assert scu.state() == before
    setattr(scu.spool, trouble, None)
    assert scu.print_film().status == scu.print_session().status == 0
    assert len(scu.spool.jobs) == 2


# --- N-EVENT-REPORT --------------------------------------------------------------------------------------


def test_each_change_of_a_job_is_one_event(scu: Scu) -> None:
    job = with_job(scu)
    for status, info in (
        (PRINTING, "NORMAL"),
        (PENDING, "CHECK PRINTER"),
        (PRINTING, "NORMAL"),
        (PRINTING, "NORMAL"),  # the same once more
        (DONE, "NORMAL"),
        (DONE, "NORMAL"),
    ):
        scu.printer.tell(news(job, status, info))
    assert told(scu.events) == [
        (1, "QUEUED"),
        (2, "NORMAL"),
        (1, "CHECK PRINTER"),
        (2, "NORMAL"),
        (3, "NORMAL"),
    ]
    for event in scu.events:
        assert (event.sop_class, event.instance) == (PRINT_JOB, job.uid)
        assert event.values["PrinterName"] == "FILMS"
    assert [event.ends for event in scu.events] == [False, False, False, False, True]


def test_an_event_has_the_label_of_its_session_if_it_has_one(start: Start) -> None:
    scu = start()
    with_job(scu, "DOE^JANE")
    assert scu.events[0].values == {
        "ExecutionStatusInfo": "QUEUED",
        "PrinterName": "FILMS",
        "FilmSessionLabel": "DOE^JANE",
    }
    other = start()
    with_job(other, "")
    assert other.events[0].values == {"ExecutionStatusInfo": "QUEUED", "PrinterName": "FILMS"}


def test_a_failure_ends_a_job_too(scu: Scu) -> None:
    job = with_job(scu)
    scu.printer.tell(news(job, FAILURE, "INVALID PAGE DES"))
    assert told(scu.events) == [(1, "QUEUED"), (4, "INVALID PAGE DES")]
    assert scu.events[-1].ends


@pytest.mark.parametrize("elsewhere", [False, True], ids=["same thread", "another thread"])
@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ([], [(1, "QUEUED")]),
        ([(PENDING, "QUEUED")], [(1, "QUEUED")]),
        ([(PRINTING, "NORMAL")], [(1, "QUEUED"), (2, "NORMAL")]),
        ([(PRINTING, "NORMAL"), (DONE, "NORMAL")], [(1, "QUEUED"), (2, "NORMAL"), (3, "NORMAL")]),
        ([(DONE, "NORMAL")], [(1, "QUEUED"), (3, "NORMAL")]),
        ([(FAILURE, "ELEC SW ERROR")], [(1, "QUEUED"), (4, "ELEC SW ERROR")]),
    ],
)
def test_pending_comes_first_however_fast_the_worker_is(
    scu: Scu,
    before: list[tuple[ExecutionStatus, str]],
    expected: list[tuple[int, str]],
    elsewhere: bool,
) -> None:
    def work(job: Printed) -> None:
        """The worker has done all this before the N-ACTION knows that there is a job."""
        for status, info in before:
            tell = threading.Thread(target=scu.printer.tell, args=(news(job, status, info),))
            if elsewhere:
                tell.start()
                tell.join(30)
                assert not tell.is_alive()
            else:
                tell.run()

    scu.spool.taken = work
    with_job(scu)
    assert told(scu.events) == expected


def test_news_of_other_jobs_are_not_told(start: Start, scu: Scu) -> None:
    other = start(printer=scu.printer)
    job = with_job(other)
    scu.printer.tell(news(job, DONE))
    scu.printer.tell(JobNews("1.2.3", DONE, "NORMAL", "FILMS", ""))
    assert scu.events == []
    assert told(other.events) == [(1, "QUEUED"), (3, "NORMAL")]


def test_several_jobs_are_told_apart(scu: Scu) -> None:
    first, second = with_job(scu), with_job(scu)
    scu.printer.tell(news(second, DONE))
    scu.printer.tell(news(first, FAILURE, "FILM JAM"))
    assert [(event.instance, event.event_type) for event in scu.events] == [
        (first.uid, 1),
        (second.uid, 1),
        (second.uid, 3),
        (first.uid, 4),
    ]


def test_a_job_that_was_not_taken_has_no_events(scu: Scu) -> None:
    scu.set_image(1, gray())
    scu.spool.stuck = ResourceLimitation("no room on disk")
    refused(0x0213, scu.print_film)
    assert scu.events == []


def test_who_did_not_negotiate_print_jobs_is_not_told(start: Start) -> None:
    # Weasis aborts on any N-EVENT-REPORT, fo-dicom without a handler closes the connection.
    scu = start(services=frozenset({GRAY, PRINTER}))
    job = with_job(scu)
    scu.printer.tell(news(job, DONE))
    assert scu.events == []


def test_a_printer_may_be_told_to_keep_silent(start: Start, mode: Mode) -> None:
    scu = start(mode, job_events=False)
    job = with_job(scu)
    scu.printer.tell(news(job, DONE))
    assert scu.events == []
    assert scu.ask("get", PRINT_JOB, job.uid).status == 0


def test_after_the_association_there_are_no_events(start: Start) -> None:
    scu = start()
    job = with_job(scu)
    scu.close()
    scu.printer.tell(news(job, DONE))
    assert told(scu.events) == [(1, "QUEUED")]


@pytest.mark.parametrize("label", ["Größe", "フィルム"])
def test_a_label_that_is_not_ascii_says_in_what_character_set_it_is(start: Start, label: str) -> None:
    scu = start()
    scu.create_session(SpecificCharacterSet="ISO_IR 192", FilmSessionLabel=label)
    scu.create_film()
    scu.print_film()
    [event] = scu.events
    assert event.values["FilmSessionLabel"] == label
    assert event.values["SpecificCharacterSet"] == ["ISO_IR 192"]
