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
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, Self

from films import FILMS, Film
from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian
from pynetdicom.ae import ApplicationEntity
from pynetdicom.dsutils import decode, encode
from pynetdicom.pdu import A_ASSOCIATE_AC, A_ASSOCIATE_RQ
from pynetdicom.pdu_primitives import (
    A_ASSOCIATE,
    ImplementationClassUIDNotification,
    MaximumLengthNotification,
)
from pynetdicom.presentation import PresentationContext, build_context

from printscp.film.uids import (
    BASIC_FILM_BOX,
    BASIC_FILM_SESSION,
    BASIC_GRAYSCALE_IMAGE_BOX,
    BASIC_GRAYSCALE_PRINT_MANAGEMENT_META,
)
from printscp.spool.queue import JobQueue

HOST = "127.0.0.1"
PATIENCE = 60.0  # seconds for any one step; only something broken takes as long
MAXIMUM_PDU = 131072  # the largest that DCMTK takes
TITLE = "FILMPRINTER"
COMMAND_FIELDS = {"create": 0x0140, "set": 0x0120, "action": 0x0130}  # PS3.7 E.1
PRINT = 1  # Action Type ID of the film box N-ACTION


class RawClient:
    """An SCU as fast as they come: one blocking socket, no threads, data sets encoded beforehand."""

    CONTEXT = 1  # presentation context ID

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection((HOST, port), PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._limit = self._associate()
        self._message = 0

    def prepare(self, dataset: Dataset) -> bytes:
        """The P-DATA-TF PDUs of a data set, ready to go."""
        encoded = encode(dataset, False, True)
        assert encoded is not None
        return b"".join(self._fragments(encoded, command=False))

    def send(
        self, verb: str, sop_class: UID, instance: UID, data: bytes | None = None
    ) -> tuple[int, bytes | None]:
        self._message += 1
        # Which instance: the affected one of N-CREATE, the requested one of N-SET and N-ACTION.
        class_tag, instance_tag = (0x0002, 0x1000) if verb == "create" else (0x0003, 0x1001)
        elements = [
            (class_tag, _uid(sop_class)),
            (0x0100, struct.pack("<H", COMMAND_FIELDS[verb])),
            (0x0110, struct.pack("<H", self._message)),
            (0x0800, struct.pack("<H", 0x0101 if data is None else 0x0001)),
            (instance_tag, _uid(instance)),
        ]
        if verb == "action":
            elements.append((0x1008, struct.pack("<H", PRINT)))
        command = b"".join(struct.pack("<HHL", 0, tag, len(value)) + value for tag, value in elements)
        command = struct.pack("<HHLL", 0, 0, 4, len(command)) + command
        for pdu in self._fragments(command, command=True):
            self._socket.sendall(pdu)
        if data is not None:
            self._socket.sendall(data)
        return self._reply()

    def release(self) -> None:
        self._socket.sendall(b"\x05\0\0\0\0\4\0\0\0\0")
        kind, _ = self._pdu()
        assert kind == 6, f"PDU type {kind} in place of A-RELEASE-RP"
        self._socket.close()

    def _associate(self) -> int:
        """Returns the largest PDU that the server takes."""
        request = A_ASSOCIATE()
        request.application_context_name = "1.2.840.10008.3.1.1.1"
        request.calling_ae_title, request.called_ae_title = "RAW", TITLE
        context = _context()
        context.context_id = self.CONTEXT
        request.presentation_context_definition_list = [context]
        length, implementation = MaximumLengthNotification(), ImplementationClassUIDNotification()
        length.maximum_length_received = MAXIMUM_PDU
        implementation.implementation_class_uid = UID("1.2.826.0.1.3680043.8.498.3")
        request.user_information = [length, implementation]
        pdu = A_ASSOCIATE_RQ()
        pdu.from_primitive(request)
        self._socket.sendall(pdu.encode())
        kind, answer = self._pdu()
        assert kind == 2, f"PDU type {kind} in place of A-ASSOCIATE-AC"
        accepted = A_ASSOCIATE_AC()
        accepted.decode(struct.pack(">BxL", kind, len(answer)) + answer)
        assert [context.result for context in accepted.presentation_context] == [0]
        assert accepted.user_information is not None
        return accepted.user_information.maximum_length or MAXIMUM_PDU

    def _fragments(self, data: bytes, command: bool) -> Iterator[bytes]:
        most = self._limit - 6
        for start in range(0, len(data), most):
            part = data[start : start + most]
            control = (1 if command else 0) | (2 if start + most >= len(data) else 0)
            yield struct.pack(">BxLLBB", 4, len(part) + 6, len(part) + 2, self.CONTEXT, control) + part

    def _reply(self) -> tuple[int, bytes | None]:
        """The status of a response, and its data set."""
        parts = bytearray(), bytearray()  # data set, command
        last = [False, False]
        status, data_follows = None, True
        while not last[1] or (data_follows and not last[0]):
            kind, body = self._pdu()
            assert kind == 4, f"PDU type {kind} in place of a response"
            offset = 0
            while offset < len(body):
                length, _, control = struct.unpack_from(">LBB", body, offset)
                parts[control & 1].extend(body[offset + 6 : offset + 4 + length])
                last[control & 1] = bool(control & 2)
                offset += 4 + length
            if last[1] and status is None:
                elements = dict(_elements(bytes(parts[1])))
                (status,) = struct.unpack("<H", elements[0x0900])
                data_follows = elements[0x0800] != b"\x01\x01"
        assert status is not None
        return status, bytes(parts[0]) if data_follows else None

    @staticmethod
    def dataset(reply: bytes) -> Dataset:
        return decode(BytesIO(reply), False, True)

    def _pdu(self) -> tuple[int, bytes]:
        kind, length = struct.unpack(">BxL", self._read(6))
        return kind, self._read(length)

    def _read(self, length: int) -> bytes:
        data = bytearray()
        while len(data) < length:
            piece = self._socket.recv(length - len(data))
            assert piece, "the server closed the connection"
            data += piece
        return bytes(data)


class PynetdicomClient:
    """pynetdicom's SCU as many a script uses it; it polls, and pays a millisecond or more per message."""

    def __init__(self, port: int) -> None:
        entity = ApplicationEntity("PYNETDICOM")
        entity.connection_timeout = entity.acse_timeout = entity.dimse_timeout = PATIENCE
        contexts = [_context()]
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
        status, reply = send(*arguments, sop_class, instance, meta_uid=BASIC_GRAYSCALE_PRINT_MANAGEMENT_META)
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

    def __init__(self, folder: Path) -> None:
        start = "from printscp.cli import main; main()"
        arguments = ["serve", "--port", "0", "--spool", "spool", "--output", "films"]
        super().__init__(folder, [sys.executable, "-c", start, *arguments], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        # "listening on 127.0.0.1:PORT as TITLE"
        self.port = int(self.process.stdout.readline().split()[2].rpartition(":")[2])
        self._queue = JobQueue(folder / "spool")

    def settle(self, busy: bool = False) -> None:
        deadline = time.monotonic() + PATIENCE
        while not busy and any(job.finished is None for job in self._queue.jobs()):
            assert time.monotonic() < deadline, "the worker does not come to an end"
            time.sleep(0.02)

    def check(self, films: int) -> None:
        self.settle()
        ended = [str(job.status) for job in self._queue.jobs()]
        assert ended == ["DONE"] * films, f"{films} films accepted, jobs: {ended}"
        assert len(list((self.folder / "films").glob("*.pdf"))) == films

    def __exit__(self, *reason: object) -> None:
        self._queue.close()
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


def _context() -> PresentationContext:
    return build_context(BASIC_GRAYSCALE_PRINT_MANAGEMENT_META, ExplicitVRLittleEndian)


def _uid(uid: UID) -> bytes:
    return uid.encode() + b"\0" * (len(uid) % 2)


def _elements(command: bytes) -> Iterator[tuple[int, bytes]]:
    """Element number and value of each element of a command set: implicit VR, all of group 0000."""
    offset = 0
    while offset < len(command):
        _, tag, length = struct.unpack_from("<HHL", command, offset)
        yield tag, command[offset + 8 : offset + 8 + length]
        offset += 8 + length


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
