"""What a film asks for on the medium that its session asks for: each has its densities and its light."""

from collections.abc import Callable
from typing import Any

from printscp.film.instances import FilmBox
from printscp.film.profile import PrinterProfile
from printscp.film.rules import BACKGROUND, DENSITY, ILLUMINATION

_DEFAULTS: dict[str, Callable[[PrinterProfile], Any]] = {
    "MinDensity": lambda p: p.min_density,
    "MaxDensity": lambda p: p.max_density,
    "Illumination": lambda p: p.illumination,
    "ReflectedAmbientLight": lambda p: p.reflected_ambient_light,
}
_RULES = {
    "MinDensity": DENSITY,
    "MaxDensity": DENSITY,
    "BorderDensity": BACKGROUND,
    "EmptyImageDensity": BACKGROUND,
}


def fit_light(values: dict[str, Any], medium: str, printer: PrinterProfile) -> list[tuple[str, str]]:
    """Put the medium's light in the place of what cannot be on it; returns keyword and remark of each.

    The GSDF of reflective media has no term for ambient light (PS3.14 7.2).
    """
    profile = printer.on(medium)
    remarks = []
    if medium in printer.reflective.media and values.get("ReflectedAmbientLight"):
        values["ReflectedAmbientLight"] = profile.reflected_ambient_light
        remarks.append(("ReflectedAmbientLight", f"ReflectedAmbientLight ignored: none on {medium}"))
    if "Illumination" in values:
        try:
            ILLUMINATION.take(values["Illumination"], profile)
        except ValueError as error:
            values["Illumination"] = profile.illumination
            remarks.append(("Illumination", f"Illumination: {error}; {profile.illumination} used"))
    return remarks


def change_medium(film_box: FilmBox, medium: str, printer: PrinterProfile) -> None:
    """Have a film box and its images fit another medium than they were made for: what the SCU did not give
    follows the medium, what it gave is clamped to it, with a remark."""
    profile = printer.on(medium)
    film = film_box.attributes
    film |= {key: default(profile) for key, default in _DEFAULTS.items() if key in film_box.defaulted}
    remarks = _clamp(film, film, profile)
    for keyword, remark in fit_light(film, medium, printer):
        film_box.defaulted.add(keyword)
        remarks.append(remark)
    film_box.remarks += [f"{medium}: {remark}" for remark in remarks if remark not in film_box.remarks]
    for box in film_box.image_boxes:
        box.remarks += [f"{medium}: {remark}" for remark in _clamp(box.attributes, film, profile)]


def _clamp(values: dict[str, Any], film: dict[str, Any], profile: PrinterProfile) -> list[str]:
    """Densities of a film, or of an image on it, in the range of the printer; returns remarks."""
    remarks = []
    for keyword, rule in _RULES.items():
        if keyword in values:
            taken = rule.take(values[keyword], profile)
            values[keyword] = taken.value
            remarks += [f"{keyword}: {taken.remark}"] if taken.remark else []
    in_force = film | values
    if in_force["MinDensity"] >= in_force["MaxDensity"]:
        values |= {"MinDensity": profile.min_density, "MaxDensity": profile.max_density}
        remarks.append(f"density: no range is left, {profile.min_density}..{profile.max_density} used")
    return remarks
