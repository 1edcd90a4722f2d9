"""From readings of a densitometer to what they say of a printer."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from statistics import fmean

import numpy as np

from printscp import __version__
from printscp.errors import SetupError
from printscp.qa.finding import Finding, Outcome
from printscp.qa.limits import BJR, KONICA, OURS, Limit, Limits
from printscp.qa.measurement import Measurement, Step
from printscp.qa.provenance import Provenance
from printscp.qa.readings import Readings
from printscp.qa.response import Response, response
from printscp.render.tone import ToneScale, luminance

SIX_STEPS = "wedge-6"
"""The pattern of the constancy check."""
SMPTE = "smpte"

DENSITOMETER = 0.02
"""OD: how far off a reading may be (Konica DRYPRO 793 QC manual)."""
REVERSED = "were the patches read from the other end, or was the film printed in reverse?"

UNIT = 1e-9
"""In OD and shares alike: less than this is arithmetic."""

_DENSEST = 5.0  # OD
_BRIGHTEST = 20000.0  # cd/m2; view boxes for mammography have up to 6000
_NAMED = 3  # patches in a message


def measure(
    readings: Readings,
    printer: str,
    profile: str,
    scale: ToneScale,
    now: datetime,
    *,
    limits: Limits | None = None,
    operator: str = "",
    baseline: Measurement | None = None,
    as_baseline: bool = False,
    printed_in: ToneScale | None = None,
) -> Measurement:
    """What readings say of ``printer``, whose films ask for ``scale``; ``profile`` names where that is from.

    ``baseline`` is what constancy is judged against, ``as_baseline`` makes this one to be. ``operator`` goes
    over what the readings say; ``now`` is their time where they say none. ``printed_in`` is the printer's
    whole range, where films ask for less.

    Raises:
        SetupError: the readings are of another printer, or not yet made.
    """
    if readings.printer not in ("", printer):
        raise SetupError(
            f"readings {readings.file}: they are of printer {readings.printer}, not of {printer}"
        )
    if readings.taken is not None and readings.taken > now:
        raise SetupError(f"readings {readings.file}: date: {readings.taken:%Y-%m-%d %H:%M} is still to come")
    limits = limits or Limits()
    steps = tuple(_step(*step, scale, limits) for step in readings.steps)
    others = tuple((name, fmean(densities)) for name, densities in readings.others)
    answer = _response(steps, scale, limits)
    findings = [
        _densities(steps, limits),
        *_order(steps),
        *_responses(answer, limits),
        _range(steps, scale),
        *_daily(dict(others), scale, limits),
        *_constancy(readings, steps, scale, baseline, as_baseline, limits),
        *_indices(readings.pattern, steps),
        *_spread(readings),
    ]
    return Measurement(
        pattern=readings.pattern,
        scale=scale,
        steps=steps,
        others=others,
        response=answer,
        findings=tuple(findings),
        provenance=Provenance(
            printer=printer,
            profile=profile,
            operator=operator or readings.operator,
            made=readings.taken or now,
            software=f"printscp {__version__}",
            subject=readings.file.name,
            hashes=(("readings", readings.sha256),),
        ),
        curve=readings.curve or 0,
        densitometer=readings.densitometer,
        baseline=as_baseline,
        printed_in=printed_in,
    )


def asked_scale(min_density: float, max_density: float, illumination: float, ambient: float) -> ToneScale:
    """What films are to be: densities in OD, light in cd/m2.

    Raises:
        SetupError: there is no such film.
    """
    if not 0 <= min_density < max_density <= _DENSEST:
        raise SetupError(
            f"densities {min_density:g} to {max_density:g} OD: give two of 0 to {_DENSEST:g}, as 0.2 and 3.1"
        )
    if not (0 < illumination <= _BRIGHTEST and 0 <= ambient <= _BRIGHTEST):
        raise SetupError(
            f"light {illumination:g} and {ambient:g} cd/m2: give up to {_BRIGHTEST:g}, as 2000 and 10"
        )
    darkest, brightest = (ambient + illumination * 10**-density for density in (max_density, min_density))
    if not (luminance(1) <= darkest and brightest <= luminance(1023)):
        raise SetupError(
            f"such a film shows {darkest:.3g} to {brightest:.4g} cd/m2, and PS3.14 goes from 0.05 to 3993: "
            "correct its densities or its light"
        )
    return ToneScale(min_density, max_density, illumination, ambient)


def worst_step(steps: Sequence[Step], limits: Limits) -> Step:
    """The step that is farthest off its aim, by its limit."""
    return max(steps, key=lambda step: abs(share_of_limit(step, limits)))


def share_of_limit(step: Step, limits: Limits) -> float:
    """How far a step is off its aim: 1 or -1 is as far as it may be."""
    return step.error / max(limits.of_step(step.aim).value, UNIT)


def six_step_densities(steps: Sequence[Step]) -> tuple[float, ...]:
    """Densities of a wedge's steps, the lightest first, as constancy counts them."""
    return tuple(step.density for step in reversed(steps))


