"""A desk over a small spool, made without printer, worker or network."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from film.scu import Scu, gray, make_printer
from pydicom.uid import generate_uid

from printscp.config import Settings, load
from printscp.desk import Desk
from printscp.film.job import Job
from printscp.film.sheet import Order, Sheet
from printscp.spool.folder import Spool


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Of a printer as it comes, whose places are in the test's folder."""
    return load(spool=tmp_path / "spool", output=tmp_path / "films", qa=tmp_path / "qa", port=0)


@pytest.fixture
def spool(settings: Settings) -> Iterator[Spool]:
    """Its spool, as the printers' process has it."""
    spool = Spool(settings.spool)
    yield spool
    spool.close()


@pytest.fixture
def desk(settings: Settings, spool: Spool) -> Iterator[Desk]:
    with Desk(settings) as desk:
        yield desk


@pytest.fixture
def printed(spool: Spool, order: Order) -> Callable[..., Job]:
    """Makes a job of sheets; ``to`` names its outputs, and what else is given are fields of its order."""

    def printed(*sheets: Sheet, to: tuple[str, ...] = ("films",), **fields: Any) -> Job:
        drafts = [spool.draft() for _ in sheets]
        for draft, sheet in zip(drafts, sheets, strict=True):
            draft.keep(sheet)
        ordered = replace(order, **fields)
        number = spool.submit(generate_uid(), ordered, drafts, lambda *_: to)
        for draft in drafts:
            draft.discard()
        job = spool.queue.job(number)
        assert job is not None
        return job

    return printed


@pytest.fixture
def film() -> Callable[..., Sheet]:
    """Makes a film of 203 x 254 printer pixels, one a millimetre, with ``images`` in boxes of ``layout``;
    ``film_box`` has attributes of the film box, what else is given are attributes of the image boxes."""

    def film(
        *images: Any, layout: str = "STANDARD\\1,1", film_box: dict[str, Any] | None = None, **image_box: Any
    ) -> Sheet:
        scu = Scu(make_printer())
        scu.create_session()
        scu.create_film(layout, **(film_box or {}))
        for position, image in enumerate(images or (gray(40, 30),), start=1):
            assert scu.set_image(position, image, **image_box).status >> 12 in (0x0, 0xB)
        return scu.printed()

    return film
