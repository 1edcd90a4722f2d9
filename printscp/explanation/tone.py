"""How an image becomes gray: photometric interpretation, polarity, Presentation LUT, densities."""

import numpy as np

from printscp.explanation import Asked, Value
from printscp.film.sheet import LookUp, Sheet, SheetImage, ToneCurve
from printscp.render.compose import tone_of
from printscp.render.resample import samples
from printscp.render.tone import OD_UNIT, ToneScale, density_table, toned

_CONFIGURATION = "ConfigurationInformation"
_LUT = "ReferencedPresentationLUTSequence"
_FEW = 1 / 8  # of its range: an image that uses no more of it may have been sent with the wrong bits

Explained = tuple[tuple[str, ...], tuple[Value, ...], tuple[str, ...]]


def explain_tone(sheet: Sheet, image: SheetImage, asked: Asked) -> Explained:
    """Sentences, values and notes."""
    if sheet.color:
        return _color(sheet, image, asked)
    scale, tone = tone_of(sheet, image)
    values = tuple(_value(each, image, scale, tone) for each in _stored(image))
    first, *_, last = values
    ends = (
        f"In all: 0 prints {first.density:.2f} OD, {_lightness(first, last)}; "
        f"{last.stored} prints {last.density:.2f} OD, {_lightness(last, first)}."
    )
    lines = (
        _matrix(image, asked),
        _polarity(image, asked),
        _tone(image, tone, asked),
        _densities(sheet, image, scale, asked),
        ends,
    )
    return lines, values, tuple(_notes(sheet, image, tone, values, asked))


def _stored(image: SheetImage) -> tuple[int, int, int]:
    return 0, 1 << (image.bits_stored - 1), (1 << image.bits_stored) - 1


def _value(stored: int, image: SheetImage, scale: ToneScale, tone: LookUp | ToneCurve) -> Value:
    largest = (1 << image.bits_stored) - 1
    table = density_table(scale, image.bits_stored, image.reverse, tone)
    fraction = np.array([(largest - stored if image.reverse else stored) / largest])
    p_value = round(float(scale.p_value(toned(fraction, scale, tone))[0]) * largest)
    return Value(stored, p_value, round(int(table[stored << (16 - image.bits_stored)]) * OD_UNIT, 4))


def _matrix(image: SheetImage, asked: Asked) -> str:
    least, most = _range(image)
    allocated = asked.item(image.position).get("BitsAllocated")
    stored = f"{image.bits_stored} bits{f' in {allocated}' if allocated else ''}"
    largest = (1 << image.bits_stored) - 1
    return (
        f"{image.columns} x {image.rows} pixels of {stored}: values 0 to {largest}, "
        f"of which {least} to {most} occur."
    )


def _range(image: SheetImage) -> tuple[int, int]:
    values = samples(image) & ((1 << image.bits_stored) - 1)
    return int(values.min()), int(values.max())


def _polarity(image: SheetImage, asked: Asked) -> str:
    photometric = asked.item(image.position).get("PhotometricInterpretation")
    if photometric not in ("MONOCHROME1", "MONOCHROME2"):
        which = (
            "MONOCHROME1, or Polarity REVERSE" if image.reverse else "MONOCHROME2, or MONOCHROME1 reversed"
        )
        return f"{which}: 0 is {'white' if image.reverse else 'black'}. Which of them was sent is not kept."
    sent = asked.of_image(image.position, "Polarity")
    start = "white" if photometric == "MONOCHROME1" else "black"
    if image.reverse != (photometric == "MONOCHROME1"):
        turned = (
            f"Polarity {sent or 'REVERSE'} turns that round: 0 is {'white' if image.reverse else 'black'}"
        )
    elif sent == "NORMAL":
        turned = "Polarity NORMAL leaves it so"
    else:
        turned = "no Polarity was sent, which is NORMAL and leaves it so (PS3.3 C.13.5)"
    return f"{photometric}, so 0 is {start}; {turned}."


def _tone(image: SheetImage, tone: LookUp | ToneCurve, asked: Asked) -> str:
    if isinstance(tone, ToneCurve):
        return _curve(image, tone, asked)
    by, _ = asked.by(_LUT, image.position)
    who = f", of the {by}" if by else ""
    if tone.shape == "IDENTITY":
        return f"Presentation LUT IDENTITY{who}: values are P-values, and even steps of them look even."
    if tone.shape == "LIN OD":
        return f"Presentation LUT LIN OD{who}: even steps of the value are even steps of density."
    first, last = tone.table[0], tone.table[-1]
    return (
        f"Presentation LUT{who}: a table of {len(tone.table)} entries of {tone.bits} bits, "
        f"P-value {first} for the darkest value to {last} for the brightest, of {(1 << tone.bits) - 1}."
    )


