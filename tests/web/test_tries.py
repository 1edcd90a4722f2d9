"""Guessing is slow, and nobody keeps another from coming in."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from printscp.web.tries import Tries, place


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def fail(tries: Tries, times: int, name: str, address: str, browser: str | None = None) -> None:
    for _ in range(times):
        tries.failed(name, address, browser)


def test_waits_grow_and_end(clock: Clock) -> None:
    tries = Tries(clock)
    fail(tries, 4, "anna", "10.0.0.1")
    assert tries.wait("anna", "10.0.0.1") == 0
    waits = []
    for _ in range(8):
        tries.failed("anna", "10.0.0.1")
        waits.append(tries.wait("anna", "10.0.0.1"))
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    clock.now += 59.5
    assert tries.wait("anna", "10.0.0.1") == 0.5
    clock.now += 3600
    assert tries.wait("anna", "10.0.0.1") == 0


def test_a_stranger_slows_nobody_elsewhere(clock: Clock) -> None:
    tries = Tries(clock)
    fail(tries, 1000, "anna", "10.0.0.1")
    assert tries.wait("anna", "10.0.0.2") == 0
    assert tries.wait("anna", "10.0.0.1", browser="hers") == 0


def test_many_strangers_have_one_try_each_and_so_has_the_user(clock: Clock) -> None:
    tries = Tries(clock)
    for number in range(60):
        tries.failed("anna", f"10.0.0.{number}")
    assert tries.wait("anna", "10.0.1.1") == 0
    tries.failed("anna", "10.0.1.1")
    assert tries.wait("anna", "10.0.1.1") > 0
    assert tries.wait("berta", "10.0.1.1") == 0


def test_an_address_that_tries_many_names_waits(clock: Clock) -> None:
    tries = Tries(clock)
    for number in range(40):
        tries.failed(f"user{number}", "10.0.0.1")
    assert tries.wait("anna", "10.0.0.1") == 60
    tries.succeeded("anna", "10.0.0.1")
    assert tries.wait("berta", "10.0.0.1") == 60, "who has an account does not guess others' for free"
    assert tries.wait("anna", "10.0.0.1", browser="hers") == 0


def test_who_is_in_begins_anew(clock: Clock) -> None:
    tries = Tries(clock)
    fail(tries, 6, "anna", "10.0.0.1", "hers")
    assert tries.wait("anna", "10.0.0.1", "hers") == 2
    tries.succeeded("anna", "10.0.0.1", "hers")
    assert tries.wait("anna", "10.0.0.1", "hers") == 0


@settings(max_examples=30)
@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.sampled_from(["1", "2"]), st.sampled_from([None, "x"])),
        max_size=60,
    )
)
def test_nobody_waits_for_longer_than_a_minute(tried: list[tuple[str, str, str | None]]) -> None:
    tries = Tries(Clock())
    for each in tried:
        tries.failed(*each)
        assert 0 <= tries.wait(*each) <= 60


def test_a_host_of_ipv6_is_one_place() -> None:
    assert place("2001:db8:1:2::3") == place("2001:db8:1:2:ffff::4") != place("2001:db8:1:3::3")
    assert place("::ffff:10.0.0.1") == "10.0.0.1"
    assert place("testclient") == "testclient"
