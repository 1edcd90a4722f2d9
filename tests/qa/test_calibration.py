"""Curves from readings: what is refused and why, what is kept, and laws of the fit."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from printscp.durable import DurableFile
from printscp.errors import SetupError
from printscp.outputs.curve import read_curve_file
from printscp.qa.calibration import Curves, calibrate
from printscp.qa.calibration.fit import Read, fitted
from printscp.qa.measurement import Measurement, Step
from printscp.qa.provenance import Provenance
from printscp.qa.response import response
from printscp.qa.store import Measurements
from printscp.render.samples import PrinterCurve
from printscp.render.tone import ToneScale

SCALE = ToneScale(0.2, 3.1, 2000, 10)
NOW = datetime(2026, 11, 22, 10, 15, tzinfo=UTC)
EVEN = np.linspace(0, 1, 17)


def gamma(p_values: np.ndarray) -> np.ndarray:
    """A printer that is smooth, and wrong."""
    return np.asarray(SCALE.density(p_values**1.3))


def lighter(p_values: np.ndarray) -> np.ndarray:
    """What another asks for to get P-values."""
    return np.asarray(p_values + 0.15 * np.sin(np.pi * p_values))


_numbers = itertools.count()


def measurement(
    densities: Sequence[float] | np.ndarray,
    p_values: np.ndarray = EVEN,
    *,
    scale: ToneScale = SCALE,
    curve: int = 0,
    made: datetime = NOW,
    scatter: tuple[float, ...] = (0.0,),
    printed_in: ToneScale | None = None,
) -> Measurement:
    """``scatter`` has what is added in each reading of a patch."""
    steps = tuple(
        Step(
            f"step-{number:02}",
            float(p_value),
            tuple(float(density) + off for off in scatter),
            float(scale.density(p_value)),
        )
        for number, (p_value, density) in enumerate(zip(p_values, densities, strict=True), start=1)
    )
    return Measurement(
        pattern="wedge-17",
        scale=scale,
        steps=steps,
        others=(),
        response=response([step.p_value for step in steps], [step.density for step in steps], scale),
        findings=(),
        provenance=Provenance(
            "FILM",
            "imager17",
            "A. Physicist",
            made,
            "printscp",
            "r.csv",
            (("readings", f"{next(_numbers)}"),),
        ),
        curve=curve,
        densitometer="",
        printed_in=printed_in,
    )


class Printer:
    """Its folder of quality assurance."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.curves = Curves(root, "FILM")
        self.films = 0

    def keep(self, densities: Sequence[float] | np.ndarray, **of_it: object) -> Path:
        self.films += 1
        made = NOW + timedelta(hours=self.films)
        kept = measurement(densities, **({"made": made} | of_it))  # type: ignore[arg-type]
        return Measurements(self.root, "FILM").add(kept)

    def calibrate(self, densities: Sequence[float] | np.ndarray, **of_it: object) -> int:
        made = calibrate(
            self.root, "FILM", self.keep(densities, **of_it), NOW + timedelta(days=1), "B. Other"
        )
        self.curves.add(made.file)
        return made.file.version


@pytest.fixture
def printer(tmp_path: Path) -> Printer:
    return Printer(tmp_path / "qa")


# --- what is made ----------------------------------------------------------------------------------------


def test_a_curve_prints_the_aims_and_says_what_it_is_made_of(printer: Printer) -> None:
    source = printer.keep(gamma(EVEN))
    made = calibrate(printer.root, "FILM", source, NOW + timedelta(days=1), "B. Other")
    sent = made.file.curve.sample(SCALE.density(EVEN))
    np.testing.assert_allclose(gamma(sent), SCALE.density(EVEN), atol=0.01)
    assert (made.worst.name, round(made.worst.error, 2)) == ("step-03", 0.28)
    assert made.residual < 0.01 > made.short
    assert made.reach == pytest.approx((0.2, 3.1), abs=0.01)
    assert (made.moved, made.films, made.remarks) == (None, 1, ())
    file = made.file
    assert (file.printer, file.version, file.before, file.operator) == ("FILM", 1, 0, "B. Other")
    assert (file.measured, file.made) == (NOW + timedelta(hours=1), NOW + timedelta(days=1))
    assert file.measurement == source.name
    assert len(file.sha256) == 64
    assert file.software.startswith("printscp ")
    assert printer.curves.in_force() is None  # not yet
    path = printer.curves.add(file)
    assert read_curve_file(path) == printer.curves.in_force() == file