def _curve(image: SheetImage, curve: ToneCurve, asked: Asked) -> str:
    source = asked.source(_CONFIGURATION, image.position, image.configuration)
    named = f"Configuration Information {image.configuration}{source}, the printer's curve,"
    if curve == ToneCurve():
        by = f"{named} leaves values as they are: they" if image.configuration else "values"
        return f"No Presentation LUT: {by} are taken for P-values, and even steps of them look even."
    bend = "" if curve.contrast == 1 else f" bends values to a contrast of {curve.contrast:g} in the middle;"
    even = "density" if curve.linear else "P-value, which look even"
    return f"No Presentation LUT: {named}{bend} even steps of what it makes are even steps of {even}."


def _densities(sheet: Sheet, image: SheetImage, scale: ToneScale, asked: Asked) -> str:
    least, most = (end / 100 for end in sheet.printer_density)
    brightest = asked.source("MinDensity", image.position, image.min_density)
    darkest = asked.source("MaxDensity", image.position, image.max_density)
    return (
        f"Brightest is {scale.min_density:.2f} OD{brightest}, darkest {scale.max_density:.2f} OD{darkest}; "
        f"the printer reaches {least:.2f} to {most:.2f} OD."
    )


def _lightness(this: Value, other: Value) -> str:
    if this.density == other.density:
        return "as the other end does"
    return "the dark end" if this.density > other.density else "the light end"


def _notes(
    sheet: Sheet, image: SheetImage, tone: LookUp | ToneCurve, values: tuple[Value, ...], asked: Asked
) -> list[str]:
    notes = []
    photometric = asked.item(image.position).get("PhotometricInterpretation")
    if photometric == "MONOCHROME1" and not image.reverse:
        notes.append(
            "Inverted twice: MONOCHROME1 and Polarity REVERSE cancel each other. It prints as MONOCHROME2 "
            "with Polarity NORMAL would; where one of the two was enough, the film is a negative."
        )
    if isinstance(tone, LookUp) and tone.shape == "LIN OD" and tone.by_value:
        notes.append(
            "This printer takes a LIN OD value for a density (PS3.3 C.11.4): what polarity leaves at black "
            "prints lightest."
        )
    if isinstance(tone, LookUp) and not tone.shape:
        notes += _table_notes(image, tone)
    by, wanted = asked.by(_CONFIGURATION, image.position)
    if isinstance(tone, LookUp) and by:
        notes.append(f"Configuration Information {wanted} is without effect: there is a Presentation LUT.")
    least, most = _range(image)
    if most < _FEW * ((1 << image.bits_stored) - 1):
        dark = _value(least, image, *tone_of(sheet, image)), _value(most, image, *tone_of(sheet, image))
        notes.append(
            f"No value above {most} occurs: the image prints between {dark[0].density:.2f} and "
            f"{dark[1].density:.2f} OD alone. Was it sent with fewer bits than it says?"
        )
    if values[0].density == values[-1].density:
        notes.append("The smallest and the largest value print the same density.")
    return notes


def _table_notes(image: SheetImage, tone: LookUp) -> list[str]:
    notes = []
    if tone.table[0] > tone.table[-1]:
        notes.append("The table of the Presentation LUT falls: it inverts, beside polarity.")
    if len(tone.table) != 1 << image.bits_stored:
        notes.append(
            f"The table has {len(tone.table)} entries for {1 << image.bits_stored} values: it is stretched "
            "over them."
        )
    return notes


def _color(sheet: Sheet, image: SheetImage, asked: Asked) -> Explained:
    order = "plane by plane" if image.planar_configuration == 1 else "pixel by pixel"
    sent = asked.of_image(image.position, "Polarity")
    polarity = "Polarity REVERSE: each of red, green and blue is inverted." if image.reverse else ""
    profile = (
        "Its colors are those of the ICC Profile of the film box, turned into sRGB."
        if len(sheet.icc_profile)
        else "No ICC Profile was sent: its colors are taken for sRGB."
    )
    planar = f"{order} (Planar Configuration {image.planar_configuration})"
    lines = (
        f"{image.columns} x {image.rows} pixels of RGB, 8 bits each, {planar}.",
        polarity or f"Polarity {sent or 'not sent, which is NORMAL'}: colors are as they came.",
        profile,
        "Densities and Presentation LUT are of gray images: they do not act on it (PS3.4 H.4.3.2).",
    )
    return lines, (), ()
