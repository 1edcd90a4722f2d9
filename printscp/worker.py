"""The worker process: takes a job, renders its sheet, delivers the page, records what became of it.

Its standard input is the line to the server: a byte says that a job may have come, the end of file that the
server is gone; then, as after SIGTERM, the job in hand is finished and the process ends. Each change it makes
to a job it tells on standard output, one job number a line.
"""

import argparse
import logging
import os
import select
import signal
import sys
from pathlib import Path

from printscp.film.job import Job
from printscp.outputs.pdf import PDFFolder
from printscp.render.compose import compose
from printscp.spool.folder import Spool
from printscp.spool.store import DamagedSheet

_FIRST_PAUSE = 1.0  # seconds before a delivery is tried again; doubled each time

log = logging.getLogger(__name__)


class Worker:
    """Works on one job at a time, as ``holder``."""

    def __init__(self, spool: Spool, output: PDFFolder, holder: str) -> None:
        self._spool = spool
        self._output = output
        self._holder = holder
        self._pause = _FIRST_PAUSE

    def work(self) -> bool:
        """Do the next job that is due; False if there is none."""
        queue = self._spool.queue
        job = queue.take(self._holder)
        if job is None:
            return False
        _tell(job)
        try:
            sheet = self._spool.sheets.load(job.sop_instance_uid)
            path = self._output.deliver(compose(sheet, film_title(job)), film_name(job))
        except OSError as error:
            reason = f"cannot deliver: {error.strerror or error}; trying again"
            log.warning("job %d: %s", job.id, reason)
            queue.postpone(job, self._holder, reason, self._pause)
            self._pause *= 2
        except DamagedSheet as error:
            log.error("job %d: %s", job.id, error)
            queue.fail(job, self._holder, str(error))
        except Exception as error:
            # The same sheet would fail the same way again: rendering is a pure function.
            log.exception("job %d cannot be rendered", job.id)
            queue.fail(job, self._holder, f"cannot be rendered: {error}")
        else:
            self._pause = _FIRST_PAUSE
            if queue.done(job, self._holder, str(path)):
                self._spool.sheets.remove(job.sop_instance_uid)
        _tell(job)
        return True

    def run(self, line: int, stop: int) -> None:
        """Work until the file descriptor ``line`` ends, or a byte comes from ``stop``."""
        patience: float | None = 0.0
        while True:
            ready, _, _ = select.select([line, stop], [], [], patience)
            if stop in ready or (line in ready and not os.read(line, 4096)):
                return
            patience = 0.0 if self.work() else self._spool.queue.next_due()


def film_title(job: Job) -> str:
    """The line below the images: which film this is, and no word of whose."""
    created = job.created.astimezone()
    route = f"{job.originator} > {job.printer_name}"
    return f"film {job.id}   {created:%Y-%m-%d %H:%M:%S}   {job.film_size}   {route}"


def film_name(job: Job) -> str:
    """The name of its file; a function of the job alone, so that a film done twice is one file."""
    return f"{job.created:%Y%m%d-%H%M%S}-{job.id:06}"


def _tell(job: Job) -> None:
    try:
        print(job.id, flush=True)  # noqa: T201 (the line to the server)
    except BrokenPipeError:
        log.debug("the server is gone")


def main() -> None:
    """Entry point of the process, started by the server's supervisor."""
    parser = argparse.ArgumentParser(prog="printscp.worker", description=__doc__)
    parser.add_argument("--spool", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--holder", required=True)
    arguments = parser.parse_args()
    # The byte comes from the signal itself: a handler in Python would wait for a select that has just begun.
    stop, stopper = os.pipe()
    os.set_blocking(stopper, False)
    signal.set_wakeup_fd(stopper)
    signal.signal(signal.SIGTERM, lambda *_: None)
    # Ctrl-C reaches the whole process group; the server ends the line when it has closed its associations.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s worker: %(message)s")
    spool = Spool(arguments.spool)
    Worker(spool, PDFFolder(arguments.output), arguments.holder).run(sys.stdin.fileno(), stop)
    spool.close()


if __name__ == "__main__":
    main()
