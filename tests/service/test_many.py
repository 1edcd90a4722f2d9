"""Many SCUs at once, among them some that do nothing or stop half-way."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from peers.raw import RawScu
from peers.scu import META
from pynetdicom.sop_class import Printer as PrinterClass
from pynetdicom.sop_class import PrinterInstance
from service.films import print_film

from printscp.printer import FilmPrinter

pytestmark = pytest.mark.slow

SCUS = 64


def test_64_scus_print_at_once(start_printer: Callable[..., FilmPrinter]) -> None:
    printer = start_printer(max_associations=SCUS + 2)
    together = threading.Barrier(SCUS)

    def print_one(number: int) -> None:
        with RawScu(printer.address, (META,), calling=f"SCU{number}") as scu:
            together.wait(30)  # all of them are associated
            print_film(scu, {"FilmSessionLabel": f"FILM {number}"})
            scu.release()

    with RawScu(printer.address, (META,)) as idle, RawScu(printer.address, (META,)) as stalled:
        stalled.socket.sendall(b"\x04\0\0\1\0\0")  # the head of a PDU of 64 KiB, and no more
        with ThreadPoolExecutor(SCUS) as pool:
            list(pool.map(print_one, range(SCUS)))
        jobs = printer.wait_for(lambda jobs: all(job.ended for job in jobs), 60)
        assert idle.ask("get", PrinterClass, PrinterInstance, context=META).status == 0
        idle.release()
        stalled.reset()
    assert [job.status for job in jobs] == ["DONE"] * SCUS
    told = {(job.order.originator, job.order.label) for job in jobs}
    assert told == {(f"SCU{number}", f"FILM {number}") for number in range(SCUS)}
    assert len({job.outputs for job in jobs}) == SCUS
