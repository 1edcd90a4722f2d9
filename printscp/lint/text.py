"""Texts: their length, their character set, and whose data they are."""

import re
from collections.abc import Iterator
from typing import Any

from pydicom.dataset import Dataset

from printscp.lint.case import Case, Flaw, Flaws
from printscp.lint.values import tag_of, value_of

# Most characters of LO and SH (PS3.5 6.2).
_TEXTS = {"FilmSessionLabel": 64, "OwnerID": 16, "TextString": 64, "LUTExplanation": 64}
_LABELS = ("FilmSessionLabel", "OwnerID")
_ISO_2022_IR_58 = "\x1b$)A"
_ESCAPE = "\x1b"
_REPLACED = "�"

_PERSON_NAME = re.compile(r"\w\^\w")  # PS3.5 6.2.1: components of a name
_DATE = re.compile(r"(?<!\d)(?:(19\d\d|20\d\d)[-./]?\d\d[-./]?\d\d|\d\d[-./]\d\d[-./](19\d\d|20\d\d))(?!\d)")
_OLD = 2  # years; younger dates are those of an examination more often than of a birth
_TELLING = 4  # characters; shorter values of a patient's are in many words
_PATIENT_GROUP = 0x0010


class Patients:
    """Values of patient attributes that came over the association."""

    def __init__(self) -> None:
        self._values: set[str] = set()

    def remember(self, dataset: Dataset) -> None:
        """Take note of the patient attributes of a data set."""
        for tag in [tag for tag in sorted(dataset.keys()) if tag >> 16 == _PATIENT_GROUP]:
            value = _text(dataset, tag).strip()
            if len(value) >= _TELLING:
                self._values.add(value.casefold())

    def in_text(self, text: str, year: int) -> bool:
        """Whether a text of that year seems to tell of a patient."""
        years = (int(match[1] or match[2]) for match in _DATE.finditer(text))
        folded = text.casefold()
        return (
            _PERSON_NAME.search(text) is not None
            or any(each <= year - _OLD for each in years)
            or any(value in folded for value in self._values)
        )


def check(case: Case, patients: Patients) -> Flaws:
    """The texts of a request."""
    for row in case.table:
        if row.keyword in _TEXTS and row.tag in case.sent:
            yield from _one(case, case.sent, row.keyword, "", patients)
    for sequence, item, table in case.items():
        for row in table:
            if row.keyword in _TEXTS and row.tag in item:
                yield from _one(case, item, row.keyword, f"{sequence}.", patients)


def _one(case: Case, dataset: Dataset, keyword: str, path: str, patients: Patients) -> Iterator[Flaw]:
    name, most = f"{path}{keyword}", _TEXTS[keyword]
    text = _text(dataset, tag_of(keyword)).replace(_ISO_2022_IR_58, "")
    if len(text) > most or "\\" in text:
        yield Flaw("text-too-long", f"{len(text)} characters, or several values; {most} at most", name)
    named = _character_set(case)
    if not named and not text.isascii():
        yield Flaw("character-set-missing", "", name)
    elif _REPLACED in text or _ESCAPE in text:
        yield Flaw("text-not-in-character-set", "", name)
    if patients.in_text(text, case.transcript.began.year):
        code = "patient-data-in-label" if keyword in _LABELS else "patient-data-in-annotation"
        if keyword in (*_LABELS, "TextString"):
            yield Flaw(code, "it looks like a name, a date of birth or an identifier", name)


def _character_set(case: Case) -> Any:
    """The Specific Character Set in force: of the data set, else of its film session (PS3.4 H.4.2)."""
    own = value_of(case.sent, "SpecificCharacterSet")
    session = case.scene.session
    return own or (value_of(session.sent, "SpecificCharacterSet") if session else None)


def _text(dataset: Dataset, tag: int) -> str:
    try:
        value = dataset[tag].value
    except Exception:  # a value is decoded when it is first read, whatever it is
        return ""
    if isinstance(value, (list, tuple)) or type(value).__name__ == "MultiValue":
        return "\\".join(str(part) for part in value)
    return str(value or "")
