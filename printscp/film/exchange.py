"""What goes over an association, without its encoding: requests, answers and events."""

from dataclasses import dataclass, field
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import UID

from printscp.film.attributes import SUCCESS

Values = dict[str, Any]
"""Attributes of an answer by keyword: str, int, float, bytes, UID, a list of these, or for a sequence a list
of `Values`."""


@dataclass(frozen=True)
class Request:
    """A DIMSE-N request: ``context`` is the abstract syntax it came on, ``dataset`` is empty where the
    message had none."""

    context: UID
    sop_class: UID
    instance: UID | None = None
    dataset: Dataset = field(default_factory=Dataset)
    action_type: int | None = None
    attributes: tuple[int, ...] = ()


@dataclass(frozen=True)
class Answer:
    """``instance`` is the UID that a create made or took; ``tags`` are the attributes that a warning is
    about, and ``comment`` says what it is. ``job`` is the UID of the print job that was made."""

    status: int = SUCCESS
    values: Values | None = None
    instance: UID | None = None
    tags: tuple[int, ...] = ()
    comment: str = ""
    job: str = ""


@dataclass(frozen=True)
class Event:
    """An N-EVENT-REPORT. ``ends`` says that the instance goes when the SCU has confirmed it."""

    sop_class: UID
    instance: UID
    event_type: int
    values: Values = field(default_factory=dict)
    ends: bool = False


def reference(sop_class: UID, instance: UID | str) -> Values:
    """The item of a sequence that refers to an instance."""
    return {"ReferencedSOPClassUID": sop_class, "ReferencedSOPInstanceUID": instance}
