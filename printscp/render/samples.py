"""From optical density to samples: one table for each way in which a file or a printer takes gray.

A tone says what a sample means. Of ``p-value`` samples even steps look even on the film's light box: 0 is the
printer's maximum density, the largest its minimum, between them it goes by JND (PS3.14). ``lightbox`` samples
are what a camera sees: the film's luminance beside that of its brightest point, coded as sRGB. ``curve``
samples are what a printer needs to put the film's density on its paper, by a curve measured on it.
"""

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from printscp.render.tone import OD_UNIT, Floats, ToneScale

Tone = Literal["p-value", "lightbox", "curve"]
Samples = NDArray[np.uint8] | NDArray[np.uint16]


@dataclass(frozen=True)
class PrinterCurve:
    """What a printer makes of its samples, as measured.

    ``points`` are a sample as a fraction of full scale, 0 to 1 and rising, and the optical density that it
    prints, which rises or falls all the way. Between two points it goes straight. ``version`` tells the
    curves of a printer apart that printscp made, 1 and up; it is 0 of others.

    Raises:
        ValueError: the points are not such a curve; the message names the first that is wrong.
    """

    printer: str
    measured: date | datetime
    points: tuple[tuple[float, float], ...]
    version: int = 0

    def __post_init__(self) -> None:
        samples, densities = np.array(self.points, np.float64).reshape(-1, 2).T
        if len(samples) < 2 or samples[0] != 0 or samples[-1] != 1:
            raise ValueError("the samples go from 0 to 1")
        falls = densities[-1] < densities[0]
        steps = zip(np.diff(samples), np.diff(densities) * (-1 if falls else 1), strict=True)
        for number, (wider, denser) in enumerate(steps, start=2):
            if not wider > 0:
                raise ValueError(f"point {number}: its sample is not above the one before")
            if not denser > 0:
                way = "below" if falls else "above"
                raise ValueError(f"point {number}: its density is not {way} the one before")

    def sample(self, density: Floats) -> Floats:
        """The sample, 0..1, that prints a density; the nearest where the printer cannot."""
        densities, samples = np.array(sorted((printed, sample) for sample, printed in self.points)).T
        return np.asarray(np.interp(density, densities, samples))

    def density(self, sample: Floats) -> Floats:
        """The density that a sample, 0..1, prints."""
        samples, densities = np.array(self.points).T
        return np.asarray(np.interp(sample, samples, densities))


@lru_cache(maxsize=8)
def sample_table(scale: ToneScale, tone: Tone, bits: int, curve: PrinterCurve | None = None) -> Samples:
    """The sample, 0 to 2^bits - 1, of each density: 65536 entries, index in 0.0001 OD.

    It is uint8 up to 8 bits, else uint16. ``curve`` is asked for by the tone of that name.
    """
    density = np.arange(65536, dtype=np.float64) * OD_UNIT
    if tone == "p-value":
        fraction = scale.p_value(density)
    elif tone == "lightbox":
        fraction = _srgb(_luminance(scale, density) / _luminance(scale, scale.min_density))
    else:
        fraction = _measured(curve).sample(density)
    whole = np.rint(np.clip(fraction, 0.0, 1.0) * ((1 << bits) - 1))
    table: Samples = whole.astype(np.uint8 if bits <= 8 else np.uint16)
    table.flags.writeable = False
    return table


def describe(scale: ToneScale, tone: Tone, bits: int, curve: PrinterCurve | None = None) -> str:
    """What the samples of `sample_table` mean, in words for people."""
    light = f"L0 {scale.illumination:g} and La {scale.ambient:g} cd/m2"
    ends = f"{scale.max_density:.2f} OD", f"{scale.min_density:.2f} OD"
    full = (1 << bits) - 1
    if tone == "p-value":
        return (
            f"Gray samples are P-values (DICOM PS3.14): 0 is {ends[0]}, {full} is {ends[1]}, "
            f"even steps are even in JND at {light}."
        )
    if tone == "lightbox":
        return (
            f"Gray samples are the luminance of the film on its light box at {light}, "
            f"relative to that of {ends[1]} and coded as sRGB: {full} is {ends[1]}."
        )
    curve = _measured(curve)
    first, last = curve.points[0][1], curve.points[-1][1]
    version = f", version {curve.version} of its curve" if curve.version else ""
    return (
        f"Gray samples are for {curve.printer}, as measured on {curve.measured:%Y-%m-%d}{version}: "
        f"0 prints {first:.2f} OD, {full} prints {last:.2f} OD. The film is to be seen at {light}."
    )


