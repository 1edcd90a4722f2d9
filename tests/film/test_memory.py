"""Memory of all associations together: no byte is lost, and none is counted twice."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printscp.errors import OutOfMemory
from printscp.film.memory import Allotment, MemoryBudget


@given(
    limit=st.integers(0, 100),
    steps=st.lists(
        st.tuples(st.integers(0, 2), st.sampled_from(["reserve", "use"]), st.integers(-40, 60)), max_size=40
    ),
)
def test_what_is_held_is_what_each_uses_and_no_less_than_it_has_reserved(
    limit: int, steps: list[tuple[int, str, int]]
) -> None:
    budget = MemoryBudget(limit)
    allotments = [Allotment(budget) for _ in range(3)]
    reserved, used = [0, 0, 0], [0, 0, 0]
    for who, what, size in steps:
        wanted_reserved, wanted_used = reserved.copy(), used.copy()
        if what == "reserve":
            wanted_reserved[who] = abs(size)
        else:
            size = max(size, -used[who])  # nobody gives back what he does not have
            wanted_used[who] += size
        fits = sum(map(max, wanted_reserved, wanted_used)) <= limit
        less = max(wanted_reserved[who], wanted_used[who]) <= max(reserved[who], used[who])
        try:
            getattr(allotments[who], what)(abs(size) if what == "reserve" else size)
        except OutOfMemory:
            assert not fits
        else:
            assert fits or less
            reserved, used = wanted_reserved, wanted_used
        assert budget.held == sum(map(max, reserved, used)) <= limit
    for who, allotment in enumerate(allotments):
        allotment.use(-used[who])
        allotment.reserve(0)
    assert budget.held == 0


def test_threads_do_not_lose_a_byte() -> None:
    budget = MemoryBudget(1000)
    refusals = []

    def work() -> None:
        allotment = Allotment(budget)
        for size in range(1, 400):
            try:
                allotment.use(size)
            except OutOfMemory as error:
                refusals.append(error)
            else:
                allotment.use(-size)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    assert budget.held == 0


def test_the_comment_says_what_is_needed_and_what_is_left() -> None:
    budget = MemoryBudget(10 << 20)
    budget.reserve(7 << 20)
    with pytest.raises(OutOfMemory, match="needs 5 MiB, 3 MiB left"):
        budget.reserve(5 << 20)
    assert budget.held == 7 << 20
