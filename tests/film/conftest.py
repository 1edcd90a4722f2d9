"""Printers in memory, in both modes, and SCUs that talk to them."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from film.scu import Scu, make_printer

from printscp.film.profile import Mode

Start = Callable[..., Scu]


@pytest.fixture(params=list(Mode), ids=str)
def mode(request: pytest.FixtureRequest) -> Mode:
    """Both ways to take what is not by the book."""
    found: Mode = request.param
    return found


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts an SCU on a printer, a new one unless ``printer`` is given.

    At the end its association ends, and everything must have been given back.
    """
    started: list[Scu] = []

    def start(mode: Mode = Mode.TOLERANT, **settings: Any) -> Scu:
        of_scu = {key: settings.pop(key) for key in ("meta", "services", "implicit") if key in settings}
        printer = settings.pop("printer", None) or make_printer(mode, **settings)
        started.append(Scu(printer, **of_scu))
        return started[-1]

    yield start
    for scu in started:
        scu.close()
    for scu in started:
        assert scu.budget.held == 0
        assert all(draft.discarded for draft in scu.spool.drafts)


@pytest.fixture
def scu(start: Start, mode: Mode) -> Scu:
    """On a printer of either mode, with a film session and a film box of two image boxes."""
    return _with_film(start(mode))


@pytest.fixture
def tolerant(start: Start) -> Scu:
    """As `scu`, on a tolerant printer."""
    return _with_film(start(Mode.TOLERANT))


@pytest.fixture
def strict(start: Start) -> Scu:
    """As `scu`, on a strict printer."""
    return _with_film(start(Mode.STRICT))


def _with_film(scu: Scu) -> Scu:
    scu.create_session()
    scu.create_film()
    return scu