def _measured(curve: PrinterCurve | None) -> PrinterCurve:
    if curve is None:
        raise ValueError("the tone `curve` needs the curve of a printer")
    return curve


def _luminance(scale: ToneScale, density: Floats | float) -> Floats:
    """What the film shows on its light box, in cd/m2: light through it, and light thrown back (PS3.14)."""
    return np.asarray(scale.ambient + scale.illumination * 10.0 ** -np.asarray(density, np.float64))


def _srgb(light: Floats) -> Floats:
    """The code, 0..1, of linear light 0..1 (IEC 61966-2-1)."""
    light = np.minimum(light, 1.0)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def _linear(code: Floats) -> Floats:
    return np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)


# --- the profile ----------------------------------------------------------------------------------------

_D50 = (0.9642, 1.0, 0.8249)  # white of the profile connection space (ICC.1:2001-04 6.1.10)
_POINTS = 4096  # of the tone curve of samples of more than 8 bits; those between are on a line


@lru_cache(maxsize=8)
def gray_profile(scale: ToneScale, tone: Tone, bits: int, curve: PrinterCurve | None = None) -> bytes:
    """An ICC profile (ICC.1:2001-04, monochrome display) that says what luminance a sample means.

    Its tone curve is the luminance of the film on its light box, ambient light included, relative to that of
    the brightest sample, whose luminance in cd/m2 is the tag `lumi`. It has no date, so that it is a function
    of its arguments.
    """
    sample = np.linspace(0.0, 1.0, 1 << min(bits, 8) if bits <= 8 else _POINTS)
    if tone == "p-value":
        shown = _luminance(scale, scale.density(sample))
    elif tone == "lightbox":
        # No film is darker than its maximum density, whatever a sample below it says.
        shown = _linear(sample) * _luminance(scale, scale.min_density)
    else:
        shown = _luminance(scale, _measured(curve).density(sample))
    brightest = float(shown.max())
    tags = {
        b"desc": _description(f"printscp gray, {tone}, {scale.illumination:g} + {scale.ambient:g} cd/m2"),
        b"wtpt": _xyz(*_D50),
        b"lumi": _xyz(0.0, brightest, 0.0),
        b"kTRC": _curve(shown / brightest),
        b"cprt": b"text\0\0\0\0" + b"No copyright, use freely\0",
    }
    return _profile(tags)


def _profile(tags: dict[bytes, bytes]) -> bytes:
    """Header, table and tags of a profile, each tag on a boundary of four bytes (ICC.1:2001-04 6)."""
    place = 128 + 4 + 12 * len(tags)
    table, data = [_u32(len(tags))], []
    for signature, tag in tags.items():
        table.append(signature + _u32(place, len(tag)))
        data.append(tag + bytes(-len(tag) % 4))
        place += len(data[-1])
    head = (
        _u32(place, 0, 0x02400000)  # size, no preferred engine, version 2.4
        + b"mntrGRAYXYZ "
        + bytes(12)  # date
        + b"acsp"
        + bytes(28)  # platform, flags, device, rendering intent: perceptual
        + _fixed(*_D50)
        + bytes(48)
    )
    return b"".join([head, *table, *data])


def _description(text: str) -> bytes:
    """textDescriptionType: ASCII, and no Unicode and no Macintosh string."""
    ascii_text = text.encode("ascii") + b"\0"
    return b"desc\0\0\0\0" + _u32(len(ascii_text)) + ascii_text + bytes(4 + 4 + 2 + 1 + 67)


def _xyz(*values: float) -> bytes:
    return b"XYZ \0\0\0\0" + _fixed(*values)


def _curve(values: Floats) -> bytes:
    return b"curv\0\0\0\0" + _u32(len(values)) + np.rint(values * 65535).astype(">u2").tobytes()


def _fixed(*values: float) -> bytes:
    """s15Fixed16Number, each."""
    return _u32(*(round(value * 65536) for value in values))


def _u32(*values: int) -> bytes:
    return b"".join(value.to_bytes(4, "big") for value in values)
