"""Films of a real printer, and how they look."""

from dataclasses import replace
from pathlib import Path

import pytest
from service.films import Films

from printscp.film.sheet import Sheet
from printscp.printer import FilmPrinter
from printscp.spool.folder import SpoolDraft


@pytest.fixture
def sheets(monkeypatch: pytest.MonkeyPatch) -> list[Sheet]:
    """Every film that any printer of this process freezes during the test, pixels and all."""
    frozen: list[Sheet] = []
    keep = SpoolDraft.keep

    def keep_and_show(draft: SpoolDraft, sheet: Sheet) -> None:
        images = tuple(replace(image, pixels=bytes(image.pixels)) for image in sheet.images)
        frozen.append(replace(sheet, images=images))
        keep(draft, sheet)

    monkeypatch.setattr(SpoolDraft, "keep", keep_and_show)
    return frozen


@pytest.fixture
def films(printer: FilmPrinter, sheets: list[Sheet]) -> Films:
    """What the test prints on the printer of its module."""
    return Films(printer, sheets)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of these start printers with workers, and many are slow together."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)
