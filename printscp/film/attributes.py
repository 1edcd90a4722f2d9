"""The attribute tables of PS3.4 Annex H, and the one routine that reads an SCU's data set by them.

A row tells an attribute's usage, what values are taken, and the default in force when none is given. What
happens otherwise follows from the usage letters (PS3.4 H.2.4):

- M/M absent: 0x0120; empty: 0x0121; a value that is not taken: 0x0106.
- U/M, U/U absent or empty: the default. A value that is not taken: the default, a remark on the job and the
  warning 0x0116.
- Attributes outside the table are ignored, and a remark on the job says so: real SCUs send SOP UIDs, patient
  attributes and vendor elements along, and must get their film.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydicom.datadict import keyword_for_tag, tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence as Items
from pydicom.tag import Tag

from printscp.errors import InvalidAttributeValue, MissingAttribute, MissingAttributeValue, PrintError
from printscp.film.display_format import DisplayFormat
from printscp.film.profile import PrinterProfile
from printscp.film.uids import BASIC_FILM_SESSION

SUCCESS = 0x0000
ATTRIBUTE_VALUE_OUT_OF_RANGE = 0x0116

# Luminance range of the Grayscale Standard Display Function, cd/m2 (PS3.14 Annex B: j = 1 and 1023).
GSDF_DARKEST = 0.05
GSDF_BRIGHTEST = 3993.0
MOST_AMBIENT_LIGHT = 200

# Sent inside data sets by some SCUs though they belong elsewhere; no reason for a remark.
_HARMLESS = frozenset({"SOPClassUID", "SOPInstanceUID", "SpecificCharacterSet", "ReferencedImageBoxSequence"})


@dataclass(frozen=True)
class Taken:
    """A value in force, and a remark where it is not quite what was asked for."""

    value: Any
    remark: str = ""


# Reads one value for one printer; ValueError with a short reason when it is not taken.
Rule = Callable[[Any, PrinterProfile], Taken]


@dataclass(frozen=True)
class Attribute:
    """A row: ``usage`` as in the standard, SCU/SCP; ``default`` gives the value in force without one."""

    keyword: str
    usage: str
    rule: Rule
    default: Callable[[PrinterProfile], Any] | None = None
    may_be_empty: bool = False
    tag: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tag", int(tag_for_keyword(self.keyword) or 0))

    @property
    def mandatory(self) -> bool:
        return self.usage.startswith("M/")


@dataclass
class Reading:
    """What reading a data set gave: values by keyword, remarks, and the status of the answer."""

    values: dict[str, Any] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    status: int = SUCCESS


def _one_of(terms: Callable[[PrinterProfile], Sequence[str]]) -> Rule:
    def rule(value: Any, profile: PrinterProfile) -> Taken:
        known = terms(profile)
        if not isinstance(value, str):
            raise ValueError("not one term")
        if value not in known:
            raise ValueError(f"{value[:16]} is none of {', '.join(known)}")
        return Taken(value)

    return rule


def _term(*terms: str) -> Rule:
    return _one_of(lambda _: terms)


def _photometric(value: Any, _: PrinterProfile) -> Taken:
    if str(value) not in ("MONOCHROME1", "MONOCHROME2"):
        raise ValueError(f"{value}, needs MONOCHROME1 or 2")
    return Taken(str(value))


def _number(low: int, high: int) -> Rule:
    def rule(value: Any, _: PrinterProfile) -> Taken:
        number = int(value)
        if not low <= number <= high:
            raise ValueError(f"{number} not in {low}..{high}" if low < high else f"{number}, needs {low}")
        return Taken(number)

    return rule


def _density(value: Any, profile: PrinterProfile) -> Taken:
    """Min and max density are clipped to the printer, not refused (PS3.4 H.4.2.2.1)."""
    density = int(value)
    clipped = min(max(density, profile.min_density), profile.max_density)
    remark = f"{density} outside {profile.min_density}..{profile.max_density}: {clipped} used"
    return Taken(clipped, "" if clipped == density else remark)


def _background(value: Any, profile: PrinterProfile) -> Taken:
    """BLACK, WHITE or hundredths of OD: border and empty image density."""
    text = str(value).strip()
    if text in ("BLACK", "WHITE"):
        return Taken(text)
    taken = _density(text, profile)
    return Taken(str(taken.value), taken.remark)


def _text(limit: int) -> Rule:
    def rule(value: Any, _: PrinterProfile) -> Taken:
        if not isinstance(value, str) or len(value) > limit:
            raise ValueError(f"no text of {limit} characters at most")
        return Taken(value)

    return rule


def _character_set(value: Any, _: PrinterProfile) -> Taken:
    return Taken(list(value) if isinstance(value, MultiValue) else str(value))


def _illumination(value: Any, profile: PrinterProfile) -> Taken:
    """L0 in cd/m2: what shines through the film must be luminance that the GSDF covers (PS3.14 7)."""
    illumination = int(value)
    darkest = illumination * 10 ** (-profile.max_density / 100)
    brightest = illumination * 10 ** (-profile.min_density / 100) + MOST_AMBIENT_LIGHT
    if darkest < GSDF_DARKEST or brightest > GSDF_BRIGHTEST:
        raise ValueError(f"{illumination} cd/m2 is outside what the GSDF covers")
    return Taken(illumination)


def _nothing_offered(_: Any, __: PrinterProfile) -> Taken:
    raise ValueError("this printer has no values for it")


def _display_format(value: Any, profile: PrinterProfile) -> Taken:
    # VR ST: its backslash is part of the one value, though an SCU that writes another VR makes it two.
    text = "\\".join(str(part) for part in value) if isinstance(value, MultiValue) else str(value)
    DisplayFormat.parse(text, profile)
    return Taken(text.rstrip(" "))


def _sequence(value: Any, most: int) -> list[Dataset]:
    if not isinstance(value, Items):
        raise ValueError("not a sequence")
    if len(value) > most:
        raise ValueError(f"{len(value)} items, at most {most}")
    return list(value)


def _film_session_reference(value: Any, _: PrinterProfile) -> Taken:
    [reference] = _sequence(value, 1)
    if reference.get("ReferencedSOPClassUID") != BASIC_FILM_SESSION:
        raise ValueError("no Basic Film Session")
    return Taken(str(reference.get("ReferencedSOPInstanceUID", "")))


def _items(most: int) -> Rule:
    def rule(value: Any, _: PrinterProfile) -> Taken:
        return Taken(_sequence(value, most))

    return rule


def _pixel_aspect(value: Any, _: PrinterProfile) -> Taken:
    parts = [int(part) for part in value] if isinstance(value, MultiValue) else []
    if len(parts) != 2 or min(parts) < 1:
        raise ValueError("needs two positive numbers")
    return Taken((parts[0], parts[1]))


def _bytes(value: Any, _: PrinterProfile) -> Taken:
    if not isinstance(value, (bytes, memoryview)):
        raise ValueError("not a string of bytes")
    return Taken(value)


FILM_SESSION = (
    Attribute("SpecificCharacterSet", "U/U", _character_set),
    Attribute("NumberOfCopies", "U/M", _number(1, 99), lambda _: 1),
    Attribute("PrintPriority", "U/M", _one_of(lambda p: p.priorities), lambda p: p.priorities[0]),
    Attribute("MediumType", "U/M", _one_of(lambda p: p.media), lambda p: p.media[0]),
    Attribute("FilmDestination", "U/M", _one_of(lambda p: p.destinations), lambda p: p.destinations[0]),
    Attribute("FilmSessionLabel", "U/U", _text(64)),
    Attribute("OwnerID", "U/U", _text(16)),
)

FILM_BOX_SET = (
    Attribute("MagnificationType", "U/M", _one_of(lambda p: p.magnifications), lambda p: p.magnifications[0]),
    Attribute("MinDensity", "U/U", _density, lambda p: p.min_density),
    Attribute("MaxDensity", "U/M", _density, lambda p: p.max_density),
    Attribute("ConfigurationInformation", "U/M", _nothing_offered, lambda _: ""),
    Attribute("BorderDensity", "U/U", _background, lambda p: p.border_density),
    Attribute("EmptyImageDensity", "U/U", _background, lambda p: p.empty_image_density),
    Attribute("Trim", "U/U", _term("NO"), lambda _: "NO"),
    Attribute("Illumination", "U/MC", _illumination, lambda p: p.illumination),
    Attribute(
        "ReflectedAmbientLight", "U/MC", _number(0, MOST_AMBIENT_LIGHT), lambda p: p.reflected_ambient_light
    ),
)

FILM_BOX_CREATE = (
    Attribute("ImageDisplayFormat", "M/M", _display_format),
    Attribute("ReferencedFilmSessionSequence", "M/M", _film_session_reference),
    Attribute("FilmOrientation", "U/M", _term("PORTRAIT", "LANDSCAPE"), lambda _: "PORTRAIT"),
    Attribute(
        "FilmSizeID",
        "U/M",
        _one_of(lambda p: [size.term for size in p.film_sizes]),
        lambda p: p.film_sizes[0].term,
    ),
    Attribute("RequestedResolutionID", "U/U", _term("STANDARD"), lambda _: "STANDARD"),
    *FILM_BOX_SET,
)

GRAYSCALE_IMAGE_BOX = (
    Attribute("ImageBoxPosition", "M/M", _number(1, 0xFFFF)),
    Attribute("BasicGrayscaleImageSequence", "M/M", _items(1), may_be_empty=True),
    Attribute("Polarity", "U/M", _term("NORMAL", "REVERSE"), lambda _: "NORMAL"),
    Attribute("MagnificationType", "U/U", _one_of(lambda p: p.magnifications)),
    Attribute("MinDensity", "U/U", _density),
    Attribute("MaxDensity", "U/U", _density),
)

# The three bit attributes are judged together, by the dialogue.
_ANY = _number(0, 0xFFFF)

GRAYSCALE_IMAGE = (
    Attribute("SamplesPerPixel", "M/M", _number(1, 1)),
    Attribute("PhotometricInterpretation", "M/M", _photometric),
    Attribute("Rows", "M/M", _number(1, 0xFFFF)),
    Attribute("Columns", "M/M", _number(1, 0xFFFF)),
    Attribute("PixelAspectRatio", "MC/M", _pixel_aspect, lambda _: (1, 1)),
    Attribute("BitsAllocated", "M/M", _ANY),
    Attribute("BitsStored", "M/M", _ANY),
    Attribute("HighBit", "M/M", _ANY),
    Attribute("PixelRepresentation", "M/M", _number(0, 0)),
    Attribute("PixelData", "M/M", _bytes),
)

PRINTER = (
    "PrinterStatus",
    "PrinterStatusInfo",
    "PrinterName",
    "Manufacturer",
    "ManufacturerModelName",
    "SoftwareVersions",
)


def read(table: Sequence[Attribute], dataset: Dataset, profile: PrinterProfile, *, defaults: bool) -> Reading:
    """Read ``dataset`` by ``table``; ``defaults`` fills in what was not given (N-CREATE).

    Raises:
        MissingAttribute, MissingAttributeValue, InvalidAttributeValue: a mandatory attribute is absent, empty
            or of a value that is not taken, or a value cannot be decoded at all.
    """
    reading = Reading()
    unread = {int(tag) for tag in dataset.keys()}  # noqa: SIM118 (a data set iterates over its elements)
    for row in table:
        given = row.tag in unread
        value = _value(dataset, row) if given else None
        unread.discard(row.tag)
        empty = value is None or (hasattr(value, "__len__") and len(value) == 0)
        if not empty or (row.may_be_empty and given):
            _given(row, value, profile, reading, defaults)
        elif row.mandatory and given:
            raise MissingAttributeValue(f"{row.keyword} is empty", row.keyword)
        elif row.mandatory:
            raise MissingAttribute(f"{row.keyword} is missing", row.keyword)
        elif defaults and row.default is not None:
            reading.values[row.keyword] = row.default(profile)
    for tag in sorted(unread):
        keyword = keyword_for_tag(tag)
        if keyword not in _HARMLESS:
            reading.remarks.append(f"{keyword or Tag(tag)} ignored")
    return reading


def _value(dataset: Dataset, row: Attribute) -> Any:
    try:
        return dataset[row.tag].value
    except Exception as error:
        # pydicom decodes a value when it is first read; whatever that meets, the SCU's bytes are at fault.
        raise InvalidAttributeValue(f"{row.keyword} cannot be decoded", row.keyword) from error


def _given(row: Attribute, value: Any, profile: PrinterProfile, reading: Reading, defaults: bool) -> None:
    try:
        taken = row.rule(value, profile)
    except PrintError:
        raise
    except Exception as error:
        # A rule may meet anything: values inside a sequence are decoded when they are first read.
        reason = f"{row.keyword}: {error}"
        if row.usage.startswith("M"):
            raise InvalidAttributeValue(reason, row.keyword) from error
        reading.status = ATTRIBUTE_VALUE_OUT_OF_RANGE
        if defaults and row.default is not None:
            used = reading.values[row.keyword] = row.default(profile)
            reading.remarks.append(f"{reason}; {used if used != '' else 'none'} used")
        else:
            reading.remarks.append(f"{reason}; ignored")
        return
    reading.values[row.keyword] = taken.value
    if taken.remark:
        reading.remarks.append(f"{row.keyword}: {taken.remark}")
