"""Films that go to printers by IPP: what arrives, and what an SCU is told meanwhile."""

import os
import random
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
from peers.cups import Cups
from peers.hosts import small_layouts
from peers.ipp_double import CREATE_JOB, IppDouble
from peers.ippeve import IppEve
from service.console import (
    DONE,
    IN_ORDER,
    OFFLINE,
    SUPPLY_EMPTY,
    Console,
    assert_is_the_film,
    small,
    wait_for,
)

from printscp.film.job import DeliveryState, Job
from printscp.outputs.ipp import Settings
from printscp.outputs.ipp.message import Group, Message
from printscp.outputs.output import Stage
from printscp.printer import FilmPrinter
from printscp.spool.database import Database
from printscp.spool.queue import JobQueue

pytestmark = pytest.mark.slow
DIRECT = pytest.param("direct", marks=pytest.mark.peer("ippeveprinter", "gcc"))
THROUGH_CUPS = pytest.param("cups", marks=pytest.mark.peer("ippeveprinter", "gcc", "cupsd", "lpadmin"))
ways = pytest.mark.parametrize("way", [DIRECT, THROUGH_CUPS])
direct = pytest.mark.peer("ippeveprinter", "gcc")


@pytest.fixture
def eve(tmp_path: Path) -> Iterator[IppEve]:
    with IppEve(tmp_path / "eve") as printer:
        yield printer


@pytest.fixture
def open_console(
    start_printer: Callable[..., FilmPrinter], tmp_path: Path
) -> Iterator[Callable[..., Console]]:
    """Starts a printer whose output ``film`` is the IPP printer at a URI, and calls it."""
    opened: list[Console] = []

    def open_it(uri: str, settings: dict[str, Any] | None = None, **keys: Any) -> Console:
        output = {"name": "film", "type": "ipp", "uri": uri, "timeout": 20} | keys
        layouts = small_layouts(tmp_path / "layouts")
        printer = start_printer(**small(layouts, outputs=[output]), **(settings or {}))
        opened.append(Console(printer))
        return opened[0]

    yield open_it
    for console in opened:
        console.socket.close()


@pytest.fixture
def console(way: str, eve: IppEve, open_console: Callable[..., Console]) -> Iterator[Console]:
    """Of a printer that prints on `ippeveprinter`, direct or through CUPS."""
    if way == "direct":
        yield open_console(eve.uri)
    else:
        with Cups(eve.uri) as cups:
            yield open_console(cups.uri)


@ways
@pytest.mark.peer("pdftoppm")
def test_a_film_arrives_with_size_copies_and_priority(way: str, eve: IppEve, console: Console) -> None:
    uid = console.print({"NumberOfCopies": 3, "PrintPriority": "HIGH", "FilmSessionLabel": "DOE^JOHN"})
    job = console.until(uid, DONE, IN_ORDER)
    [printed] = eve.received
    assert "media-size={x-dimension=43180 y-dimension=43180}" in printed.job["IPP_MEDIA_COL"]
    assert printed.job["IPP_COPIES"] == "3"
    if way == "direct":  # CUPS goes by it itself, and keeps it
        assert printed.job["IPP_JOB_PRIORITY"] == "80"
    assert printed.job["IPP_JOB_NAME"] == f"film {job.id}   VIEWER > PRINTSCP"
    assert_is_the_film(printed.data, (1224, 1224))
    assert console.reported == []
    [delivery] = job.deliveries
    assert (delivery.state, delivery.attempts) == (DeliveryState.DONE, 1)
    assert job.outputs == (delivery.place,)
    console.release()


@ways
def test_out_of_film_and_back(way: str, eve: IppEve, console: Console) -> None:
    eve.set_state("+media-empty-error")
    uid = console.print()
    job = console.until(uid, ("PENDING", "SUPPLY EMPTY"), SUPPLY_EMPTY)
    assert "load" in job.info
    assert eve.received == []
    eve.set_state("-media-empty-error")
    console.until(uid, DONE, IN_ORDER)
    assert len(eve.received) == 1
    console.hear("SUPPLY EMPTY", "NORMAL")
    console.release()


