"""Attributes row by row: what is missing, what does not belong there, and what is not taken."""

import re
from collections.abc import Sequence
from typing import Any

from pydicom.charset import python_encoding
from pydicom.datadict import (
    dictionary_description,
    dictionary_has_tag,
    dictionary_is_retired,
    dictionary_VM,
    dictionary_VR,
    keyword_for_tag,
)
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag, Tag

from printscp.film.attributes import Attribute
from printscp.film.rules import DENSITY_OUTSIDE_RANGE, NotOffered, NotQuite
from printscp.film.service import SOP_CLASSES
from printscp.film.uids import BASIC_FILM_BOX
from printscp.lint.case import CLAUSES, Case, Flaw, Flaws
from printscp.lint.values import value_of

_TERMS = {
    "PrintPriority": "HIGH|MED|LOW",
    "MediumType": "PAPER|CLEAR FILM|BLUE FILM|MAMMO CLEAR FILM|MAMMO BLUE FILM",
    "FilmDestination": "MAGAZINE|PROCESSOR|BIN_[1-9][0-9]*",
    "FilmOrientation": "PORTRAIT|LANDSCAPE",
    "FilmSizeID": "8INX10IN|8_5INX11IN|10INX12IN|10INX14IN|11INX14IN|11INX17IN|14INX14IN|14INX17IN|24CMX24CM|"
    "24CMX30CM|A4|A3",
    "MagnificationType": "REPLICATE|BILINEAR|CUBIC|NONE",
    "BorderDensity": "BLACK|WHITE|[0-9]+",
    "EmptyImageDensity": "BLACK|WHITE|[0-9]+",
    "Trim": "YES|NO",
    "RequestedResolutionID": "STANDARD|HIGH",
    "Polarity": "NORMAL|REVERSE",
    "RequestedDecimateCropBehavior": "DECIMATE|CROP|FAIL",
    "PhotometricInterpretation": "MONOCHROME1|MONOCHROME2|RGB",
    "PresentationLUTShape": "IDENTITY|LIN OD",
}
"""Enumerated values and defined terms (PS3.3 C.13, C.11.4) as patterns."""

