"""Film boxes: display format, densities, light, and what goes with what."""

import re

from pydicom.multival import MultiValue

from printscp.errors import PrintError
from printscp.film.display_format import DisplayFormat
from printscp.film.rules import ICC_PROFILE
from printscp.film.uids import (
    BASIC_ANNOTATION_BOX,
    BASIC_COLOR_PRINT_MANAGEMENT_META,
    BASIC_FILM_BOX,
    BASIC_GRAYSCALE_IMAGE_BOX,
    BASIC_GRAYSCALE_PRINT_MANAGEMENT_META,
)
from printscp.lint.case import CLAUSES, Case, Flaw, Flaws
from printscp.lint.scene import IMAGE_BOXES, Box, Film
from printscp.lint.values import number_of, value_of

_FORM = re.compile(
    r"STANDARD\\[1-9]\d*,[1-9]\d*|(?:ROW|COL)\\[1-9]\d*(?:,[1-9]\d*)*|SLIDE|SUPERSLIDE|CUSTOM\\[1-9]\d*"
)
# What is left of a value when a string or a toolkit has eaten the backslash, or made another of it.
_LOST = re.compile(r"(STANDARD|ROW|COL|CUSTOM)[\x00-\x20/|]?\d*(,\d+)*")
_MOST_OD = 4  # no film is denser, so a larger number can only be hundredths
_GRAY_VALUES = (0, 255)
_DENSITIES = ("MinDensity", "MaxDensity")


def check(case: Case) -> Flaws:
    """A request of film box or image box, as far as it is about the film."""
    if case.sop_class == BASIC_FILM_BOX and case.verb == "create":
        yield from _display_format(case)
        yield from _annotations(case)
    if case.sop_class == BASIC_FILM_BOX and case.verb in ("create", "set"):
        yield from _icc_profile(case)
        yield from _light(case)
    if case.sop_class in (BASIC_FILM_BOX, *IMAGE_BOXES) and case.table:
        yield from _smoothing(case)
    if case.sop_class in (BASIC_FILM_BOX, BASIC_GRAYSCALE_IMAGE_BOX) and case.table:
        yield from _densities(case)
        if value_of(case.sent, "ConfigurationInformation") and case.scene.look_up(case.sent, *_film(case)):
            yield Flaw("configuration-and-lut", "both are given", "ConfigurationInformation")


def _film(case: Case) -> list:  # type: ignore[type-arg]
    """The data set of the film box that the request is about, if there is one."""
    target = case.target
    film = target.film if isinstance(target, Box) else target
    return [film.sent] if isinstance(film, Film) else []


def _display_format(case: Case) -> Flaws:
    value = value_of(case.sent, "ImageDisplayFormat")
    if not value:
        return
    name = "ImageDisplayFormat"
    if isinstance(value, MultiValue):
        yield Flaw("backslash-lost", f"{len(value)} values in place of one", name)
    if not isinstance(value, str):
        return
    text = value.rstrip(" ")
    if _FORM.fullmatch(text) is None:
        lost = ("\\" not in text and _LOST.fullmatch(text)) or "\\\\" in text
        yield Flaw("backslash-lost" if lost else "display-format", f"{text[:32]!r}", name)
        return
    try:
        DisplayFormat.parse(text, case.profile)
    except (PrintError, ValueError) as error:
        yield Flaw("display-format-not-offered", str(error), name)


def _annotations(case: Case) -> Flaws:
    negotiated = {context.abstract_syntax for context in case.transcript.contexts if context.accepted}
    if value_of(case.sent, "AnnotationDisplayFormatID") and BASIC_ANNOTATION_BOX not in negotiated:
        yield Flaw("annotation-not-negotiated", "nobody can fill the boxes", "AnnotationDisplayFormatID")


def _icc_profile(case: Case) -> Flaws:
    value = value_of(case.sent, "ICCProfile")
    if not value:
        return
    if case.context == BASIC_GRAYSCALE_PRINT_MANAGEMENT_META:
        yield Flaw("icc-profile-gray", "the film box came on the grayscale context", "ICCProfile")
    elif case.context == BASIC_COLOR_PRINT_MANAGEMENT_META:
        try:
            ICC_PROFILE.take(value, case.profile)
        except ValueError as error:
            yield Flaw("value-out-of-range", str(error), "ICCProfile", "PS3.3 C.11.15")


def _light(case: Case) -> Flaws:
    given = [each for each in ("Illumination", "ReflectedAmbientLight") if value_of(case.sent, each)]
    if given and case.scene.look_up(case.sent, *_film(case)) is None:
        yield Flaw("light-without-lut", "no Presentation LUT is referred to", given[0])


def _smoothing(case: Case) -> Flaws:
    if not value_of(case.sent, "SmoothingType"):
        return
    film = _film(case)
    magnification = value_of(case.sent, "MagnificationType") or (
        value_of(film[0], "MagnificationType") if film else None
    )
    if magnification and magnification != "CUBIC":
        yield Flaw("smoothing-without-cubic", f"Magnification Type is {magnification}", "SmoothingType")


def _densities(case: Case) -> Flaws:
    low, high = (number_of(case.sent, each) for each in _DENSITIES)
    if low is None and high is None:
        return
    if high is not None and high <= _MOST_OD:
        yield Flaw("density-in-od", f"{high:g} hundredths of OD", "MaxDensity")
        return
    if (low, high) == _GRAY_VALUES:
        yield Flaw("density-gray-values", "0.00 to 2.55 OD", "MaxDensity")
        return
    least, most = case.profile.min_density, case.profile.max_density
    clause = CLAUSES[case.sop_class, case.verb]
    outside = False
    for keyword, given in (("MinDensity", low), ("MaxDensity", high)):
        if given is not None and not least <= given <= most:
            outside = True
            yield Flaw(
                "density-outside-range", f"{given:g}, this printer has {least} to {most}", keyword, clause
            )
    low, high = _in_force(case, low, high)
    if low >= high:
        also = " after both were clipped" if outside else ""
        yield Flaw("densities-upside-down", f"{low:g} is not below {high:g}{also}", "MinDensity")


def _in_force(case: Case, low: float | None, high: float | None) -> tuple[float, float]:
    """Minimum and maximum with what the film box has, as this printer clips them."""
    target = case.target
    film = target.film if isinstance(target, Box) else target
    values = film.values if isinstance(film, Film) else {}
    least, most = case.profile.min_density, case.profile.max_density

    def density(given: float | None, keyword: str, default: int) -> float:
        return min(max(values.get(keyword, default) if given is None else given, least), most)

    return density(low, "MinDensity", least), density(high, "MaxDensity", most)
