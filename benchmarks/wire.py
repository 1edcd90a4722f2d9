"""What the wire costs: the wait for an answer, associations that are idle, and sixty-four SCUs at once.

The same raw client for all servers: printscp, DCMTK's dcmprscp, and a server made of pynetdicom as it comes.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path

from acceptance import HOST, META, PATIENCE, TITLE, Dcmprscp, Printscp, Server
from films import Film
from peers.raw import RawScu

from printscp.film.uids import (
    BASIC_FILM_BOX,
    BASIC_FILM_SESSION,
    BASIC_GRAYSCALE_IMAGE_BOX,
    PRINTER,
    PRINTER_INSTANCE,
)

VERIFICATION = "1.2.840.10008.1.1"
TICKS = os.sysconf("SC_CLK_TCK")

STOCK = """
import signal
from pydicom.dataset import Dataset
from pynetdicom import AE, evt
from pynetdicom.sop_class import BasicGrayscalePrintManagementMeta, Verification
def get(event):
    status = Dataset()
    status.PrinterStatus = "NORMAL"
    return 0x0000, status
entity = AE("STOCK")
entity.maximum_associations = 1000
for syntax in (BasicGrayscalePrintManagementMeta, Verification):
    entity.add_supported_context(syntax)
server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_N_GET, get)])
print(server.server_address[1], flush=True)
signal.pause()
"""


class Stock(Server):
    """pynetdicom's own server."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, [sys.executable, "-c", STOCK], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())


def latency(server: Server, requests: int) -> tuple[float, float]:
    """Median milliseconds of a C-ECHO and of an N-GET of the printer."""
    scu = RawScu((HOST, server.port), [META, VERIFICATION], called=TITLE, syntax="1.2.840.10008.1.2")
    medians = []
    for verb, sop_class, instance, context in (
        ("echo", VERIFICATION, None, VERIFICATION),
        ("get", PRINTER, PRINTER_INSTANCE, META),
    ):
        times = []
        for _ in range(requests):
            started = time.perf_counter()
            assert scu.ask(verb, sop_class, instance, context=context).status == 0
            times.append((time.perf_counter() - started) * 1000)
        medians.append(statistics.median(times))
    scu.release()
    return medians[0], medians[1]


def idle(server: Server, associations: int, seconds: float) -> float:
    """Per cent of one core that a server burns for associations that say nothing."""
    with ExitStack() as stack:
        for _ in range(associations):
            stack.enter_context(RawScu((HOST, server.port), [META], called=TITLE, syntax="1.2.840.10008.1.2"))
        time.sleep(1)
        before = cpu(server.process.pid)
        time.sleep(seconds)
        return (cpu(server.process.pid) - before) / seconds * 100


def crowd(server: Server, film: Film, scus: int) -> None:
    """So many SCUs print a film each, beside an idle and a stalled one; the peak memory of the server.

    No film is printed before the images of all of them are there.
    """
    images = film.images()
    size = sum(len(image.BasicGrayscaleImageSequence[0].PixelData) for image in images)
    before = memory(server.process.pid, "VmRSS")
    refused: list[str] = []
    all_there = threading.Barrier(scus)

    def print_film() -> None:
        try:
            scu = RawScu((HOST, server.port), [META], called=TITLE)
            box = film.film_box_uid
            answers = [scu.ask("create", BASIC_FILM_SESSION, film.session_uid, film.session(), context=META)]
            created = scu.ask("create", BASIC_FILM_BOX, box, film.film_box(), context=META)
            answers.append(created)
            boxes = [each.ReferencedSOPInstanceUID for each in created.dataset.ReferencedImageBoxSequence]
            for instance, image in zip(boxes, images, strict=True):
                answers.append(scu.ask("set", BASIC_GRAYSCALE_IMAGE_BOX, instance, image, context=META))
            all_there.wait(PATIENCE)
            answers.append(scu.ask("action", BASIC_FILM_BOX, box, context=META))
            refused.extend(f"0x{said.status:04X}" for said in answers if said.status)
            scu.release()
        except Exception as error:
            refused.append(repr(error))

    with (
        RawScu((HOST, server.port), [META], called=TITLE) as stalled,
        RawScu((HOST, server.port), [META], called=TITLE),
    ):
        stalled.socket.sendall(b"\x04\0\0\1\0\0")  # the head of a PDU whose body does not come
        threads = [threading.Thread(target=print_film) for _ in range(scus)]
        started = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE * 5)
        seconds = time.perf_counter() - started
    assert not refused, refused
    grown = memory(server.process.pid, "VmHWM") - before
    allowed = scus * (2.2 * size + (20 << 20))
    print(
        f"{scus} SCUs at once, {film.name} each, accepted in {seconds:.1f} s: peak memory grew by "
        f"{grown / scus / size:.2f} x image bytes, {grown / allowed:.2f} of 2.2 x image bytes + 20 MB each"
    )


def cpu(pid: int) -> float:
    """Seconds of processor time that a process has used."""
    stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(stat[11]) + int(stat[12])) / TICKS


def memory(pid: int, key: str) -> int:
    """VmRSS or VmHWM of a process, in bytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(key)) << 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--idle", type=int, default=128, help="associations that say nothing")
    parser.add_argument("--scus", type=int, default=64, help="at once")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        limits = ("PRINTSCP_MAX_ASSOCIATIONS", str(max(arguments.idle, arguments.scus) + 8))
        os.environ.update([limits])
        print(f"{'server':12} {'C-ECHO ms':>10} {'N-GET ms':>10}")
        for kind in (Printscp, Dcmprscp, Stock):
            with kind(folder / kind.__name__.lower()) as server:
                echo, get = latency(server, arguments.requests)
                print(f"{kind.__name__.lower():12} {echo:10.3f} {get:10.3f}", flush=True)
        for kind, count in ((Printscp, arguments.idle), (Stock, arguments.idle // 4)):
            with kind(folder / f"idle-{kind.__name__.lower()}") as server:
                percent = idle(server, count, 5)
                print(f"{count} idle associations: {kind.__name__.lower()} burns {percent:.1f} % of a core")
        for film, scus in ((Film(1, 1, (2048, 2048), 12), arguments.scus), (Film(1, 1, (5120, 4096), 12), 1)):
            with Printscp(folder / f"crowd-{scus}") as server:
                crowd(server, film, scus)
                server.check(scus)
        print("every film of them was printed")


if __name__ == "__main__":
    main()
