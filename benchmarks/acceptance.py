"""How long a modality waits until its film is accepted: printscp beside DCMTK's reference server dcmprscp.

Measured from sending the first N-CREATE to having read the N-ACTION reply, with the same client for both
servers, in turns. Both keep what they accept on the same disk; printscp flushes it there, dcmprscp does not.
"""

import argparse
import contextlib
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from films import FILMS, Film
from peers.raw import RawScu
from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian
from pynetdicom.ae import ApplicationEntity
from pynetdicom.presentation import build_context

from printscp.film.job import ExecutionStatus
from printscp.film.uids import (
    BASIC_FILM_BOX,
    BASIC_FILM_SESSION,
    BASIC_GRAYSCALE_IMAGE_BOX,
    BASIC_GRAYSCALE_PRINT_MANAGEMENT_META,
)
from printscp.spool.database import Database
from printscp.spool.queue import JobQueue

HOST = "127.0.0.1"
PATIENCE = 60.0  # seconds for any one step; only something broken takes as long
MAXIMUM_PDU = 131072  # the largest that DCMTK takes
TITLE = "FILMPRINTER"
META = BASIC_GRAYSCALE_PRINT_MANAGEMENT_META
PRINT = 1  # Action Type ID of the film box N-ACTION
PRINTSCP = (sys.executable, "-c", "from printscp.cli import main; main()")
UNDER_WAY = (ExecutionStatus.PENDING, ExecutionStatus.PRINTING)


class RawClient:
    """An SCU as fast as they come: one blocking socket, no threads, data sets encoded beforehand."""

    def __init__(self, port: int) -> None:
        self._scu = RawScu((HOST, port), [META], called=TITLE)

    def prepare(self, dataset: Dataset) -> bytes:
        return self._scu.prepare(dataset, META)

    def send(
        self, verb: str, sop_class: UID, instance: UID, data: bytes | None = None
    ) -> tuple[int, Dataset]:
        said = self._scu.ask(verb, sop_class, instance, data, context=META)
        return said.status, said.dataset

    def release(self) -> None:
        self._scu.release()

    @staticmethod
    def dataset(reply: Dataset) -> Dataset:
        return reply


class PynetdicomClient:
    """pynetdicom's SCU as many a script uses it; it polls, and pays a millisecond or more per message."""

    def __init__(self, port: int) -> None:
        entity = ApplicationEntity("PYNETDICOM")
        entity.connection_timeout = entity.acse_timeout = entity.dimse_timeout = PATIENCE
        contexts = [build_context(META, ExplicitVRLittleEndian)]
        self._association = entity.associate(HOST, port, contexts, TITLE, max_pdu=MAXIMUM_PDU)
        assert self._association.is_established, "no association"
        transport: Any = self._association.dul.socket
        transport.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # Once in a thousand messages its reactor thread takes the reply from under the caller, who then waits
        # in vain. Paused until the release, it cannot; the other thread goes on polling.
        self._checkpoint: Any = self._association._reactor_checkpoint
        self._checkpoint.set = lambda: None
        self._checkpoint.clear()
        time.sleep(0.05)
        while not self._association._is_paused:
            time.sleep(0.01)

    def prepare(self, dataset: Dataset) -> Dataset:
        return dataset

    def send(
        self, verb: str, sop_class: UID, instance: UID, data: Dataset | None = None
    ) -> tuple[int | None, Dataset | None]:
        arguments: list[Any] = [data, PRINT] if verb == "action" else [data]
        send = getattr(self._association, f"send_n_{verb}")
        status, reply = send(*arguments, sop_class, instance, meta_uid=META)
        return status.get("Status"), reply

    @staticmethod
    def dataset(reply: Dataset) -> Dataset:
        return reply

    def release(self) -> None:
        del self._checkpoint.set
        self._association.release()


CLIENTS: dict[str, Callable[[int], Any]] = {"pynetdicom": PynetdicomClient, "raw": RawClient}