def test_a_film_through_a_curve_counts_by_the_samples_that_were_sent(printer: Printer) -> None:
    printer.calibrate(gamma(EVEN))
    first = printer.curves.read(1).curve
    printer.calibrate(gamma(first.sample(SCALE.density(EVEN))), curve=1)
    second = printer.curves.in_force()
    assert second is not None
    assert (second.version, second.before) == (2, 1)
    sent = second.curve.sample(SCALE.density(EVEN))
    np.testing.assert_allclose(gamma(sent), SCALE.density(EVEN), atol=0.005)


@pytest.mark.parametrize(
    ("scatter", "low", "high"), [((-0.01, 0.0, 0.01), 0.02, 0.03), ((-0.08, 0.0, 0.08), 0, 0.01)]
)
def test_readings_that_lie_apart_count_less(
    printer: Printer, scatter: tuple[float, ...], low: float, high: float
) -> None:
    printer.keep(gamma(EVEN), scatter=(0.0, 0.0, 0.0))
    source = printer.keep(gamma(EVEN) + 0.03, scatter=scatter)
    curve = calibrate(printer.root, "FILM", source, NOW).file.curve
    assert low < np.median(curve.density(EVEN) - gamma(EVEN)) < high


def test_a_printer_that_is_another_now_is_not_mixed_with_what_it_was(printer: Printer) -> None:
    printer.calibrate(gamma(EVEN))
    source = printer.keep(SCALE.density(lighter(EVEN)))
    made = calibrate(printer.root, "FILM", source, NOW, "")
    assert made.films == 1
    assert any("has changed since" in remark for remark in made.remarks)
    sent = made.file.curve.sample(SCALE.density(EVEN))
    np.testing.assert_allclose(SCALE.density(lighter(sent)), SCALE.density(EVEN), atol=0.01)
    assert made.moved is not None
    assert made.moved > 0.3


def test_films_that_are_no_good_and_readings_that_came_twice_do_not_count(printer: Printer) -> None:
    good = printer.keep(gamma(EVEN))
    history = Measurements(printer.root, "FILM")
    once = history.read(good)
    history.add(replace(once, provenance=replace(once.provenance, made=NOW + timedelta(minutes=90))))
    printer.keep(gamma(EVEN)[::-1])
    printer.keep(gamma(EVEN), curve=7)
    made = calibrate(printer.root, "FILM", printer.keep(gamma(EVEN)), NOW)
    assert len(history.files()) == 5
    assert made.films == 2


@pytest.mark.parametrize(
    ("low", "high", "remark"),
    [(0.25, 3.1, "cannot reach 0.20 OD: it prints 0.25"), (0.2, 2.6, "cannot reach 3.10 OD: it prints 2.60")],
)
def test_a_range_out_of_reach_is_said_and_no_fault(
    printer: Printer, low: float, high: float, remark: str
) -> None:
    source = printer.keep(ToneScale(low, high, 2000, 10).density(EVEN))
    made = calibrate(printer.root, "FILM", source, NOW)
    assert [remark in each for each in made.remarks] == [True]
    assert made.short == pytest.approx(max(low - 0.2, 3.1 - high), abs=0.01)
    inside = SCALE.density(EVEN)
    inside = inside[(inside > low) & (inside < high)]
    sent = made.file.curve.sample(inside)
    np.testing.assert_allclose(ToneScale(low, high, 2000, 10).density(sent), inside, atol=0.01)


def test_a_paper_printer_is_calibrated_too(printer: Printer) -> None:
    paper = ToneScale(0.05, 1.6, 150, 0)
    source = printer.keep(paper.density(lighter(EVEN)), scale=paper)
    made = calibrate(printer.root, "FILM", source, NOW)
    sent = made.file.curve.sample(paper.density(EVEN))
    np.testing.assert_allclose(paper.density(lighter(sent)), paper.density(EVEN), atol=0.01)


# --- what is refused -------------------------------------------------------------------------------------


def swapped(densities: np.ndarray) -> np.ndarray:
    changed = densities.copy()
    changed[[4, 9]] = changed[[9, 4]]
    return changed


@pytest.mark.parametrize(
    ("densities", "words"),
    [
        (lambda: gamma(EVEN)[::-1], ("rise from step-01", "step-17", "in reverse?")),
        (lambda: swapped(gamma(EVEN)), ("look at step-05 (1.1", "), step-10 (1.9", "): were lines swapped")),
        (lambda: 1.0 - EVEN * 0.5, ("0.50 to 1.00 OD is too small a range", "2.90 OD asked for")),
        (lambda: np.where(EVEN < 0.5, 3.0, 0.3) - EVEN * 0.05, ("nothing was read between 0.27", "wedge-33")),
    ],
)
def test_readings_that_make_no_curve_are_refused_with_what_to_do(
    printer: Printer, densities: Callable[[], np.ndarray], words: tuple[str, ...]
) -> None:
    source = printer.keep(densities())
    with pytest.raises(SetupError) as refused:
        calibrate(printer.root, "FILM", source, NOW)
    for word in (source.name, *words):
        assert word in str(refused.value)
    assert printer.curves.versions() == []


