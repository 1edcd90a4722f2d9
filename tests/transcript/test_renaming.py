"""Instances under the UIDs that another printer gives them."""

from hypothesis import given
from hypothesis import strategies as st
from peers.scu import attributes
from pydicom.dataset import Dataset

from printscp.transcript.renaming import Renaming


def boxes(*uids: str) -> Dataset:
    return attributes(ReferencedImageBoxSequence=[attributes(ReferencedSOPInstanceUID=uid) for uid in uids])


def test_boxes_are_known_by_their_order() -> None:
    renaming = Renaming()
    renaming.learn("1.1", boxes("1.2", "1.3"), "2.1", boxes("2.2", "2.3"))
    assert [renaming.uid(each) for each in ("1.1", "1.2", "1.3", "1.4")] == ["2.1", "2.2", "2.3", "1.4"]
    assert renaming.needed


def test_references_are_changed_wherever_they_lie() -> None:
    renaming = Renaming()
    renaming.learn("1.1", Dataset(), "2.1", Dataset())
    inner = attributes(ReferencedSOPClassUID="1.1", ReferencedSOPInstanceUID="1.1")
    dataset = attributes(ReferencedFilmSessionSequence=[attributes(ReferencedImageSequence=[inner])])
    assert renaming.apply(dataset)
    assert inner.ReferencedSOPInstanceUID == "2.1"
    assert inner.ReferencedSOPClassUID == "1.1"  # of a class, not of an instance
    assert not renaming.apply(dataset)


@given(st.lists(st.sampled_from(["1.1", "1.2", "1.3"])))
def test_what_has_the_same_name_needs_no_renaming(uids: list[str]) -> None:
    renaming = Renaming()
    for uid in uids:
        renaming.learn(uid, boxes(*uids), uid, boxes(*uids))
    assert not renaming.needed
    assert not renaming.apply(boxes("1.1", "9.9"))
