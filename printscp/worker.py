"""The worker process: takes a delivery, has it made, records what became of it.

Its standard input is the line to its supervisor: first what it goes by, as one line of JSON
(`printscp.supervisor.WorkerSetup`); then a byte says that a job may have come, and the end of file that the
supervisor is gone. Then, as after SIGTERM, the job in hand is finished and the process ends. On standard
output it tells its name, as one line, and then each change it makes to a job by a byte.
"""

import contextlib
import logging
import os
import select
import signal
import sys
import tempfile
import threading
from collections.abc import Mapping

import cv2
from pydantic import TypeAdapter

from printscp.delivery import deliver
from printscp.errors import ClaimLost, SetupError
from printscp.film.job import DeliveryState, Job
from printscp.film.printer import PrinterState
from printscp.logs import set_up
from printscp.outputs.output import (
    Condition,
    NotReady,
    Output,
    Progress,
    Refused,
    RemotePrinter,
    SheetOutput,
    Stage,
)
from printscp.outputs.registry import open_output
from printscp.spool.claim import Claim, Claims
from printscp.spool.database import TableError, reason
from printscp.spool.folder import Retention, Spool
from printscp.spool.processes import Presence
from printscp.spool.queue import StatusInfo, film_remarks
from printscp.spool.store import DamagedSheet
from printscp.supervisor import WorkerSetup

_LOOK = 0.5  # seconds between looks for jobs that other hosts have accepted
_ASK = 1.0  # seconds between questions to a printer about a job that it prints
_ASK_LATER = 3.0  # the same of one that waits there
_RESPITE = 2.0  # seconds to wait where the job table does not work

log = logging.getLogger("printscp.worker")  # by name: the process runs this module as __main__


class Worker:
    """Works on one delivery at a time, as ``holder``; ``outputs`` are the ways out by name."""

    def __init__(
        self,
        spool: Spool,
        outputs: Mapping[str, Output | SheetOutput],
        holder: str,
        keep: Retention,
    ) -> None:
        self._spool = spool
        self._outputs = outputs
        self._holder = holder
        self._keep = keep
        self._at_once = {name: output.at_once for name, output in outputs.items()}

    def work(self) -> bool:
        """Do what is due next; False if there is nothing.

        Raises:
            TableError: the job table does not work: what was in hand is to be given back.
        """
        claim = self._spool.claims.take(self._holder, self._at_once)
        if claim is None:
            return False
        _tell()
        output = self._outputs[claim.delivery.output]
        with contextlib.suppress(ClaimLost):
            if claim.delivery.state is DeliveryState.SENT:
                job = self._ask(claim, output)
            else:
                job = self._send(claim, output)
            _tell()
            if job.ended:
                self._give_up()
        return True

    def run(self, line: int, stop: int) -> None:
        """Work until the file descriptor ``line`` ends, or a byte comes from ``stop``."""
        patience = 0.0
        interrupted = False
        while True:
            ready, _, _ = select.select([line, stop], [], [], patience)
            if stop in ready or (line in ready and not os.read(line, 4096)):
                return
            try:
                if interrupted:
                    # The table may say that something is in hand here, and the heartbeat keeps it so.
                    why = "the job table did not work"
                    self._spool.claims.give_back(self._holder, why, counted=False)
                    interrupted = False
                patience = 0.0 if self.work() else _LOOK
            except TableError as error:
                log.error("job table does not work: trying again", extra={"error": reason(error)})
                interrupted, patience = True, _RESPITE

    def _send(self, claim: Claim, output: Output | SheetOutput) -> Job:
        job = claim.job
        try:
            delivered = deliver(job, self._spool.sheets, output, claim)
        except ClaimLost:
            return claim.drop()  # if it still is ours, then it was cancelled
        except TableError:
            raise
        except NotReady as error:
            return self._postpone(claim, error.condition, error.pause)
        except Refused as error:
            return self._fail(claim, error.status_info, str(error))
        except (OSError, SetupError) as error:
            return self._postpone(claim, _cannot(error))
        except DamagedSheet as error:
            return self._fail(claim, StatusInfo.ELEC_SW_ERROR, str(error))
        except MemoryError:
            raise  # of this host, and not of the film: another may have more
        except Exception as error:
            # The same sheet would fail the same way again: rendering is a pure function.
            log.exception("film cannot be rendered", extra={"job": job.id})
            return self._fail(claim, StatusInfo.INVALID_PAGE_DES, f"cannot be rendered: {error}")
        remarks = [*film_remarks(delivered.remarks), *delivered.sent.remarks]
        if delivered.sent.remote:
            return claim.sent(delivered.sent.place, delivered.sent.remote, remarks, _ASK)
        return claim.done(delivered.sent.place, remarks)

    def _ask(self, claim: Claim, output: Output | SheetOutput) -> Job:
        if isinstance(output, RemotePrinter):
            return self._follow(claim, output)
        changed = f"output {claim.delivery.output} was changed"
        return self._fail(
            claim, StatusInfo.UNKNOWN, f"{changed}: its former printer may have this; if not, reprint it"
        )

    def _follow(self, claim: Claim, output: RemotePrinter) -> Job:
        """Ask a printer what became of a job that it has."""
        remote = claim.delivery.remote
        try:
            if claim.cancelled:
                output.cancel(remote)
            progress = output.follow(remote)
        except NotReady as error:
            return self._postpone(claim, error.condition, error.pause)
        except (OSError, SetupError) as error:
            return self._postpone(claim, _cannot(error))
        except Exception as error:
            # An answer that nobody thought of: it must end neither the worker nor the work of its output.
            log.exception("printer cannot be asked", extra={"job": claim.job.id})
            info = f"cannot ask the printer: {error}"
            return claim.progress(StatusInfo.CHECK_PRINTER, info, PrinterState(), "", _ASK_LATER)
        if claim.cancelled and progress.stage in (Stage.FAILED, Stage.GONE):
            return claim.drop()
        if progress.stage is Stage.DONE:
            return claim.done(claim.delivery.place, [progress.words] if progress.words else [])
        if progress.stage is Stage.FAILED:
            return self._fail(claim, progress.status_info, progress.words)
        if progress.stage is Stage.GONE:
            return claim.again(progress.words)
        return self._goes_on(claim, progress)

    def _goes_on(self, claim: Claim, progress: Progress) -> Job:
        printing = progress.stage is Stage.PRINTING
        condition = progress.condition
        waits = StatusInfo.QUEUED if progress.status_info == StatusInfo.NORMAL else progress.status_info
        return claim.progress(
            progress.status_info if printing else waits,
            progress.words,
            PrinterState(condition.status, condition.info),
            condition.words,
            _ASK if printing else _ASK_LATER,
        )

    def _fail(self, claim: Claim, status_info: str, info: str) -> Job:
        job = claim.fail(status_info, info)
        log.error("film failed", extra={"job": job.id, "output": claim.delivery.output, "reason": info})
        return job

    def _postpone(self, claim: Claim, condition: Condition, pause: float | None = None) -> Job:
        job = claim.postpone(PrinterState(condition.status, condition.info), condition.words, pause)
        log.warning("film waits", extra={"job": job.id, "reason": condition.words})
        return job

    def _give_up(self) -> None:
        try:
            self._spool.give_up(self._keep)
        except (OSError, SetupError) as error:  # the latter where the store is opened only now
            why = error.strerror if isinstance(error, OSError) else str(error)
            log.warning("films not deleted: trying again", extra={"error": why})


