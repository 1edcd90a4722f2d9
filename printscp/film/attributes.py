"""A row of the attribute tables of PS3.4 Annex H, and the one routine that reads a data set by them.

A row tells an attribute's usage, what values are taken, and the default in force when none is given. What
happens otherwise follows from the usage letters (PS3.4 H.2.4) and the printer's mode:

- M/M absent: 0x0120; empty: 0x0121; a value that is not taken: 0x0106.
- U/M, U/U absent or empty: the default. A value that is not taken: tolerant the default, a remark on the job
  and the warning 0x0116; strict 0x0106. Where a default would put wrong densities or another image on the
  film (``refused``), both modes refuse.
- An attribute of the class that the printer does not have: ignored; tolerant a remark, strict 0x0107, or
  0x0105 on printers that are so (``unsupported_refused``).
- An attribute that the class does not have: tolerant ignored with a remark, since real SCUs send SOP UIDs,
  patient attributes and vendor elements along and must get their film; strict 0x0105.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydicom.datadict import dictionary_VR, keyword_for_tag, tag_for_keyword
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from printscp.errors import (
    InvalidAttributeValue,
    MissingAttribute,
    MissingAttributeValue,
    NoSuchAttribute,
    PrintError,
)
from printscp.film.profile import Mode, PrinterProfile
from printscp.film.rules import CHARACTER_SET, NotOffered, NotQuite, Rule

SUCCESS = 0x0000
ATTRIBUTE_LIST_ERROR = 0x0107
ATTRIBUTE_VALUE_OUT_OF_RANGE = 0x0116

# May be in every data set (PS3.10 7.2), so no class needs a row for it to be let in.
_ANYWHERE = "DataSetTrailingPadding"
# Sent inside data sets by some SCUs though they belong elsewhere; no reason for a remark.
_HARMLESS = frozenset({"SOPClassUID", "SOPInstanceUID", "ReferencedImageBoxSequence"})

Default = Callable[[PrinterProfile], Any]


@dataclass(frozen=True)
class Attribute:
    """A row: ``usage`` as in the standard, SCU/SCP; ``default`` gives the value in force without one, or
    None where there is none.

    ``clear`` gives the value that an empty one stands for, where that is not the default.
    """

    keyword: str
    usage: str
    rule: Rule
    default: Default = lambda _: None
    clear: Default | None = None
    refused: bool = False
    tag: int = field(init=False)
    vr: str = field(init=False)

    def __post_init__(self) -> None:
        tag = int(tag_for_keyword(self.keyword) or 0)
        object.__setattr__(self, "tag", tag)
        object.__setattr__(self, "vr", dictionary_VR(tag))

    @property
    def mandatory(self) -> bool:
        return self.usage.startswith("M/")

    def refuses(self, mode: Mode) -> bool:
        """Whether a value that is not taken fails the request."""
        return self.usage.startswith("M") or self.refused or mode is Mode.STRICT


# May be in every data set, too (PS3.3 C.12.1); what texts need of it they have, and what is unknown is told.
_CHARACTER_SET = Attribute("SpecificCharacterSet", "U/U", CHARACTER_SET)


@dataclass
class Reading:
    """What reading a data set gave: values by keyword, and which of them are defaults; remarks, the status
    of the answer, its comment, and keywords of the attributes that it is about."""

    values: dict[str, Any] = field(default_factory=dict)
    defaulted: set[str] = field(default_factory=set)
    remarks: list[str] = field(default_factory=list)
    status: int = SUCCESS
    comment: str = ""
    offending: list[str] = field(default_factory=list)

    def warn(self, status: int, keyword: str, remark: str) -> None:
        """A remark on an attribute, and the warning that goes with it, or SUCCESS.

        Of several the one with the highest code is answered: codes of the class before 0x0116 before 0x0107.
        """
        self.remarks.append(remark)
        if status > self.status:
            self.status, self.comment, self.offending = status, remark, []
        if status and status == self.status:
            self.offending.append(keyword)

    def include(self, item: "Reading") -> None:
        """Take over what there is to say of an item of a sequence."""
        self.remarks.extend(item.remarks)
        if item.status > self.status:
            self.status, self.comment, self.offending = item.status, item.comment, item.offending


def read(
    table: Sequence[Attribute], dataset: Dataset, profile: PrinterProfile, mode: Mode, *, defaults: bool
) -> Reading:
    """Read ``dataset`` by ``table``; ``defaults`` fills in what was not given (N-CREATE).

    Raises:
        MissingAttribute, MissingAttributeValue, InvalidAttributeValue, NoSuchAttribute: see above; also a
            value that cannot be decoded at all.
    """
    reading = Reading()
    unread = {int(tag): element for tag, element in dataset.items()}
    for row in table:
        element = unread.pop(row.tag, None)
        given = element is not None
        value = _value(dataset, element, row) if element is not None else None
        empty = value is None or (hasattr(value, "__len__") and len(value) == 0)
        if not empty:
            _given(row, value, profile, mode, reading, defaults)
        elif given and row.clear is not None:
            reading.values[row.keyword] = row.clear(profile)
        elif row.mandatory and given:
            raise MissingAttributeValue(f"{row.keyword} is empty", row.keyword)
        elif row.mandatory:
            raise MissingAttribute(f"{row.keyword} is missing", row.keyword)
        elif defaults:
            _take_default(row, profile, reading)
    character_set = unread.pop(_CHARACTER_SET.tag, None)
    if character_set is not None and (value := _value(dataset, character_set, _CHARACTER_SET)):
        _given(_CHARACTER_SET, value, profile, mode, reading, False)
        reading.values.pop(_CHARACTER_SET.keyword, None)
    if unread:
        _unknown(sorted(unread), mode, reading)
    return reading


def _take_default(row: Attribute, profile: PrinterProfile, reading: Reading) -> None:
    value = row.default(profile)
    if value is not None:
        reading.values[row.keyword] = value
        reading.defaulted.add(row.keyword)


def _unknown(tags: list[int], mode: Mode, reading: Reading) -> None:
    for tag in tags:
        keyword = keyword_for_tag(tag)
        if keyword == _ANYWHERE or tag & 0xFFFF == 0:  # group lengths are to be ignored (PS3.5 7.2)
            continue
        if mode is Mode.STRICT:
            # An attribute of a repeating group has a keyword, but the keyword has no tag.
            named = keyword if tag_for_keyword(keyword) == tag else f"{tag:08X}"
            raise NoSuchAttribute(f"{keyword or Tag(tag)} is not of this SOP class", named)
        if keyword not in _HARMLESS:
            reading.remarks.append(f"{keyword or Tag(tag)} ignored")


def _value(dataset: Dataset, element: DataElement | RawDataElement, row: Attribute) -> Any:
    try:
        if isinstance(element, DataElement):
            return element.value
        # The most common kinds of value, without pydicom's way round; what is odd about one goes there.
        if element.VR in (row.vr, None) and element.value:
            if row.vr == "US" and len(element.value) == 2:
                return int.from_bytes(element.value, "little")
            if row.vr == "CS" and b"\\" not in element.value:
                return element.value.decode("ascii").strip(" \0")
        return dataset[row.tag].value
    except Exception as error:
        # pydicom decodes a value when it is first read; whatever that meets, the SCU's bytes are at fault.
        raise InvalidAttributeValue(f"{row.keyword} cannot be decoded", row.keyword) from error


def _given(
    row: Attribute, value: Any, profile: PrinterProfile, mode: Mode, reading: Reading, defaults: bool
) -> None:
    try:
        if row.keyword in profile.lacks:
            raise NotOffered
        taken = row.rule.take(value, profile)
    except NotOffered as error:
        remark = f"{row.keyword} ignored: {error}"
        if mode is Mode.STRICT and profile.unsupported_refused:
            raise NoSuchAttribute(f"{row.keyword}: {error}", row.keyword) from error
        reading.warn(ATTRIBUTE_LIST_ERROR if mode is Mode.STRICT else SUCCESS, row.keyword, remark)
        taken = None
    except PrintError:
        raise
    except Exception as error:
        # A rule may meet anything: values inside a sequence are decoded when they are first read.
        reason = f"{row.keyword}: {error}"
        if row.refuses(mode):
            raise InvalidAttributeValue(reason, row.keyword) from error
        if isinstance(error, NotQuite):
            reading.values[row.keyword] = error.instead
            reading.warn(ATTRIBUTE_VALUE_OUT_OF_RANGE, row.keyword, f"{reason}; what fits is used")
            return
        used = row.default(profile) if defaults else None
        outcome = "ignored" if used is None else f"{used if used != '' else 'none'} used"
        reading.warn(ATTRIBUTE_VALUE_OUT_OF_RANGE, row.keyword, f"{reason}; {outcome}")
        taken = None
    if taken is None:
        if defaults:
            _take_default(row, profile, reading)
        return
    reading.values[row.keyword] = taken.value
    if taken.remark:
        warning = taken.warning if mode is Mode.STRICT else SUCCESS
        reading.warn(warning, row.keyword, f"{row.keyword}: {taken.remark}")