def acceptance(client: Any, film: Film, images: list[Dataset]) -> float:
    """Seconds from the first N-CREATE to the N-ACTION reply."""
    session, film_box = client.prepare(film.session()), client.prepare(film.film_box())
    prepared = [client.prepare(image) for image in images]

    def send(verb: str, sop_class: UID, instance: UID, data: Any = None) -> Any:
        status, reply = client.send(verb, sop_class, instance, data)
        assert status == 0x0000, f"N-{verb.upper()} of {sop_class.name} was answered {status}"
        return reply

    started = time.perf_counter()
    send("create", BASIC_FILM_SESSION, film.session_uid, session)
    reply = client.dataset(send("create", BASIC_FILM_BOX, film.film_box_uid, film_box))
    boxes = [box.ReferencedSOPInstanceUID for box in reply.ReferencedImageBoxSequence]
    for box, image in zip(boxes, prepared, strict=True):
        send("set", BASIC_GRAYSCALE_IMAGE_BOX, box, image)
    send("action", BASIC_FILM_BOX, film.film_box_uid)
    return time.perf_counter() - started


class Server:
    """A server process; ends with the ``with`` block."""

    def __init__(self, folder: Path, command: list[str], **options: Any) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, **options)
        self.port = 0

    def settle(self, busy: bool = False) -> None:
        """Between two films: return when nothing is left to do, or, if ``busy``, without waiting for it."""

    def check(self, films: int) -> None:
        """All of them have become what they were to become."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Printscp(Server):
    """`printscp serve` as an operator runs it, worker and all."""

    def __init__(self, folder: Path, *options: str, database: str | None = None) -> None:
        options = (*options, *(("--database", database) if database else ()))
        arguments = ["serve", "--no-web", "--port", "0", "--spool", "spool", "--output", "films", *options]
        super().__init__(folder, [*PRINTSCP, *arguments], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        # "listening on 127.0.0.1:PORT as TITLE"
        self.port = int(self.process.stdout.readline().split()[2].rpartition(":")[2])
        self.database = Database(database or f"sqlite:///{folder / 'spool' / 'jobs.sqlite'}", make=False)
        self.queue = JobQueue(self.database)

    def settle(self, busy: bool = False) -> None:
        deadline = time.monotonic() + PATIENCE
        while not busy and any(self.queue.counts().get(status) for status in UNDER_WAY):
            assert time.monotonic() < deadline, "the worker does not come to an end"
            time.sleep(0.02)

    def check(self, films: int) -> None:
        self.settle()
        ended = [str(job.status) for job in self.queue.jobs()]
        assert ended == ["DONE"] * films, f"{films} films accepted, jobs: {ended}"
        assert len(list((self.folder / "films").glob("*.pdf"))) == films

    def __exit__(self, *reason: object) -> None:
        self.database.close()
        super().__exit__(*reason)


class Dcmprscp(Server):
    """DCMTK's print server: stores images and a Stored Print object, prints nothing."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            port = probe.getsockname()[1]
        for name in ("database", "log", "lut", "reports", "spool"):
            (folder / name).mkdir(parents=True)
        (folder / "print.cfg").write_text(CONFIGURATION.format(title=TITLE, port=port, pdu=MAXIMUM_PDU))
        super().__init__(
            folder,
            ["dcmprscp", "--log-level", "error", "-c", "print.cfg", "-p", "REFERENCE"],
            # Without it DCMTK leaves Nagle's algorithm on, and every message costs it 40 ms.
            env=os.environ | {"TCP_NODELAY": "1"},
        )
        self.port = port
        self._films = 0
        deadline = time.monotonic() + PATIENCE
        while True:
            assert self.process.poll() is None, "dcmprscp did not start"
            with contextlib.suppress(OSError):
                RawClient(port).release()
                return
            assert time.monotonic() < deadline, "dcmprscp does not listen"
            time.sleep(0.05)

    def settle(self, busy: bool = False) -> None:
        # It keeps an index of all it ever stored, and each image takes longer the longer that is.
        for path in (self.folder / "database").iterdir():
            self._films += path.name.startswith("SP_")
            path.unlink()

    def check(self, films: int) -> None:
        self.settle()
        assert self._films == films, f"{films} films accepted, {self._films} Stored Prints"


