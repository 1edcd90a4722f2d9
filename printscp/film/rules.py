"""What values an attribute may have: each rule reads one value, and says in words what it takes."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pydicom.charset import python_encoding
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence as Items
from pydicom.uid import UID

from printscp.film.display_format import GRIDS, DisplayFormat
from printscp.film.profile import PrinterProfile
from printscp.film.uids import BASIC_FILM_SESSION, PRESENTATION_LUT

DENSITY_OUTSIDE_RANGE = 0xB605

# Luminance range of the Grayscale Standard Display Function, cd/m2 (PS3.14 Annex B: j = 1 and 1023).
GSDF_DARKEST = 0.05
GSDF_BRIGHTEST = 3993.0
MOST_AMBIENT_LIGHT = 200
MOST_ICC_PROFILE = 16 << 20
"""Bytes; those of real devices have some megabytes at most, and no budget counts them."""

# What pydicom makes of several values: of binary numbers that come over the wire a plain list.
_SEVERAL = (MultiValue, list)


_NOT_HERE = "not on this printer"


class NotOffered(ValueError):
    """The printer does not have the attribute at all."""

    def __init__(self) -> None:
        super().__init__(_NOT_HERE)


class NotQuite(ValueError):
    """A value that is not taken as it is; ``instead`` is what a tolerant printer makes of it, which is told
    without quoting it."""

    def __init__(self, reason: str, instead: Any) -> None:
        super().__init__(reason)
        self.instead = instead


@dataclass(frozen=True)
class Taken:
    """A value in force, and a remark where it is not quite what was asked for; ``warning`` is the status that
    a strict printer answers then."""

    value: Any
    remark: str = ""
    warning: int = 0


@dataclass(frozen=True)
class Rule:
    """``take`` reads one value for one printer, or raises ValueError with a short reason why not; ``words``
    says what is taken."""

    take: Callable[[Any, PrinterProfile], Taken]
    words: Callable[[PrinterProfile], str]


def one_of(terms: Callable[[PrinterProfile], Sequence[str]]) -> Rule:
    """A term that the printer has; one without any does not have the attribute."""

    def take(value: Any, profile: PrinterProfile) -> Taken:
        known = terms(profile)
        if not known:
            raise NotOffered
        if not isinstance(value, str):
            raise ValueError("not one term")
        if value not in known:
            raise ValueError(f"{value[:16]} is none of {', '.join(known)}")
        return Taken(value)

    return Rule(take, lambda profile: ", ".join(terms(profile)) or _NOT_HERE)


def term(*terms: str) -> Rule:
    """One of fixed terms."""
    return one_of(lambda _: terms)


def number(low: int, high: int) -> Rule:
    """A whole number from ``low`` to ``high``."""

    def take(value: Any, _: PrinterProfile) -> Taken:
        given = _whole(value)
        if not low <= given <= high:
            raise ValueError(f"{given} not in {low}..{high}" if low < high else f"{given}, needs {low}")
        return Taken(given)

    return Rule(take, lambda _: f"{low} to {high}" if low < high else str(low))


def _whole(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError("not one whole number") from None


def _density(value: Any, profile: PrinterProfile) -> Taken:
    wanted = _whole(value)
    clipped = min(max(wanted, profile.min_density), profile.max_density)
    if clipped == wanted:
        return Taken(clipped)
    remark = f"{wanted} outside {profile.min_density}..{profile.max_density}: {clipped} used"
    return Taken(clipped, remark, DENSITY_OUTSIDE_RANGE)


def _density_words(profile: PrinterProfile) -> str:
    return f"{profile.min_density} to {profile.max_density}; beyond, clipped"


DENSITY = Rule(_density, _density_words)
"""Hundredths of OD, clipped to the printer, not refused (PS3.4 H.4.2.2.1)."""


def _background(value: Any, profile: PrinterProfile) -> Taken:
    text = str(value).strip()
    if text in ("BLACK", "WHITE"):
        return Taken(text)
    taken = _density(text, profile)
    return Taken(str(taken.value), taken.remark, taken.warning)


BACKGROUND = Rule(_background, lambda profile: f"BLACK, WHITE, {_density_words(profile)}")
"""Border Density."""


def _empty_image(value: Any, profile: PrinterProfile) -> Taken:
    if not profile.empty_image_density:
        raise NotOffered
    return _background(value, profile)


EMPTY_IMAGE = Rule(
    _empty_image, lambda profile: BACKGROUND.words(profile) if profile.empty_image_density else _NOT_HERE
)
"""Empty Image Density."""


_ISO_2022_IR_58 = "\x1b$)A"


def text(limit: int) -> Rule:
    """Text of at most so many characters, in the character set in force."""

    def take(value: Any, _: PrinterProfile) -> Taken:
        # pydicom makes two values of a backslash, and leaves escape sequences of ISO 2022 IR 58 in the text.
        text = _one_text(value).replace(_ISO_2022_IR_58, "")
        if isinstance(value, _SEVERAL) or len(text) > limit:
            raise NotQuite(f"not one text of {limit} characters at most", text[:limit])
        lost = "�" in text or "\x1b" in text  # an escape sequence that leads nowhere
        return Taken(text, "some characters are not of the Specific Character Set" if lost else "")

    return Rule(take, lambda _: f"text of up to {limit} characters")


def _character_set(value: Any, _: PrinterProfile) -> Taken:
    terms = [str(each) for each in value] if isinstance(value, MultiValue) else [str(value)]
    unknown = [each for each in terms if each not in python_encoding]
    if unknown:
        raise ValueError(f"{unknown[0][:16]} is no defined term")
    return Taken(terms)


CHARACTER_SET = Rule(_character_set, lambda _: "every defined term, code extensions included")


def _configuration(value: Any, profile: PrinterProfile) -> Taken:
    if not profile.configurations:
        raise NotOffered
    # VR ST: its backslashes are part of the one value.
    wanted = _one_text(value)
    if len(wanted) > 1024:
        raise ValueError("longer than 1024 characters")
    if wanted in profile.configurations:
        return Taken(wanted)
    parts = wanted.split("\\") if profile.ignored_configurations else [wanted]
    known = [part for part in parts if part in profile.configurations]
    patterns = "|".join(profile.ignored_configurations)
    ignored = [part for part in parts if part not in known and re.fullmatch(patterns, part)]
    if len(known) > 1 or len(known) + len(ignored) < len(parts):
        raise ValueError("this printer has no such configuration")
    if not known:
        raise NotOffered
    return Taken(known[0], f"{known[0]} used; the rest shows nowhere on the film")


CONFIGURATION = Rule(_configuration, lambda profile: ", ".join(profile.configurations) or _NOT_HERE)


def _illumination(value: Any, profile: PrinterProfile) -> Taken:
    illumination = _whole(value)
    darkest = illumination * 10 ** (-profile.max_density / 100)
    brightest = illumination * 10 ** (-profile.min_density / 100) + MOST_AMBIENT_LIGHT
    if darkest < GSDF_DARKEST or brightest > GSDF_BRIGHTEST:
        raise ValueError(f"{illumination} cd/m2 is outside what the GSDF covers")
    return Taken(illumination)


ILLUMINATION = Rule(_illumination, lambda _: "cd/m2, as far as the GSDF covers the film's densities")
"""L0: what shines through the film must be luminance that the GSDF has (PS3.14 7)."""


def _any_illumination(value: Any, profile: PrinterProfile) -> Taken:
    try:
        return _illumination(value, profile)
    except ValueError:
        if not profile.reflective.media:
            raise
        return _illumination(value, profile.on(profile.reflective.media[0]))


ANY_ILLUMINATION = Rule(_any_illumination, ILLUMINATION.words)
"""As `ILLUMINATION`, on whatever medium: before there is a film."""


AMBIENT_LIGHT = number(0, MOST_AMBIENT_LIGHT)
"""La in cd/m2."""


def _display_format(value: Any, profile: PrinterProfile) -> Taken:
    wanted = _one_text(value)
    DisplayFormat.parse(wanted, profile)
    return Taken(wanted.rstrip(" "))


_FORMS = {"STANDARD": "STANDARD\\C,R", "ROW": "ROW\\R1,R2,...", "COL": "COL\\C1,C2,..."}


def _display_format_words(profile: PrinterProfile) -> str:
    offered = ", ".join(_FORMS.get(each, each) for each in profile.display_formats)
    limits = profile.grid_limits
    if not set(GRIDS) & set(profile.display_formats):
        return offered
    return f"{offered}; up to {limits.max_columns} columns and {limits.max_rows} rows"


DISPLAY_FORMAT = Rule(_display_format, _display_format_words)


def _one_text(value: Any) -> str:
    # An SCU that writes ST under another VR makes two values of one backslash.
    return "\\".join(str(part) for part in value) if isinstance(value, MultiValue) else str(value)


def _sequence(value: Any, most: int) -> list[Dataset]:
    if not isinstance(value, Items):
        raise ValueError("not a sequence")
    if len(value) > most:
        raise ValueError(f"{len(value)} items, at most {most}")
    return list(value)


def items(most: int) -> Rule:
    """A sequence of at most so many items, as they are."""
    return Rule(lambda value, _: Taken(_sequence(value, most)), lambda _: f"up to {most} item")


def _reference(sop_class: UID) -> Rule:
    def take(value: Any, _: PrinterProfile) -> Taken:
        [reference] = _sequence(value, 1)
        if reference.get("ReferencedSOPClassUID") != sop_class:
            raise ValueError(f"no {sop_class.name.removesuffix(' SOP Class')}")
        instance = reference.get("ReferencedSOPInstanceUID")
        if not instance:
            raise ValueError("names no instance")
        return Taken(str(instance))

    return Rule(take, lambda _: f"one item that refers to a {sop_class.name}")


FILM_SESSION_REFERENCE = _reference(BASIC_FILM_SESSION)
PRESENTATION_LUT_REFERENCE = _reference(PRESENTATION_LUT)


def _pixel_aspect(value: Any, _: PrinterProfile) -> Taken:
    parts = [_whole(part) for part in value] if isinstance(value, _SEVERAL) else []
    if len(parts) != 2 or min(parts) < 1 or max(parts) > 0x7FFFFFFF:  # VR IS, PS3.5 6.2
        raise ValueError("needs two positive numbers")
    return Taken((parts[0], parts[1]))


_CURRENT = "CURRENT"


def _film_sizes(profile: PrinterProfile) -> list[str]:
    return [size.term for size in profile.film_sizes] + [_CURRENT] * profile.current_film_size


def _film_size(value: Any, profile: PrinterProfile) -> Taken:
    taken = one_of(_film_sizes).take(value, profile)
    if taken.value != _CURRENT:
        return taken
    loaded = profile.film_sizes[0].term
    return Taken(loaded, f"{_CURRENT} is {loaded}")


FILM_SIZE = Rule(_film_size, one_of(_film_sizes).words)
"""Film Size ID; CURRENT, which is none of the standard's terms, is the film that is loaded."""