def test_seven_steps_are_too_few_and_eight_are_enough(printer: Printer) -> None:
    few, enough = np.linspace(0, 1, 7), np.linspace(0, 1, 8)
    with pytest.raises(SetupError, match="7 steps that differ are too few: print wedge-32"):
        calibrate(printer.root, "FILM", printer.keep(gamma(few), p_values=few), NOW)
    assert printer.calibrate(gamma(enough), p_values=enough) == 1


def test_scatter_of_a_densitometer_is_no_fault(printer: Printer) -> None:
    flat = np.minimum(gamma(EVEN), 2.6)  # its shoulder reads up and down
    flat[:3] += (0.0, 0.02, -0.015)
    assert printer.calibrate(flat) == 1


def test_a_film_of_less_than_the_printer_s_range_counts_by_the_samples_of_the_whole(printer: Printer) -> None:
    asked = ToneScale(0.3, 2.6, 2000, 10)
    sent = SCALE.p_value(asked.density(EVEN))  # outputs place P-values in the printer's range
    source = printer.keep(gamma(sent), scale=asked, printed_in=SCALE)
    curve = calibrate(printer.root, "FILM", source, NOW).file.curve
    np.testing.assert_allclose(
        gamma(curve.sample(asked.density(EVEN[2:-1]))), asked.density(EVEN[2:-1]), atol=0.03
    )


def test_a_film_makes_one_curve(printer: Printer) -> None:
    printer.calibrate(gamma(EVEN))
    source, _ = Measurements(printer.root, "FILM").latest()
    with pytest.raises(SetupError, match=r"version 1 is made of .*print a wedge through it"):
        calibrate(printer.root, "FILM", source, NOW)


def test_a_film_through_a_curve_that_is_not_there_is_refused(printer: Printer) -> None:
    source = printer.keep(gamma(EVEN), curve=3)
    with pytest.raises(
        SetupError, match=r"no curve version 3 in .*correct the curve version in the readings"
    ):
        calibrate(printer.root, "FILM", source, NOW)


# --- versions --------------------------------------------------------------------------------------------


def test_undo_goes_back_step_by_step_and_versions_stay(printer: Printer) -> None:
    for shift in (1.3, 1.25, 1.2):
        printer.calibrate(SCALE.density(EVEN**shift))
    before = {path.name: path.read_bytes() for path in (printer.root / "FILM" / "curves").glob("*.toml")}
    former, now = printer.curves.undo("C. Third", NOW)
    assert (former.version, now.version) == (3, 2)
    assert printer.calibrate(SCALE.density(EVEN**1.1)) == 4
    for version in (2, 1):  # what was in force before 4, and before that
        assert printer.curves.undo("", NOW)[1].version == version
        assert printer.curves.in_force() == printer.curves.read(version)
    with pytest.raises(SetupError, match=r'version 1 is the first: .* tone = "p-value"'):
        printer.curves.undo("", NOW)
    after = {path.name: path.read_bytes() for path in (printer.root / "FILM" / "curves").glob("*.toml")}
    assert after.items() >= before.items()
    history = (printer.root / "FILM" / "curves" / "history.jsonl").read_text().splitlines()
    assert len(history) == 7
    assert '"version": 2, "done": "undo", "operator": "C. Third"' in history[3]


def test_without_a_curve_there_is_nothing_to_undo(printer: Printer) -> None:
    with pytest.raises(SetupError, match="there is no curve in force"):
        printer.curves.undo("", NOW)


def test_a_version_is_never_written_over(printer: Printer) -> None:
    printer.calibrate(gamma(EVEN))
    first = printer.curves.read(1)
    with pytest.raises(SetupError, match="do this again"):
        printer.curves.add(first.model_copy(update={"operator": "another"}))
    assert printer.curves.read(1) == first
    assert [path.name for path in (printer.root / "FILM" / "curves").iterdir() if path.name[0] == "."] == []


def test_two_at_once_leave_one_of_them(printer: Printer, monkeypatch: pytest.MonkeyPatch) -> None:
    file = calibrate(printer.root, "FILM", printer.keep(gamma(EVEN)), NOW).file
    flush, begun = DurableFile.flush, []

    def interrupted(hidden: DurableFile) -> None:
        if not begun:
            begun.append(hidden)
            printer.curves.add(file.model_copy(update={"operator": "another"}))
        flush(hidden)

    monkeypatch.setattr(DurableFile, "flush", interrupted)
    with pytest.raises(SetupError, match="made just now by another: do this again"):
        printer.curves.add(file)
    in_force = printer.curves.in_force()
    assert in_force is not None
    assert in_force.operator == "another"