@direct
def test_a_printer_that_is_killed_and_restarted_prints_the_film_once(
    eve: IppEve, open_console: Callable[..., Console]
) -> None:
    console = open_console(eve.uri)
    eve.hold()
    uid = console.print()
    console.until_sent(uid)
    eve.kill()
    console.until(uid, ("PENDING", "PRINTER OFFLINE"), OFFLINE)
    eve.resume()
    eve.restart()
    job = console.until(uid, DONE, IN_ORDER)
    assert len(eve.received) == 1
    console.hear("PRINTER OFFLINE", "NORMAL")
    assert [each.attempts for each in job.deliveries] == [2]  # the printer has forgotten it
    console.release()


@pytest.mark.peer("ippeveprinter", "gcc", "cupsd", "lpadmin")
def test_a_queue_that_lost_a_film_at_its_printer_is_not_believed_without_a_word(
    eve: IppEve, open_console: Callable[..., Console]
) -> None:
    with Cups(eve.uri) as cups:
        console = open_console(cups.uri)
        eve.hold()
        uid = console.print()
        console.until_sent(uid)
        # It asks the printer for the job meanwhile, and takes it for printed when the printer knows no more.
        wait_for(lambda: "Printing" in console.delivery(uid).info, lambda: console.delivery(uid).info)
        eve.kill()
        eve.restart()
        job = console.until(uid, DONE, IN_ORDER)
        assert "look whether it was" in " ".join(job.remarks)
        console.release()


@ways
def test_films_wait_for_a_printer_that_is_off(way: str, eve: IppEve, console: Console) -> None:
    eve.kill()
    uids = [console.print(), console.print()]
    console.until(uids[0], ("PENDING", "PRINTER OFFLINE"), OFFLINE)
    eve.restart()
    for uid in uids:
        job = console.until(uid, DONE)
        assert [each.attempts for each in job.deliveries] == [1]
    assert console.printer == IN_ORDER
    assert len(eve.received) == 2
    console.release()


def aborted(eve: IppEve, console: Console) -> Job:
    """A job that the printer aborted, when it has ended."""
    eve.hold()
    uid = console.print()
    wait_for(lambda: "rinting" in console.delivery(uid).info, lambda: console.delivery(uid).info)
    eve.abort_next()
    wait_for(lambda: console.queued(uid).ended, lambda: console.delivery(uid).info)
    eve.resume()
    return console.queued(uid)


@ways
def test_a_job_that_the_printer_aborts_is_a_failure(way: str, eve: IppEve, console: Console) -> None:
    # CUPS asks for the job in two threads, and counts it as printed when the wrong one is first to see it.
    jobs = (aborted(eve, console) for _ in range(20))
    job = next(job for job in jobs if way == "direct" or job.status != "DONE")
    console.until(job.uid, ("FAILURE", "UNKNOWN"), IN_ORDER)
    assert "at the printer" in job.info
    assert eve.received == []
    after = console.print()  # and nothing is wrong with the next one
    console.until(after, DONE, IN_ORDER)
    assert len(eve.received) == 1
    console.release()


@ways
def test_a_size_that_the_printer_has_not_is_refused_before_anything_is_sent(
    way: str, open_console: Callable[..., Console], tmp_path: Path
) -> None:
    with IppEve(tmp_path / "eve", sizes=[(8, 10)], custom=False) as eve, ExitStack() as stack:
        uri = stack.enter_context(Cups(eve.uri)).uri if way == "cups" else eve.uri
        console = open_console(uri)
        uid = console.print()
        job = console.until(uid, ("FAILURE", "REQ MED NOT AVAI"), IN_ORDER)
        assert "has no film of 17 x 17 inch, but 8 x 10 inch" in job.info
        assert console.delivery(uid).remote == ""
        console.until(console.print(film_size="8INX10IN"), DONE)
        [printed] = eve.received
        assert "x-dimension=20320 y-dimension=25400" in printed.job["IPP_MEDIA_COL"]
        console.release()


