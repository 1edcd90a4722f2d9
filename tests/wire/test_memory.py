"""The memory budget is asked while a large image comes in, not once all of it is here."""

import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from peers.bench import Bench, film_of, open_session
from peers.raw import RawScu
from peers.scu import META, attributes, image_item
from pydicom.uid import generate_uid
from pynetdicom.sop_class import BasicFilmBox, BasicGrayscaleImageBox

from printscp.wire import dimse

MIB = 1 << 20  # the budget of the bench is 16 of them


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.close()
    assert bench.printer.budget.held == 0


class Sender(RawScu):
    """An SCU with a film box of one image box."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench.address, (META,))
        self.film = generate_uid()
        session = open_session(self)
        created = self.ask("create", BasicFilmBox, self.film, film_of(session), context=META)
        self.box = created.dataset.ReferencedImageBoxSequence[0].ReferencedSOPInstanceUID

    def begin(self, mib: int, share: float) -> bytes:
        """Send this share of an image; the rest of it."""
        item = image_item(np.zeros((mib << 10, 1 << 10), np.uint8))
        pdus = self.prepare(attributes(ImageBoxPosition=1, BasicGrayscaleImageSequence=[item]), META)
        part = int(len(pdus) * share)
        self.post("set", BasicGrayscaleImageBox, self.box, pdus[:part], context=META)
        return pdus[part:]

    def set(self, mib: int) -> int:
        """Set an image of so many MiB; the status."""
        self.socket.sendall(self.begin(mib, 0.5))
        return self.answer().status


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_an_image_that_has_no_room_is_not_kept_while_it_comes(bench: Bench) -> None:
    with Sender(bench) as scu:
        rest = scu.begin(60, 0.9)
        [association] = bench.server.associations
        until(lambda: association.dul._assembler._size > 50 * MIB)
        assert len(association.dul._assembler._data) == bench.printer.budget.held == 0
        scu.socket.sendall(rest)
        refused = scu.answer()
        assert refused.status == 0xC605
        assert refused.command["ErrorComment"] == "no room for the image now: print what is set, or wait"
        assert scu.set(15) == 0
        assert scu.ask("action", BasicFilmBox, scu.film, context=META).status == 0
        scu.release()


def test_what_comes_in_on_one_association_is_not_there_for_another(bench: Bench) -> None:
    with Sender(bench) as first, Sender(bench) as second:
        rest = first.begin(10, 0.8)
        until(lambda: bench.printer.budget.held > 6 * MIB)
        assert second.set(10) == 0xC605
        first.socket.sendall(rest)
        assert first.answer().status == 0
        assert bench.printer.budget.held == 10 * MIB
        assert second.set(6) == 0


def test_an_image_takes_the_place_of_another_in_a_full_budget(bench: Bench) -> None:
    with Sender(bench) as scu:
        for mib in (16, 16, 15, 17, 16):
            assert scu.set(mib) == (0xC605 if mib > 16 else 0)
        assert bench.printer.budget.held == 16 * MIB
        scu.release()


def test_half_an_image_gives_its_memory_back(bench: Bench) -> None:
    with Sender(bench) as scu:
        scu.begin(10, 0.5)
        until(lambda: bench.printer.budget.held > 3 * MIB)
    until(lambda: bench.printer.budget.held == 0)


def test_what_is_no_image_is_not_longer_than_it_can_be(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(dimse, "_LONGEST_BUT_IMAGES", 2 * MIB)
    with Sender(bench) as scu:
        taken, too_long = (attributes(ICCProfile=bytes(mib << 20)) for mib in (1, 3))
        assert scu.ask("set", BasicFilmBox, scu.film, taken, context=META).status == 0x0116
        scu.post("set", BasicFilmBox, scu.film, too_long, context=META)
    until(lambda: bench.server.associations == ())
    errors = [vars(record)["error"] for record in caplog.records if record.message == "protocol error"]
    assert errors == [f"a data set of more than {2 * MIB} bytes that is no image"]