def test_a_curve_of_the_sites_own_is_not_replaced(printer: Printer) -> None:
    own = printer.root / "FILM" / "curve.toml"
    source = printer.keep(gamma(EVEN))
    own.write_text('printer = "FILM"\nmeasured = 2026-01-01\npoints = [[0, 3], [1, 0.2]]\n')
    with pytest.raises(SetupError, match="move it away"):
        calibrate(printer.root, "FILM", source, NOW)


# --- laws of the fit -------------------------------------------------------------------------------------

shapes = st.tuples(
    st.lists(st.floats(0.0, 1.0), min_size=4, max_size=12).filter(lambda steps: sum(steps) > 0.5),
    st.floats(0.05, 0.4),
    st.floats(1.2, 3.6),
)


@settings(max_examples=60, deadline=None)
@given(shapes, st.integers(0, 2**31), st.sampled_from([8, 17, 32]), st.sampled_from([0.0, 10 / 2000]))
def test_the_curve_of_any_monotone_printer_is_monotone_and_puts_densities_where_they_belong(
    shape: tuple[list[float], float, float], seed: int, steps: int, share: float
) -> None:
    """Between two steps such a printer may do what it likes: no curve can be nearer than their densities lie
    apart. At the steps themselves it is as near as readings are."""
    heights, lightest, span = shape
    at = np.linspace(0, 1, len(heights) + 1)
    falling = lightest + span * (1 - np.concatenate([[0], np.cumsum(heights)]) / sum(heights))

    def printed(samples: np.ndarray) -> np.ndarray:
        return np.interp(samples, at, falling)

    samples = np.linspace(0, 1, steps)
    scatter = np.random.default_rng(seed).normal(0, 0.005, steps).clip(-0.015, 0.015)
    read = printed(samples) + scatter
    curve = PrinterCurve("any", NOW, fitted([Read(samples, read, np.full(steps, 0.005))], share))
    dense = np.linspace(0, 1, 501)
    assert (np.diff(curve.density(dense)) < 0).all()
    assert np.abs(curve.density(samples) - read).max() <= 0.03
    left = np.clip(np.searchsorted(samples, dense, side="right") - 1, 0, steps - 2)
    darkest, brightest = printed(samples[left]), printed(samples[left + 1])
    assert (curve.density(dense) <= darkest + 0.045).all()
    assert (curve.density(dense) >= brightest - 0.045).all()
    # What is sent for a density then prints within the two steps round it.
    aims = np.linspace(falling[-1], falling[0], 101)
    widest = float((-np.diff(printed(samples))).max())
    assert np.abs(printed(curve.sample(aims)) - aims).max() <= widest + 0.05


def test_samples_that_nothing_was_read_of_are_carried_on_and_stay_bounded() -> None:
    samples = np.linspace(0.3, 0.7, 12)
    read = Read(samples, 3.0 - 3 * samples, np.full(12, 0.005))
    curve = PrinterCurve("part", NOW, fitted([read], 0.005))
    assert curve.density(np.array([0.25, 0.75])) == pytest.approx([2.25, 0.75], abs=0.02)
    assert curve.density(np.array([0.0, 1.0])) == pytest.approx([2.1 + 0.3, 0.9 - 0.3], abs=0.01)
    light = Read(samples, 1.2 - 1.6 * samples, np.full(12, 0.005))
    assert PrinterCurve("light", NOW, fitted([light], 0.0)).points[-1][1] == pytest.approx(0, abs=0.001)


def test_a_shoulder_darker_than_light_can_tell_stays_what_was_read() -> None:
    samples = np.linspace(0, 1, 17)
    shoulder = np.where(samples < 0.4, 4.9, 4.9 - 12 * (samples - 0.4)).clip(0.2)
    curve = PrinterCurve("dark", NOW, fitted([Read(samples, shoulder, np.full(17, 0.005))], 0.005))
    assert curve.density(np.linspace(0, 0.35, 20)) == pytest.approx(4.9, abs=0.02)


def test_an_earlier_film_counts_less() -> None:
    samples = np.linspace(0, 1, 17)
    last = Read(samples, gamma(samples), np.full(17, 0.004))
    before = Read(samples, gamma(samples) + 0.03, np.full(17, 0.004), age=1)
    curve = PrinterCurve("both", NOW, fitted([last, before], 0.005))
    off = np.mean(curve.density(samples) - gamma(samples))
    assert 0.002 < off < 0.008  # 0.03 by its weight of 1 / (1 + (0.0108 / 0.004)^2)
