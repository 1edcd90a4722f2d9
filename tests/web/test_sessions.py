"""Sessions begin anew with each log-in, and end."""

import pytest

from printscp.users import User
from printscp.web.sessions import Sessions

ANNA = User(role="view")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_session_goes_on_while_somebody_does_something(clock: Clock) -> None:
    sessions = Sessions(60, clock)
    key = sessions.begin("anna", ANNA)
    for _ in range(3):
        clock.now += 59
        assert sessions.find(key, prolong=True) is not None
    clock.now += 59
    assert sessions.find(key, prolong=False) is not None
    clock.now += 1
    assert sessions.find(key, prolong=True) is None
    assert sessions.find(key, prolong=True) is None


def test_a_session_lasts_twelve_hours_at_most(clock: Clock) -> None:
    sessions = Sessions(3600, clock)
    key = sessions.begin("anna", ANNA)
    for _ in range(23):
        clock.now += 1800
        assert sessions.find(key, prolong=True) is not None
    clock.now += 1800
    assert sessions.find(key, prolong=True) is None


def test_ids_and_tokens_are_of_one_session_alone(clock: Clock) -> None:
    sessions = Sessions(60, clock)
    first, second = sessions.begin("anna", ANNA), sessions.begin("anna", ANNA)
    assert len(first) >= 43  # 256 bits
    found = sessions.find(first, prolong=True), sessions.find(second, prolong=True)
    assert found[0] is not None
    assert found[1] is not None
    assert found[0].csrf != found[1].csrf
    sessions.end(first)
    assert sessions.find(first, prolong=True) is None
    assert sessions.find(second, prolong=True) is not None


def test_a_user_has_so_many_browsers_and_others_theirs(clock: Clock) -> None:
    sessions = Sessions(60, clock)
    berta = sessions.begin("berta", ANNA)
    keys = [sessions.begin("anna", ANNA) for _ in range(21)]
    assert [sessions.find(key, prolong=True) is None for key in keys] == [True] + [False] * 20
    assert sessions.find(berta, prolong=True) is not None
