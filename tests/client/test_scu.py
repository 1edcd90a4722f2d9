"""The print client against a printer in this process: one film session for films that ask for the same."""

from dataclasses import replace

import numpy as np
import pytest
from film.scu import PROFILE
from peers.imager import Imager

from printscp.client.association import ClientError
from printscp.client.images import PrintImage
from printscp.client.scu import FilmRequest, PrintClient
from printscp.errors import PrintError

PIXELS = np.arange(64, dtype=np.uint8).reshape(8, 8)
IMAGE = PrintImage(PIXELS, 8, (1, 1), "a.dcm")
WIDE = PrintImage(PIXELS.astype(np.uint16) << 6, 12, (3, 2), "b.dcm")
REQUEST = FilmRequest("STANDARD\\2,1", copies=2, priority="HIGH", film_size="A4")


def client(imager: Imager) -> PrintClient:
    return PrintClient("127.0.0.1", imager.port, called_ae_title="IMAGER")


def test_films_are_printed() -> None:
    seen: list[int] = []
    with Imager() as imager, client(imager) as scu:
        scu.print_film([IMAGE, WIDE], REQUEST, on_image=lambda: seen.append(1))
        scu.print_film([WIDE], REQUEST)
        scu.print_film([IMAGE], replace(REQUEST, copies=1))
        assert scu.warnings == []
    jobs = imager.spool.jobs
    assert [(job.order.copies, job.order.priority, len(job.sheets)) for job in jobs] == [
        (2, "HIGH", 1),
        (2, "HIGH", 1),
        (1, "HIGH", 1),
    ]
    first = jobs[0].sheets[0]
    assert (first.film_size, len(seen)) == ("A4", 2)
    assert [image.pixels for image in first.images] == [PIXELS.tobytes(), WIDE.pixels.tobytes()]
    assert first.images[1].pixel_aspect == (3, 2)
    assert all(draft.discarded for draft in imager.spool.drafts)


def test_images_ask_for_their_size() -> None:
    with Imager() as imager, client(imager) as scu:
        scu.print_film([replace(IMAGE, requested_width_mm=100 / 3), IMAGE], REQUEST)
    (job,) = imager.spool.jobs
    first, second = job.sheets[0].images
    assert first.requested_width_mm == pytest.approx(100 / 3)
    assert second.requested_width_mm is None


def test_a_film_that_is_refused_leaves_the_next_alone() -> None:
    with Imager() as imager, client(imager) as scu:
        with pytest.raises(ClientError, match="no room for 3 images"):
            scu.print_film([IMAGE] * 3, REQUEST)
        imager.spool.stuck = PrintError("call the service")
        with pytest.raises(ClientError, match=r"print \(N-ACTION\): 0x0110, .*call the service"):
            scu.print_film([IMAGE], REQUEST)
        imager.spool.stuck = None
        scu.print_film([IMAGE], REQUEST)
        assert len(imager.spool.jobs) == 1


def test_what_the_printer_does_otherwise_is_a_warning() -> None:
    with Imager(profile=replace(PROFILE, name="other")) as imager, client(imager) as scu:
        scu.print_film([IMAGE], replace(REQUEST, film_size="99INX99IN"))
        (warning,) = scu.warnings
    assert "FilmSizeID" in warning