class Heartbeat:
    """Renews the leases of a holder from a thread of its own, for as long as the process lives."""

    def __init__(self, claims: Claims, holder: str, lease: float) -> None:
        self._claims = claims
        self._holder = holder
        self._pause = lease / 4
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._stopping.wait(self._pause):
            try:
                self._claims.renew(self._holder)
            except TableError as error:
                log.warning("lease not renewed", extra={"error": reason(error)})


def _cannot(error: OSError | SetupError) -> Condition:
    if isinstance(error, SetupError):  # a file that an output goes by is gone: nothing is wrong with the film
        fault = str(error)
    else:
        place = "" if error.filename is None else f"{error.filename}: "
        fault = f"{place}{error.strerror or error}"
    return Condition("FAILURE", StatusInfo.CHECK_PRINTER, f"cannot deliver: {fault}; trying again")


def _tell(what: bytes = b".") -> None:
    with contextlib.suppress(BrokenPipeError):  # the supervisor is gone
        os.write(sys.stdout.fileno(), what)


def _first_line(handle: int) -> bytes:
    """The first line of what comes; no more of it, as the rest is waited for with select."""
    line = b""
    while not line.endswith(b"\n") and (byte := os.read(handle, 1)):
        line += byte
    return line


def main() -> None:
    """Entry point of the process."""
    # The byte comes from the signal itself: a handler in Python would wait for a select that has just begun.
    stop, stopper = os.pipe()
    os.set_blocking(stopper, False)
    signal.set_wakeup_fd(stopper)
    signal.signal(signal.SIGTERM, lambda *_: None)
    # Ctrl-C and a reload may reach the whole process group; the supervisor ends the line when it wants to.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    line = sys.stdin.fileno()
    told = _first_line(line)
    if not told:
        return
    setup = TypeAdapter(WorkerSetup).validate_json(told)
    set_up(logging.INFO, setup.log_format)
    cv2.setNumThreads(setup.threads)  # outputs go by it, too
    try:
        with Presence(setup.spool, "worker") as presence:
            tempfile.tempdir = str(presence.tmp)
            _tell(presence.name.encode() + b"\n")
            _work(setup, presence, line, stop)
    except SetupError as error:  # a full disk, a database that is away: the next worker may find it mended
        log.error("worker cannot begin", extra={"error": str(error)})
        sys.exit(1)


def _work(setup: WorkerSetup, presence: Presence, line: int, stop: int) -> None:
    outputs = {name: open_output(table) for name, table in setup.outputs.items()}
    with contextlib.closing(
        Spool(
            setup.spool,
            setup.database,
            setup.sheets,
            presence=presence,
            lease=setup.lease,
            attempts=setup.attempts,
        )
    ) as spool:
        heartbeat = Heartbeat(spool.claims, presence.name, setup.lease)
        try:
            Worker(spool, outputs, presence.name, setup.keep).run(line, stop)
        finally:
            heartbeat.stop()


if __name__ == "__main__":
    main()
