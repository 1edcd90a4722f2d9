"""A request as the checks see it, and what they say of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from pydicom.dataset import Dataset
from pydicom.uid import UID

from printscp.film.attributes import Attribute
from printscp.film.profile import PrinterProfile
from printscp.film.rules import Rule
from printscp.film.service import SOP_CLASSES
from printscp.film.sop_classes.presentation_lut import LUT_ITEM
from printscp.film.statuses import category
from printscp.film.uids import (
    BASIC_ANNOTATION_BOX,
    BASIC_COLOR_IMAGE_BOX,
    BASIC_FILM_BOX,
    BASIC_FILM_SESSION,
    BASIC_GRAYSCALE_IMAGE_BOX,
    PRESENTATION_LUT,
)
from printscp.lint.scene import IMAGE_SEQUENCES, Box, Film, LookUp, Scene, Session
from printscp.lint.values import sequence_of, value_of
from printscp.transcript import Step, Transcript

CLAUSES = {
    (BASIC_FILM_SESSION, "create"): "PS3.4 H.4.1.2.1",
    (BASIC_FILM_SESSION, "set"): "PS3.4 H.4.1.2.2",
    (BASIC_FILM_SESSION, "action"): "PS3.4 H.4.1.2.4",
    (BASIC_FILM_BOX, "create"): "PS3.4 H.4.2.2.1",
    (BASIC_FILM_BOX, "set"): "PS3.4 H.4.2.2.2",
    (BASIC_FILM_BOX, "action"): "PS3.4 H.4.2.2.4",
    (BASIC_GRAYSCALE_IMAGE_BOX, "set"): "PS3.4 H.4.3.1.2.1",
    (BASIC_COLOR_IMAGE_BOX, "set"): "PS3.4 H.4.3.2.2.1",
    (BASIC_ANNOTATION_BOX, "set"): "PS3.4 H.4.4.2.1",
    (PRESENTATION_LUT, "create"): "PS3.4 H.4.9.2.1",
}
"""Where the attribute table of a service is."""


class Flaw(NamedTuple):
    """``attribute`` is a keyword path; a ``clause`` of its own goes before that of its kind."""

    code: str
    message: str
    attribute: str = ""
    clause: str = ""


Flaws = Iterator[Flaw]


@dataclass
class Case:
    """A request before it takes effect on the scene.

    ``sent`` and ``returned`` are the data sets of request and answer, ``explicit`` says that VRs came along,
    ``context`` is the abstract syntax. ``images`` has pixel data that are not in the transcript.
    """

    transcript: Transcript
    step: Step
    answer: Step | None
    context: str
    explicit: bool
    sent: Dataset
    returned: Dataset
    scene: Scene
    images: Mapping[tuple[int, int], bytes]

    @property
    def verb(self) -> str:
        """As the film model has it: create, set, get, action, delete."""
        return self.step.service.removeprefix("N-").lower()

    @property
    def sop_class(self) -> UID:
        return self.step.sop_class

    @property
    def profile(self) -> PrinterProfile:
        """The printer on the medium of the film session."""
        return self.scene.profile

    @property
    def failed(self) -> bool:
        """The request was refused."""
        return self.answer is not None and category(self.answer.status or 0) == "Failure"

    @property
    def target(self) -> Session | Film | Box | LookUp | None:
        """The instance of the association that the request aims at."""
        return self.scene.find(str(self.step.instance))

    @property
    def table(self) -> tuple[Attribute, ...]:
        """The attribute table of the service; empty where it has none that an SCU fills."""
        tables = SOP_CLASSES[self.sop_class].tables if self.sop_class in SOP_CLASSES else {}
        return tuple(tables.get(self.verb, ())) if self.verb in ("create", "set") else ()

    def items(self) -> Iterator[tuple[str, Dataset, tuple[Attribute, ...]]]:
        """Items of sequences that have a table of their own: keyword of the sequence, item and table."""
        sequence = IMAGE_SEQUENCES.get(self.sop_class, "")
        table = getattr(SOP_CLASSES.get(self.sop_class), "item", ())
        if self.sop_class == PRESENTATION_LUT:
            sequence, table = "PresentationLUTSequence", LUT_ITEM
        for item in sequence_of(self.sent, sequence):
            yield sequence, item, table

    def name(self) -> str:
        """The request in words."""
        if self.step.service == "C-ECHO":
            return "C-ECHO"
        words = f"{self.step.service} {class_name(self.sop_class)}"
        target = self.target
        if isinstance(target, Box) and target.position:
            words += f", position {target.position}"
        return words


def misreferred(case: Case, keyword: str, rule: Rule) -> str:
    """Why a sequence that is to name one instance of a class does not; empty where it does, or is empty."""
    value = value_of(case.sent, keyword)
    if not value:
        return ""
    try:
        rule.take(value, case.profile)
    except ValueError as error:
        return str(error)
    except Exception:  # values inside of a sequence are decoded when they are first read
        return "cannot be decoded"
    return ""


def class_name(sop_class: UID) -> str:
    """A SOP class without the words SOP Class."""
    return sop_class.name.removesuffix(" SOP Class") if sop_class else "no SOP class"
