"""Print SCUs that do it right have no error, and hardly a warning."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from peers.dcmtk import PrintClient as Dcmtk
from peers.scu import COLOR, META, Scu, color_item, image_item
from peers.wrong import codes, dialogue, report
from pydicom.data import get_testdata_file
from pynetdicom.sop_class import BasicAnnotationBox, Verification

from printscp.client.images import read_images
from printscp.client.scu import FilmRequest, PrintClient

CT = Path(str(get_testdata_file("CT_small.dcm", download=False)))


def our_client(address: tuple[str, int]) -> None:
    images = list(read_images(CT))
    with PrintClient(*address) as client:
        client.print_film(images, FilmRequest("STANDARD\\1,1", film_size="14INX17IN"))


def many_films(address: tuple[str, int]) -> None:
    """A session printed as a whole."""
    with Scu(address, contexts=(META, BasicAnnotationBox, Verification)) as scu:
        scu.echo()
        scu.printer()
        scu.create_session(FilmSessionLabel="CHEST 1 of 2", NumberOfCopies="2")
        for _ in range(2):
            scu.create_film("ROW\\1,2", FilmOrientation="LANDSCAPE", MaxDensity=300, MinDensity=20)
            for position in (1, 2, 3):
                scu.set_image(
                    position, image_item(np.zeros((1024, 1024), np.uint16), PixelAspectRatio=["1", "1"])
                )
        scu.print_session()


def color(address: tuple[str, int]) -> None:
    with Scu(address, contexts=(COLOR,), meta=COLOR) as scu:
        scu.create_session()
        scu.create_film()
        scu.set_image(1, color_item(np.zeros((1024, 1024, 3), np.uint8)))
        scu.print_film()


@pytest.mark.parametrize("mode", ["tolerant", "strict"])
@pytest.mark.parametrize("scenario", [our_client, many_films, color])
def test_nothing_is_wrong_with_a_good_client(scenario: Callable[[tuple[str, int]], None], mode: str) -> None:
    found = report(dialogue(scenario, mode))
    assert codes(found, "error", "warning") == set()
    assert found.ok


@pytest.mark.peer("dcmpsprt", "dcmprscu")
@pytest.mark.parametrize("mode", ["tolerant", "strict"])
@pytest.mark.parametrize("table", [False, True])
def test_nothing_is_wrong_with_the_client_of_dcmtk(tmp_path: Path, mode: str, table: bool) -> None:
    def scenario(address: tuple[str, int]) -> None:
        settings = {"SupportsPresentationLUT": "true"} if table else {}
        client = Dcmtk(tmp_path / "dcmtk", address, **settings)
        stored = client.store([CT], "--layout", "1", "1", "--filmsize", "14INX17IN")
        assert client.send(stored).errors == []

    found = report(dialogue(scenario, mode))
    assert codes(found, "error", "warning") == set(), found.findings
