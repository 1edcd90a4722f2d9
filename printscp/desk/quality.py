"""Calibration and control charts of printers."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from printscp.desk.house import House
from printscp.desk.records import SeenCurve, SeenMeasurement
from printscp.errors import NotPossible

if TYPE_CHECKING:
    from printscp.outputs.curve import CurveFile
    from printscp.qa.trend import Trend

# What reads and draws measurements takes long to load, and is loaded by whoever asks for some.


class Quality:
    """What the folder of quality assurance has of a printer, by its name there."""

    def __init__(self, house: House) -> None:
        self._house = house

    def measurements(self, printer: str) -> tuple[SeenMeasurement, ...]:
        """The newest first."""
        from printscp.qa.store import Measurements

        history = Measurements(self._house.settings.qa, printer)
        found = [(file, history.read(file)) for file in reversed(history.files())]
        return tuple(
            SeenMeasurement(
                taken=each.provenance.made,
                pattern=each.pattern,
                operator=each.provenance.operator,
                passed=each.passed,
                baseline=each.baseline,
                file=file.name,
            )
            for file, each in found
        )

    def curves(self, printer: str) -> tuple[SeenCurve, ...]:
        """The newest first."""
        from printscp.qa.calibration.curves import Curves
        from printscp.qa.store import curve_version

        curves = Curves(self._house.settings.qa, printer)
        used = curve_version(self._house.settings.qa, printer)
        found = [(version, curves.read(version)) for version in reversed(curves.versions())]
        return tuple(
            SeenCurve(version, each.measured, version == used, _origin(each)) for version, each in found
        )

    def trend(self, printer: str) -> "Trend | None":
        """Its control charts; None where nothing was measured."""
        from printscp.qa.limits import limits_of
        from printscp.qa.store import Measurements
        from printscp.qa.trend import trend

        root = self._house.settings.qa
        measurements = Measurements(root, printer).all()
        return trend(printer.strip(), measurements, limits_of(root, printer)) if measurements else None

    def report(self, printer: str) -> bytes:
        """The control charts as a page of PDF.

        Raises:
            NotPossible: nothing was measured.
        """
        found = self.trend(printer)
        if found is None:
            raise NotPossible(f"printer {printer.strip()}: no measurement: make one with printscp qa measure")
        from printscp.qa.report import trend_report

        with TemporaryDirectory() as folder:
            file = Path(folder) / "trend.pdf"
            trend_report(found, file)
            return file.read_bytes()


def _origin(curve: "CurveFile") -> str:
    """What it was made of, and by whom."""
    made = f"{len(curve.points)} points" + (f", from {curve.measurement}" if curve.measurement else "")
    return f"{made}, by {curve.operator}" if curve.operator else made