@direct
def test_a_busy_printer_is_asked_again(eve: IppEve, open_console: Callable[..., Console]) -> None:
    console = open_console(eve.uri, at_once=2)
    eve.hold()
    first = console.print()
    console.until(first, ("PRINTING", "NORMAL"))
    second = console.print()
    console.until(second, ("PENDING", "PRINTER BUSY"))
    eve.resume()
    for uid in (first, second):
        job = console.until(uid, DONE)
        assert [each.attempts for each in job.deliveries] == [1]
    wait_for(lambda: console.printer == IN_ORDER, lambda: str(console.printer))
    assert len(eve.received) == 2
    console.release()


@ways
def test_a_job_that_the_operator_cancels_is_gone_at_the_printer(
    way: str, eve: IppEve, console: Console
) -> None:
    eve.hold()
    uid = console.print()
    delivery = console.until_sent(uid)
    operator(console.film_printer).cancel(console.queued(uid).id)
    if way == "cups":
        console.until(uid, ("FAILURE", "UNKNOWN"))
    # The command that plays the printer does not hear of it, and goes on until it ends.
    eve.abort_next()
    job = console.until(uid, ("FAILURE", "UNKNOWN"), IN_ORDER)
    assert job.info == "cancelled by the operator"
    assert [each.state for each in job.deliveries] == [DeliveryState.CANCELLED]
    assert follow(delivery.place, delivery.remote).stage is Stage.FAILED
    eve.resume()
    console.until(console.print(), DONE)
    assert len(eve.received) == 1  # the second
    console.release()


def operator(printer: FilmPrinter) -> JobQueue:
    """The queue, as commands open it."""
    return JobQueue(Database(printer.settings.database_url))


def follow(uri: str, remote: str) -> Any:
    return Settings(uri=uri).follow(remote)


# --- kill -9 ----------------------------------------------------------------------------------------------

FILMS, KILLS = 20, 15


class Murderous(IppDouble):
    """It kills its client: in the middle of a question, before it answers, or right after."""

    def __init__(self, chosen: random.Random) -> None:
        super().__init__()
        self.kill: Callable[[], None] = lambda: None
        self.kills = 0
        self.names: dict[int, str] = {}
        self._chosen = chosen
        self._lock = threading.Lock()

    def answer(self, request: Message, document: bytes) -> Message | None:
        with self._lock:  # one after the other, as a printer
            strikes = self.kills < KILLS and self._chosen.random() < 0.2
            when = self._chosen.choice(("before", "after", "soon")) if strikes else ""
            self.kills += bool(strikes)
            if when == "before":
                self.kill()
            answer = super().answer(request, document)
            if request.code == CREATE_JOB:
                self.names[len(self.jobs)] = str(request.values(Group.OPERATION, "job-name")[0])
            if when == "after":
                self.kill()
            elif when == "soon":
                threading.Timer(self._chosen.uniform(0, 0.05), self.kill).start()
            return answer


@pytest.mark.timeout(240)
def test_kills_of_workers_lose_no_film_and_print_none_twice(open_console: Callable[..., Console]) -> None:
    chosen = random.Random(1)
    double = Murderous(chosen)
    with double:
        console = open_console(double.uri, {"workers": 2, "attempts": 99}, at_once=FILMS)
        printer = console.film_printer

        def kill() -> None:
            for pid in chosen.sample(printer.worker_pids, chosen.choice((1, 2))):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

        double.kill = kill
        for _ in range(FILMS):
            console.print(film_size="8INX10IN")
        jobs = printer.wait_for(lambda jobs: all(job.ended for job in jobs), 180)
        console.release()
    assert double.kills == KILLS
    assert [(job.status, job.info) for job in jobs] == [("DONE", "")] * FILMS
    whole = {number: job for number, job in double.jobs.items() if job in double.printed}
    assert Counter(double.names[number] for number in whole) == {
        f"film {job.id}   VIEWER > PRINTSCP": 1 for job in jobs
    }
    for each in whole.values():
        assert each.document is not None
        assert each.document.endswith(b"%%EOF\n")
