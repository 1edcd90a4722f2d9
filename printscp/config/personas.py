"""Printer profiles that are printers by themselves: one server is many printers, each under its own name."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from printscp.config.printers import PrinterSettings
from printscp.config.values import ae_title, by_commas

ALL_PERSONAS = "all"
"""Stands for every profile there is; only those who can read `layouts/` know which that are."""

_LONGEST_TITLE = 16
# What the top level says of its own printer is not said of them.
_OF_ITS_OWN = ("ae_title", "profile", "mode")


def persona_title(profile: str) -> str:
    """The AE title under which a profile can be called."""
    return profile.upper()[:_LONGEST_TITLE].strip()


def persona(profile: str, top: Mapping[str, Any]) -> PrinterSettings:
    """The printer of a profile. ``top`` says where it can be called and, as far as the top level does, who
    may print there, whether events are reported and where films go."""
    shared = {key: value for key, value in top.items() if key not in _OF_ITS_OWN}
    return PrinterSettings(ae_title=persona_title(profile), profile=profile, **shared)


def _names(names: tuple[str, ...]) -> tuple[str, ...]:
    trimmed = tuple(name.strip() for name in names)
    for name in trimmed:
        ae_title(persona_title(name))
    return (ALL_PERSONAS,) if ALL_PERSONAS in trimmed else tuple(dict.fromkeys(trimmed))


Personas = Annotated[tuple[str, ...], BeforeValidator(by_commas), AfterValidator(_names)]
"""Names of profiles, with commas between or as a list; or `ALL_PERSONAS`."""