PIXEL_ASPECT = Rule(_pixel_aspect, lambda _: "two positive numbers, vertical and horizontal")


def _image_size(value: Any, profile: PrinterProfile) -> Taken:
    if not profile.requested_image_size:
        raise NotOffered
    try:
        width = float(value)
    except (TypeError, ValueError):
        raise ValueError("not one number") from None
    if not 1.0 <= width <= 1000.0:  # also: not a number
        raise ValueError(f"{width:g} mm not in 1..1000")
    return Taken(width)


REQUESTED_IMAGE_SIZE = Rule(
    _image_size, lambda profile: "1 to 1000 mm" if profile.requested_image_size else _NOT_HERE
)


def _bytes(value: Any, _: PrinterProfile) -> Taken:
    if not isinstance(value, (bytes, memoryview)):
        raise ValueError("not a string of bytes")
    return Taken(value)


PIXELS = Rule(_bytes, lambda _: "native, uncompressed, rows x columns x samples")


def _icc_profile(value: Any, profile: PrinterProfile) -> Taken:
    if not profile.color:
        raise NotOffered
    given = _bytes(value, profile).value
    if len(given) > MOST_ICC_PROFILE:
        raise ValueError(f"more than {MOST_ICC_PROFILE >> 20} MiB")
    given = bytes(given)
    if given[36:40] != b"acsp":  # ICC.1 7.2.9, profile file signature
        raise ValueError("no ICC profile")
    return Taken(given)


ICC_PROFILE = Rule(
    _icc_profile,
    lambda profile: f"an ICC profile of up to {MOST_ICC_PROFILE >> 20} MiB" if profile.color else _NOT_HERE,
)


def words_16(value: Any) -> tuple[int, ...]:
    """Unsigned 16-bit words of an attribute whose VR may be US, SS or OW: numbers, one number or bytes."""
    if isinstance(value, (bytes, memoryview)):
        return tuple(memoryview(bytes(value)).cast("H")) if len(value) % 2 == 0 else ()
    words = tuple(_whole(each) for each in value) if isinstance(value, _SEVERAL) else (_whole(value),)
    if not all(0 <= word <= 0xFFFF for word in words):
        raise ValueError("not unsigned words of 16 bits")
    return words


WORDS = Rule(lambda value, _: Taken(words_16(value)), lambda _: "16-bit words")
