"""What takes long is found out once for all who ask, and nobody waits who need not."""

import threading

import pytest

from printscp.desk.costly import Costly


def test_it_is_found_anew_when_it_is_old() -> None:
    found = iter(range(9))
    kept, fresh = Costly(lambda: next(found), least=1000), Costly(lambda: next(found))
    assert (kept(), kept(), fresh()) == (0, 0, 1)


def test_what_cannot_be_found_is_tried_again() -> None:
    answers = iter((0, 4))
    costly = Costly(lambda: 8 // next(answers), least=1000)
    with pytest.raises(ZeroDivisionError):
        costly()
    assert costly() == 2


def test_who_asks_meanwhile_has_what_was_found_before() -> None:
    found, asked, go_on = iter((1, 2)), threading.Event(), threading.Event()

    def find() -> int:
        value = next(found)
        if value == 2:
            asked.set()
            assert go_on.wait(20)
        return value

    costly = Costly(find)
    assert costly() == 1
    costly._until = 0.0
    answers: list[int] = []
    other = threading.Thread(target=lambda: answers.append(costly()))
    other.start()
    assert asked.wait(20)
    assert costly() == 1
    go_on.set()
    other.join()
    assert answers == [2]
