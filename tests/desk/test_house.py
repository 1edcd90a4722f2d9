"""The house that the desk goes by: what it is asked for is found, or it is said why not."""

from collections.abc import Callable
from typing import Any

import pytest

from printscp.config import Settings
from printscp.desk.house import House
from printscp.errors import Away, NoSuchJob, NotPossible, SetupError
from printscp.film.job import Job
from printscp.film.sheet import Sheet
from printscp.spool.folder import Spool

Printed = Callable[..., Job]


@pytest.fixture
def house(settings: Settings, spool: Spool) -> Any:
    house = House(settings)
    yield house
    house.close()


def test_without_a_spool_there_is_no_house(settings: Settings) -> None:
    with pytest.raises(SetupError, match="job table"):
        House(settings)
    assert not settings.spool.exists()


def test_jobs_have_numbers_and_the_last_a_name(
    house: House, printed: Printed, film: Callable[..., Sheet]
) -> None:
    with pytest.raises(NoSuchJob, match="no job yet"):
        house.job("latest")
    first, last = printed(film()), printed(film())
    assert (house.job(str(first.id)), house.job("latest"), house.job("02")) == (first, last, last)
    for wrong in ("3", "0", "-1", "1.0", "", "x" * 1000, "²", "1" * 5000):
        with pytest.raises(NoSuchJob) as told:
            house.job(wrong)
        assert len(str(told.value)) < 40


def test_films_have_numbers(house: House, spool: Spool, printed: Printed, film: Callable[..., Sheet]) -> None:
    job = printed(film(), film(layout="STANDARD\\2,1"))
    assert house.sheet(job, 2).display_format == "STANDARD\\2,1"
    for wrong in (0, 3, -1):
        with pytest.raises(NoSuchJob, match=f"job {job.id} has 2 films, no {wrong}"):
            house.sheet(job, wrong)
    spool.sheets.remove(job.films[0].sheet)
    with pytest.raises(NotPossible, match="no longer kept; see keep_jobs"):
        house.sheet(job, 2)


def test_what_is_away_is_said_to_be(house: House) -> None:
    with pytest.raises(Away, match="films: Permission denied"), house.reached():
        raise PermissionError(13, "Permission denied")
    with pytest.raises(ZeroDivisionError), house.reached():
        _ = 1 / 0
