"""The worker process: takes a job, renders its sheets, delivers the pages, records what became of it.

Its standard input is the line to the server: a byte says that a job may have come, the end of file that the
server is gone; then, as after SIGTERM, the job in hand is finished and the process ends. Each change it makes
to a job it tells on standard output, one line of JSON each (`printscp.spool.news`).
"""

import argparse
import json
import logging
import os
import select
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from printscp.film.job import Job
from printscp.logs import set_up
from printscp.outputs.pdf import PDFFolder
from printscp.render.compose import compose
from printscp.render.omissions import not_rendered
from printscp.render.page import Page
from printscp.spool.folder import Spool
from printscp.spool.news import write_line
from printscp.spool.queue import StatusInfo, film_remarks
from printscp.spool.store import DamagedSheet

_FIRST_PAUSE = 1.0  # seconds before a delivery is tried again; doubled each time

log = logging.getLogger("printscp.worker")  # by name: the process runs this module as __main__


class Worker:
    """Works on one job at a time, as ``holder``; ``outputs`` are the ways out by printer name."""

    def __init__(self, spool: Spool, outputs: Mapping[str, PDFFolder], holder: str) -> None:
        self._spool = spool
        self._outputs = outputs
        self._holder = holder
        self._pauses: dict[str, float] = {}  # of printers that cannot deliver for now

    def work(self) -> bool:
        """Do the next job that is due; False if there is none."""
        queue = self._spool.queue
        job = queue.take(self._holder)
        if job is None:
            return False
        _tell(job)
        remarks: list[tuple[str, ...]] = []
        try:
            path = self._deliver(job, remarks)
        except OSError as error:
            ended = self._postpone(job, f"cannot deliver: {error.strerror or error}; trying again")
        except DamagedSheet as error:
            log.error("sheet damaged", extra={"job": job.id, "error": str(error)})
            ended = queue.fail(job, self._holder, StatusInfo.ELEC_SW_ERROR, str(error))
        except Exception as error:
            # The same sheet would fail the same way again: rendering is a pure function.
            log.exception("film cannot be rendered", extra={"job": job.id})
            info = f"cannot be rendered: {error}"
            ended = queue.fail(job, self._holder, StatusInfo.INVALID_PAGE_DES, info)
        else:
            self._pauses.pop(job.order.printer_name, None)
            ended = queue.done(job, self._holder, str(path), film_remarks(remarks))
            if ended is not None:
                for film in job.films:
                    self._spool.sheets.remove(film.sheet)
        if ended is not None:
            _tell(ended)
        return True

    def run(self, line: int, stop: int) -> None:
        """Work until the file descriptor ``line`` ends, or a byte comes from ``stop``."""
        patience: float | None = 0.0
        while True:
            ready, _, _ = select.select([line, stop], [], [], patience)
            if stop in ready or (line in ready and not os.read(line, 4096)):
                return
            patience = 0.0 if self.work() else self._spool.queue.next_due()

    def _deliver(self, job: Job, remarks: list[tuple[str, ...]]) -> Path:
        """Deliver all pages of a job as one document; ``remarks`` gets those of each film."""
        name = job.order.printer_name
        if name not in self._outputs:
            raise OSError(f"the printer {name} is not set up")
        pages = (self._page(job, number, remarks) for number in range(1, len(job.films) + 1))
        return self._outputs[name].deliver(pages, film_name(job), job.order.copies)

    def _page(self, job: Job, number: int, remarks: list[tuple[str, ...]]) -> Page:
        sheet = self._spool.sheets.load(job.films[number - 1].sheet)
        remarks.append(not_rendered(sheet, job.order))
        return compose(sheet, film_title(job, number))

    def _postpone(self, job: Job, reason: str) -> Job | None:
        log.warning("film waits", extra={"job": job.id, "reason": reason})
        name = job.order.printer_name
        pause = self._pauses.get(name, _FIRST_PAUSE)
        self._pauses[name] = pause * 2
        return self._spool.queue.postpone(job, self._holder, reason, pause)


def film_title(job: Job, number: int) -> str:
    """The line below the images of a job's film: which film this is, and no word of whose."""
    created = job.created.astimezone()
    order, films = job.order, len(job.films)
    name = f"film {job.id}" if films == 1 else f"job {job.id}   film {number} of {films}"
    size = job.films[number - 1].film_size
    return f"{name}   {created:%Y-%m-%d %H:%M:%S}   {size}   {order.originator} > {order.printer_name}"


def film_name(job: Job) -> str:
    """The name of its file; a function of the job alone, so that a film done twice is one file."""
    return f"{job.created:%Y%m%d-%H%M%S}-{job.id:06}"


def _tell(job: Job) -> None:
    try:
        print(write_line(job), flush=True)  # noqa: T201 (the line to the server)
    except BrokenPipeError:
        log.debug("the server is gone")


def main() -> None:
    """Entry point of the process, started by the server's supervisor."""
    parser = argparse.ArgumentParser(prog="printscp.worker", description=__doc__)
    parser.add_argument("--spool", type=Path, required=True)
    # JSON, since names of printers and folders may hold any character that could stand between them.
    parser.add_argument("--outputs", type=json.loads, required=True, help='{"PRINTER NAME": "FOLDER", ...}')
    parser.add_argument("--holder", required=True)
    parser.add_argument("--log-format", choices=("text", "json"), default="text")
    arguments = parser.parse_args()
    # The byte comes from the signal itself: a handler in Python would wait for a select that has just begun.
    stop, stopper = os.pipe()
    os.set_blocking(stopper, False)
    signal.set_wakeup_fd(stopper)
    signal.signal(signal.SIGTERM, lambda *_: None)
    # Ctrl-C reaches the whole process group; the server ends the line when it has closed its associations.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    set_up(logging.INFO, arguments.log_format)
    spool = Spool(arguments.spool)
    outputs = {name: PDFFolder(Path(folder)) for name, folder in arguments.outputs.items()}
    Worker(spool, outputs, arguments.holder).run(sys.stdin.fileno(), stop)
    spool.close()


if __name__ == "__main__":
    main()