def six_step_contrast(steps: Sequence[Step]) -> float:
    """Step 5 less step 2, in OD."""
    densities = six_step_densities(steps)
    return densities[4] - densities[1]


def rising(steps: Sequence[Step]) -> bool:
    """A step is denser than one before it, by more than densitometers scatter."""
    densities = np.array([step.density for step in steps])
    return bool((densities[1:] > np.minimum.accumulate(densities)[:-1] + 2 * DENSITOMETER).any())


def out_of_order(steps: Sequence[Step]) -> str:
    """The steps that have to go, as few as can be, that the densities of the others fall."""
    densities = [step.density for step in steps]
    runs: list[list[int]] = []  # the longest that falls and ends in each
    for place, density in enumerate(densities):
        before = [run for run in runs if densities[run[-1]] >= density]
        runs.append([*max(before, key=len, default=[]), place])
    kept = max(runs, key=len)
    odd = [step for place, step in enumerate(steps) if place not in kept]
    more = f" and {len(odd) - _NAMED} more" if len(odd) > _NAMED else ""
    return ", ".join(named(step) for step in odd[:_NAMED]) + more


def named(step: Step) -> str:
    """A step as messages have it."""
    return f"{step.name} ({step.density:.2f} OD, aim {step.aim:.2f})"


def smpte_indices(steps: Sequence[Step]) -> dict[str, float]:
    """Speed, contrast and ODmax of a SMPTE pattern, in OD (BJR 2006;79:425)."""
    percent = {round(step.p_value * 100): step.density for step in steps}
    return {"speed": percent[40], "contrast": percent[10] - percent[70], "ODmax": percent[0]}


def _step(name: str, p_value: float, densities: tuple[float, ...], scale: ToneScale, limits: Limits) -> Step:
    aim = float(scale.density(p_value))
    return Step(name, p_value, densities, aim, limits.of_step(aim).value)


def _response(steps: Sequence[Step], scale: ToneScale, limits: Limits) -> Response:
    """The response; patches of the same P-value count as one."""
    by_value: dict[float, list[float]] = {}
    for step in steps:
        by_value.setdefault(step.p_value, []).append(step.density)
    densities = [fmean(each) for each in by_value.values()]
    return response(list(by_value), densities, scale, limits.lum.value, limits.fit.value)


def _densities(steps: Sequence[Step], limits: Limits) -> Finding:
    """Of all steps, that which is farthest off."""
    worst = worst_step(steps, limits)
    limit = limits.of_step(worst.aim)
    off = [step for step in steps if _beyond(step.error, limits.of_step(step.aim))]
    text = f"{worst.name} is farthest off for its limit: {worst.density:.3f} OD for {worst.aim:.3f}"
    if off:
        text = f"{len(off)} of {len(steps)} steps are off their aims; {text}; calibrate the printer"
    return _judged("density", worst.error, limit, "OD", text)


def _order(steps: Sequence[Step]) -> Iterator[Finding]:
    """Whether densities fall from step to step, but for the scatter of a densitometer."""
    if steps[0].density <= steps[-1].density:
        text = "densities do not fall from the first step to the last: " + REVERSED
        yield Finding("order", "fail", text, source=OURS)
    elif rising(steps):
        text = (
            f"densities do not fall as they should, look at {out_of_order(steps)}: read again what is wrong"
        )
        yield Finding("order", "fail", text, source=OURS)


def _responses(answer: Response, limits: Limits) -> Iterator[Finding]:
    """FIT and LUM (PS3.14 Annex C)."""
    order = ("a horizontal line", "a slope", "a curve of order 2", "a curve of order 3")[answer.order]
    text = f"{order} fits best"
    if answer.mean <= 0:
        text = "there is no contrast to be judged"
    elif answer.order:
        text += f", up to {answer.fit_deviation:.0%} off the mean"
    if answer.mean > 0 and not answer.fit_passed:
        text += "; contrast is not even over the gray scale: calibrate the printer"
    yield Finding(
        "fit",
        "pass" if answer.fit_passed else "fail",
        text,
        answer.fit_deviation if answer.mean > 0 else None,
        answer.fit_limit,
        "of the mean",
        limits.fit.source,
    )
    text = (
        f"JND per P-value scatters by {answer.lum:.3f} about {answer.mean:.3f}; {answer.ideal:.3f} is ideal"
    )
    if answer.mean > 0 and not answer.lum_passed:
        text += "; read each patch several times, and calibrate the printer"
    share = answer.lum / answer.mean if answer.mean > 0 else None
    outcome: Outcome = "pass" if answer.lum_passed else "fail"
    yield Finding("lum", outcome, text, share, answer.lum_limit, "of the mean", limits.lum.source)


