"""Films in a bucket: accepted on one host, printed by another; the endpoint goes away and comes back."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from peers.postgresql import PostgreSQL
from peers.s3 import S3, Door, go_by
from peers.scu import Scu, image_item

from printscp.config import load
from printscp.film.job import ExecutionStatus
from printscp.printer import FilmPrinter, FilmWorkers

PIXELS = np.arange(256, dtype=np.uint8).reshape(16, 16)


@pytest.fixture
def s3() -> Iterator[S3]:
    with S3() as s3:
        yield s3


@pytest.mark.slow
@pytest.mark.peer("postgres")
def test_films_in_a_bucket_reach_the_other_host(
    s3: S3, start_printer: Callable[..., FilmPrinter], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bucket = s3.bucket()
    with PostgreSQL() as cluster, Door(s3.port) as door:
        go_by(door.endpoint, monkeypatch)
        shared = {"database": cluster.database(), "sheets": f"s3://{bucket}/films", "keep_jobs": 0}
        films = tmp_path / "films"
        printer = start_printer(spool=tmp_path / "front", workers=0, output=films, **shared)
        with Scu(printer.address) as scu:
            assert scu.print_image(PIXELS, FilmSizeID="8INX10IN").Status == 0
            assert len(s3.keys(bucket)) == 1
            door.shut()
            scu.create_film(FilmSizeID="8INX10IN")
            assert scu.set_image(1, image_item(PIXELS))[0].Status == 0
            refused = scu.print_film()
            assert refused.Status == 0x0213
            assert refused.ErrorComment == "film not spooled: bucket out of reach; try again later"
            door.open()
            assert scu.print_film().Status == 0
        with FilmWorkers(load(spool=tmp_path / "back", output=films, **shared)):
            jobs = printer.wait_for(lambda jobs: all(job.ended for job in jobs), 60)
        assert [job.status for job in jobs] == [ExecutionStatus.DONE] * 2
        assert sorted(map(str, films.glob("[!.]*"))) == sorted(place for job in jobs for place in job.outputs)
        assert s3.keys(bucket) == []  # delivered: no pixels stay behind
