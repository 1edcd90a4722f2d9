"""The printers that a statement is about, and what is to be said of all of them in one place."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from printscp.catalog import Catalog
from printscp.config import PrinterSettings, Settings
from printscp.film.profile import Mode, PrinterProfile


@dataclass(frozen=True)
class Printers:
    """``profiles`` are those in use, each once, in the order of the printers."""

    settings: Settings
    profiles: tuple[PrinterProfile, ...]

    @classmethod
    def of(cls, settings: Settings) -> "Printers":
        """Read the profiles.

        Raises:
            SetupError: one is not there or wrong.
        """
        catalog = Catalog(settings.layouts)
        settings = settings.with_personas(catalog.profile_names)
        names = dict.fromkeys(printer.profile for printer in settings.printers)
        return cls(settings, tuple(catalog.profile(name) for name in names))

    @property
    def color(self) -> bool:
        """Whether any prints color."""
        return any(profile.color for profile in self.profiles)

    def say(self, words: Callable[[PrinterProfile], str]) -> str:
        """What holds for all profiles, or of each what holds for it."""
        return _once([(profile.name, words(profile)) for profile in self.profiles])

    def mode_of(self, printer: PrinterSettings) -> Mode:
        """The mode in force: its own, or that of its profile."""
        by_profile = {profile.name: profile.mode for profile in self.profiles}
        return printer.mode or by_profile[printer.profile]

    def of_profile(self, profile: PrinterProfile) -> list[PrinterSettings]:
        """The printers that have a profile."""
        return [printer for printer in self.settings.printers if printer.profile == profile.name]


def _once(words: Sequence[tuple[str, str]]) -> str:
    if len({text for _, text in words}) == 1:
        return words[0][1]
    return "\n".join(f"{name}: {text}" for name, text in words)