# Terms of the printer: none of the standard's, and not to be known without its conformance statement.
_OF_THE_PRINTER = ("SmoothingType", "AnnotationDisplayFormatID", "ConfigurationInformation")
_DENSITIES = ("MinDensity", "MaxDensity")
# Judged by checks that know more than one attribute.
_ELSEWHERE = frozenset(
    {
        "ImageBoxPosition",
        "ImageDisplayFormat",
        "ReferencedFilmSessionSequence",
        "ReferencedPresentationLUTSequence",
        *_DENSITIES,
    }
    | {"BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "PlanarConfiguration", "PixelData"}
    | {"LUTDescriptor", "LUTData", "FilmSessionLabel", "OwnerID", "TextString", "LUTExplanation"}
    | {"SpecificCharacterSet", "PresentationLUTSequence", "ICCProfile"}
)
_PADDING = 0xFFFCFFFC
_CHARACTER_SET = 0x00080005


def check(case: Case) -> Flaws:
    """Every attribute of a request, those of its image or table included."""
    if not case.table:
        return
    clause = CLAUSES.get((case.sop_class, case.verb), "")
    yield from _data_set(case, case.sent, case.table, "", clause)
    for sequence, item, table in case.items():
        yield from _data_set(case, item, table, f"{sequence}.", clause)


def _data_set(case: Case, dataset: Dataset, table: Sequence[Attribute], path: str, clause: str) -> Flaws:
    known = {row.tag for row in table} | {_CHARACTER_SET}
    elements = {int(tag): element for tag, element in dataset.items()}
    for row in table:
        yield from _row(case, dataset, elements.get(row.tag), row, path, clause)
    for tag in sorted(dataset.keys() - known):
        yield from _stranger(case, tag, path, clause)


def _row(
    case: Case,
    dataset: Dataset,
    element: DataElement | RawDataElement | None,
    row: Attribute,
    path: str,
    clause: str,
) -> Flaws:
    name = f"{path}{row.keyword}"
    if element is None:
        other = row.keyword.endswith("ImageSequence") and _other_sequence(dataset)
        if row.mandatory and not other:
            yield Flaw("missing-attribute", words(row.tag), name, clause)
        return
    if case.explicit and element.VR not in dictionary_VR(row.tag).split(" or "):
        wanted = dictionary_VR(row.tag)
        yield Flaw("wrong-vr", f"{words(row.tag)} is {wanted}, not {element.VR}", name, "")
        if row.keyword == "ImageDisplayFormat":
            return
    try:
        value = dataset[row.tag].value
    except Exception:  # pydicom decodes a value when it is first read, whatever it is
        yield Flaw("value-out-of-range", f"{words(row.tag)} cannot be decoded", name, clause)
        return
    if value is None or (hasattr(value, "__len__") and len(value) == 0):
        if row.mandatory and row.clear is None:
            yield Flaw("empty-attribute", words(row.tag), name, clause)
        return
    flaw = _several(row, value, name) or _value(case, row, value, name)
    if flaw is not None:
        yield flaw


def _several(row: Attribute, value: Any, name: str) -> Flaw | None:
    """Whether there are as many values as the dictionary has."""
    if isinstance(value, (bytes, memoryview)) or row.vr == "SQ" or row.vr in ("ST", "LT", "LO", "SH"):
        return None
    given = len(value) if isinstance(value, Sequence) and not isinstance(value, str) else 1
    wanted = dictionary_VM(row.tag)
    if wanted.endswith("n") or int(wanted) == given or row.keyword == "LUTDescriptor":
        return None
    return Flaw("wrong-vm", f"{words(row.tag)} has {wanted}, not {given}", name, "PS3.6 6")


def _value(case: Case, row: Attribute, value: Any, name: str) -> Flaw | None:
    if row.keyword in _ELSEWHERE:
        return None
    terms = _TERMS.get(row.keyword)
    text = str(value) if terms is not None else ""
    of_the_standard = terms is not None and re.fullmatch(terms, text) is not None
    name_of = words(row.tag)
    try:
        taken = row.rule.take(value, case.profile)
    except NotOffered:
        return Flaw("not-offered", f"{name_of}, at all", name, "")
    except (NotQuite, ValueError) as error:
        if of_the_standard or row.keyword in _OF_THE_PRINTER:
            return Flaw("not-offered", f"{name_of} of that value", name, "")
        if terms is not None:
            return Flaw("not-a-term", f"{name_of} {_shown(text)}", name, _module(row.keyword))
        return Flaw("value-out-of-range", f"{name_of}: {error}", name, "")
    except Exception:  # values inside of a sequence are decoded when they are first read
        return Flaw("value-out-of-range", f"{name_of} cannot be decoded", name, "")
    if taken.warning == DENSITY_OUTSIDE_RANGE:
        return Flaw("density-outside-range", f"{name_of}: {taken.remark}", name, "")
    if terms is not None and not of_the_standard:
        return Flaw("private-term", f"{name_of} {_shown(text)}", name, _module(row.keyword))
    return None


def _stranger(case: Case, tag: BaseTag, path: str, clause: str) -> Flaws:
    """An attribute that the table does not have."""
    if tag & 0xFFFF == 0 or tag == _PADDING:  # group lengths, and padding that may be anywhere (PS3.5 7.2)
        return
    keyword = keyword_for_tag(tag)
    name = f"{path}{keyword or Tag(tag)}"
    if tag >> 16 == 0x0010:
        yield Flaw("patient-attribute", words(tag), name, clause)
    elif keyword in ("BasicColorImageSequence", "BasicGrayscaleImageSequence"):
        yield Flaw("wrong-image-sequence", words(tag), name, clause)
    elif not path and _only_created(case, tag):
        yield Flaw("not-settable", words(tag), name, clause)
    elif dictionary_has_tag(tag) and dictionary_is_retired(tag):
        yield Flaw("retired-attribute", words(tag), name, "")
    else:
        yield Flaw("unexpected-attribute", words(tag), name, clause)


def _only_created(case: Case, tag: BaseTag) -> bool:
    if case.sop_class != BASIC_FILM_BOX or case.verb != "set":
        return False
    return any(row.tag == tag for row in SOP_CLASSES[BASIC_FILM_BOX].tables["create"])


def _other_sequence(dataset: Dataset) -> bool:
    return "BasicColorImageSequence" in dataset or "BasicGrayscaleImageSequence" in dataset


def _module(keyword: str) -> str:
    """The module of PS3.3 that has the terms of an attribute."""
    if keyword in ("PrintPriority", "MediumType", "FilmDestination"):
        return "PS3.3 C.13.1"
    if keyword in ("Polarity", "RequestedDecimateCropBehavior", "PhotometricInterpretation"):
        return "PS3.3 C.13.5"
    return "PS3.3 C.11.4" if keyword == "PresentationLUTShape" else "PS3.3 C.13.3"


def words(tag: int) -> str:
    """An attribute as people know it: name and tag."""
    name = dictionary_description(tag) if dictionary_has_tag(tag) else "a private or unknown attribute"
    return f"{name} {Tag(tag)}"


def _shown(text: str) -> str:
    """A code string, as short as one may be (VR CS, PS3.5 6.2)."""
    return repr(text[:16])


def check_character_set(case: Case) -> Flaws:
    """Specific Character Set, which may be in any data set."""
    value = value_of(case.sent, "SpecificCharacterSet")
    terms = [value] if isinstance(value, str) else list(value or ())
    if any(str(term) not in python_encoding for term in terms):
        yield Flaw("character-set-unknown", "", "SpecificCharacterSet")