CONFIGURATION = """
[[GENERAL]]
[PRINT]
Directory = spool
[DATABASE]
Directory = database
[LUT]
Directory = lut
[REPORT]
Directory = reports
[APPLICATION]
LogDirectory = log
LogFile = print.log
LogLevel = ERROR
[NETWORK]
aetitle = BENCHMARK
[[COMMUNICATION]]
[REFERENCE]
Type = LOCALPRINTER
Description = reference for the acceptance benchmark
Hostname = localhost
Aetitle = {title}
Port = {port}
MaxPDU = {pdu}
DisableNewVRs = false
ImplicitOnly = false
Supports12Bit = true
SupportsPresentationLUT = true
SupportsTrim = true
DisplayFormat = 1,1\\2,2\\4,5
FilmSizeID = 14INX17IN
FilmDestination = PROCESSOR
MediumType = BLUE FILM
MagnificationType = CUBIC
SmoothingType = NONE
ResolutionID = STANDARD
BorderDensity = BLACK
EmptyImageDensity = BLACK
MinDensity = 20
MaxDensity = 310
"""


def measure(
    servers: tuple[Server, Server], kind: str, film: Film, runs: int, busy: bool
) -> list[tuple[float, float]]:
    """Seconds of (ours, theirs) per run, without the first."""
    images = film.images()
    pairs = []
    for _ in range(runs):
        pair = []
        for server in servers:
            for each in servers:
                each.settle(busy)
            # What one left unwritten in memory, the other must not wait for when it flushes.
            os.sync()
            client = CLIENTS[kind](server.port)
            pair.append(acceptance(client, film, images))
            client.release()
        pairs.append((pair[0], pair[1]))
    return pairs[1:]


def report(film: Film, pairs: list[tuple[float, float]]) -> str:
    ratios = [ours / theirs for ours, theirs in pairs]
    ours, theirs = (statistics.median(times) * 1000 for times in zip(*pairs, strict=True))
    return (
        f"{statistics.median(ratios):8.2f}  {min(ratios):5.2f}-{max(ratios):<5.2f} "
        f"{film.name:24} {ours:9.1f} {theirs:12.1f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--runs", type=int, default=7, help="per server, film and client; the first one warms up"
    )
    parser.add_argument("--client", choices=[*CLIENTS, "both"], default="both")
    parser.add_argument("--busy", action="store_true", help="do not wait for the worker between films")
    parser.add_argument(
        "--folder", type=Path, help="where both keep their films [default: the temporary folder]"
    )
    arguments = parser.parse_args()
    if arguments.runs < 2:
        parser.error("--runs: at least 2, the first one warms up")
    if shutil.which("dcmprscp") is None:
        print("dcmprscp is not on PATH: install the Debian package dcmtk", file=sys.stderr)
        sys.exit(1)
    kinds = list(CLIENTS) if arguments.client == "both" else [arguments.client]
    with (
        tempfile.TemporaryDirectory(dir=arguments.folder) as name,
        Printscp(Path(name) / "printscp") as ours,
        Dcmprscp(Path(name) / "dcmprscp") as theirs,
    ):
        for kind in kinds:
            state = "worker busy" if arguments.busy else "worker idle"
            print(
                f"\nClient {kind}, {state}: median of {arguments.runs - 1} pairs; below 1 printscp is faster"
            )
            print(f"{'ratio':>8}  {'range':11} {'film':24} {'printscp':>9} {'dcmprscp':>12}  (ms)")
            for film in FILMS:
                print(
                    report(film, measure((ours, theirs), kind, film, arguments.runs, arguments.busy)),
                    flush=True,
                )
        for server in (ours, theirs):
            server.check(len(kinds) * len(FILMS) * arguments.runs)
        print("\nEvery film was accepted with status 0000; printscp printed all of them.")


if __name__ == "__main__":
    main()
