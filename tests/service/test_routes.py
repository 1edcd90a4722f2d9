"""Routes: which films go which way, from what modalities ask to the folders that films come to."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from peers.hosts import small_layouts
from peers.scu import COLOR, META, Scu, color_item, image_item

from printscp.config import load
from printscp.film.job import Job
from printscp.printer import FilmPrinter

CONFIGURATION = """
spool = "{folder}/spool"
layouts = "{layouts}"
port = 0
reserve_mib = 0
outputs = [
    {{name = "own", type = "tiff", folder = "{folder}/own"}},
    {{name = "ward", type = "tiff", folder = "{folder}/ward"}},
    {{name = "ultrasound", type = "tiff", folder = "{folder}/ultrasound"}},
    {{name = "small", type = "tiff", folder = "{folder}/small"}},
    {{name = "paper", type = "tiff", folder = "{folder}/paper"}},
    {{name = "bin", type = "tiff", folder = "{folder}/bin"}},
    {{name = "color", type = "tiff", folder = "{folder}/color"}},
    {{name = "archive", type = "sheet", folder = "{folder}/archive"}},
]

[[printers]]
ae_title = "FILM"
profile = "small"
outputs = ["own"]

[[printers]]
ae_title = "WARD"
profile = "small"
outputs = ["own"]

[[routes]]
called = "WARD"
outputs = ["ward", "archive"]

[[routes]]
calling = "US*"
outputs = "ultrasound"

[[routes]]
film_size = ["8INX10IN", "10INX12IN"]
outputs = "small"

[[routes]]
medium = "PAPER"
color = false
outputs = "paper"

[[routes]]
destination = ["BIN_1", "BIN_2"]
outputs = "bin"

[[routes]]
color = true
outputs = "color"
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FilmPrinter]:
    folder = tmp_path_factory.mktemp("house")
    file = folder / "printscp.toml"
    file.write_text(CONFIGURATION.format(folder=folder, layouts=small_layouts(folder / "layouts")))
    with FilmPrinter(load(file)) as printer:
        yield printer


@pytest.fixture
def send(house: FilmPrinter) -> Callable[..., Job]:
    """Prints one job, of a film of each size; returns it as it ended."""

    def send(
        called: str = "FILM",
        calling: str = "CT1",
        sizes: tuple[str, ...] = ("14INX17IN",),
        color: bool = False,
        **session: Any,
    ) -> Job:
        before = len(house.jobs())
        meta = COLOR if color else META
        with Scu(house.address, called, calling, (meta,), meta) as scu:
            scu.create_session(**session)
            for size in sizes:
                scu.create_film(FilmSizeID=size)
                pixels = np.zeros((8, 8, 3) if color else (8, 8), np.uint8)
                scu.set_image(1, color_item(pixels) if color else image_item(pixels))
            assert scu.print_session()[0].Status == 0
        jobs = house.wait_for(lambda jobs: len(jobs) > before and jobs[-1].ended, 30)
        assert len(jobs) == before + 1
        return jobs[-1]

    return send


@pytest.mark.parametrize(
    ("asked", "outputs"),
    [
        ({}, ["own"]),
        ({"called": "WARD"}, ["archive", "ward"]),
        ({"called": "WARD", "calling": "US2"}, ["archive", "ward"]),  # the first that takes it decides
        ({"calling": "US2"}, ["ultrasound"]),
        ({"calling": "XUS2"}, ["own"]),
        ({"sizes": ("8INX10IN",)}, ["small"]),
        ({"sizes": ("10INX12IN", "8INX10IN")}, ["small"]),
        ({"sizes": ("8INX10IN", "14INX17IN")}, ["own"]),
        ({"MediumType": "PAPER"}, ["paper"]),
        ({"MediumType": "PAPER", "color": True}, ["color"]),
        ({"FilmDestination": "BIN_2"}, ["bin"]),
        ({"FilmDestination": "MAGAZINE"}, ["own"]),
        ({"color": True}, ["color"]),
    ],
)
def test_films_go_where_the_first_route_that_takes_them_says(
    asked: dict[str, Any], outputs: list[str], send: Callable[..., Job]
) -> None:
    job = send(**asked)
    assert (job.status, job.info) == ("DONE", "")
    assert sorted(each.output for each in job.deliveries) == outputs
    places = [Path(place) for place in job.outputs]
    assert sorted(place.parent.name for place in places) == outputs
    assert all(place.is_file() for place in places)