def _range(steps: Sequence[Step], scale: ToneScale) -> Finding:
    lightest, darkest = steps[-1].density, steps[0].density
    asked = f"{scale.min_density:.2f} to {scale.max_density:.2f}"
    return Finding("range", "note", f"{lightest:.2f} to {darkest:.2f} OD were reached, {asked} are asked for")


def _daily(others: Mapping[str, float], scale: ToneScale, limits: Limits) -> Iterator[Finding]:
    """Clear film and the densities of a daily check."""
    if scale.ambient == 0:  # a reflective medium (PS3.14 7.2)
        if others:
            yield Finding("daily", "note", "aims of daily densities are for film, and were not checked")
        return
    for name, density in others.items():
        aim = limits.daily[name]
        text = f"{density:.2f} OD, {aim.aim:.2f} +/- {aim.tolerance:.2f} is asked for"
        yield _judged(name, density - aim.aim, Limit(aim.tolerance, aim.source), "OD", text)
    if missing := [name for name in limits.daily if name not in others]:
        yield Finding("daily", "note", f"not read: {', '.join(missing)}")


def _constancy(
    readings: Readings,
    steps: Sequence[Step],
    scale: ToneScale,
    baseline: Measurement | None,
    as_baseline: bool,
    limits: Limits,
) -> Iterator[Finding]:
    """Six steps as they are, and as they were."""
    if readings.pattern != SIX_STEPS or as_baseline:
        return
    if baseline is None:
        yield Finding("constancy", "note", "there is no baseline yet: measure a good film with --baseline")
        return
    if baseline.scale != scale:
        text = "the baseline asks for other densities, or other light: make a new one"
        yield Finding("constancy", "note", text)
        return
    if baseline.curve != (readings.curve or 0):
        versions = f"the baseline is of curve version {baseline.curve}, this film of {readings.curve or 0}"
        text = f"{versions}: make a new baseline"
        yield Finding("constancy", "note", text)
    now, then = six_step_densities(steps), six_step_densities(baseline.steps)
    for number, (is_now, was, limit) in enumerate(zip(now, then, limits.constancy, strict=True), start=1):
        text = f"step {number} is {is_now:.2f} OD, and was {was:.2f}"
        inside = not _beyond(is_now - was, limit)
        if limit == limits.steps_2_to_5 and inside and _beyond(is_now - was, limits.operating):
            text += f", which is beyond the operating limit of {limits.operating.value:.2f}"
        yield _judged("constancy", is_now - was, limit, "OD", text)
    is_now, was = six_step_contrast(steps), six_step_contrast(baseline.steps)
    text = f"step 5 less step 2 is {is_now:.2f} OD, and was {was:.2f}"
    yield _judged("contrast", is_now - was, limits.contrast, "OD", text)


def _indices(pattern: str, steps: Sequence[Step]) -> Iterator[Finding]:
    """Those of a SMPTE pattern, which have no limits."""
    if pattern == SMPTE:
        for name, value in smpte_indices(steps).items():
            yield Finding(name, "note", f"{name} index {value:.2f} OD", value, None, "OD", BJR)


def _spread(readings: Readings) -> Iterator[Finding]:
    """Repeated readings that differ by more than a densitometer should."""
    spreads = {name: max(densities) - min(densities) for name, _, densities in readings.steps}
    widest = max(spreads, key=lambda name: spreads[name])
    if spreads[widest] > 2 * DENSITOMETER + UNIT:
        text = f"readings of {widest} differ by {spreads[widest]:.2f} OD: read it again"
        yield Finding("readings", "note", text, spreads[widest], 2 * DENSITOMETER, "OD", KONICA)


def _judged(check: str, off: float, limit: Limit, unit: str, text: str) -> Finding:
    """What may be off by so much either way."""
    outcome: Outcome = "fail" if _beyond(off, limit) else "pass"
    return Finding(check, outcome, text, off, limit.value, unit, limit.source)


def _beyond(off: float, limit: Limit) -> bool:
    return abs(off) > limit.value + UNIT
