"""Limits as data: each with its source, and a site's own over them."""

from dataclasses import fields
from pathlib import Path

import pytest

from printscp.errors import SetupError
from printscp.qa.limits import ANNEX_C, KONICA, NEMA, OURS, SITE, TG18, Aim, Limit, Limits, read_limits


def test_each_limit_is_as_published_or_says_that_it_is_ours() -> None:
    limits = Limits()
    assert limits.daily == {
        "base+fog": Aim(0.22, 0.03, NEMA),
        "low": Aim(0.45, 0.07, NEMA),
        "mid": Aim(1.20, 0.15, NEMA),
        "high": Aim(2.20, 0.15, NEMA),
    }
    assert [limit.value for limit in limits.constancy] == [0.03, 0.15, 0.15, 0.15, 0.15, 0.20]
    assert {limit.source for limit in (*limits.constancy, limits.operating, limits.contrast)} == {KONICA}
    assert (limits.operating.value, limits.contrast.value) == (0.10, 0.15)
    assert (limits.fit, limits.lum) == (Limit(0.10, TG18), Limit(0.20, ANNEX_C))
    assert {limits.step.source, limits.step_share.source} == {OURS}


def test_a_step_may_be_off_by_a_density_or_a_share_of_it() -> None:
    limits = Limits(step=Limit(0.05, OURS), step_share=Limit(0.10, SITE))
    assert limits.of_step(0.2) == Limit(0.05, OURS)
    assert limits.of_step(3.0) == Limit(pytest.approx(0.30), SITE)


def test_a_site_has_its_own(tmp_path: Path) -> None:
    file = tmp_path / "limits.toml"
    file.write_text(
        "base_fog = { aim = 0.20, tolerance = 0.02 }\nlum = 0.1\n"
        "step = { od = 0.08 }\nconstancy = { step_6 = 0.3 }\n"
    )
    own, plain = read_limits(file), Limits()
    assert own.base_fog == Aim(0.20, 0.02, SITE)
    assert own.lum == Limit(0.1, SITE)
    assert own.step == Limit(0.08, SITE)
    assert own.constancy[5] == Limit(0.3, SITE)
    changed = {"base_fog", "lum", "step", "step_6"}
    for each in fields(Limits):
        assert (getattr(own, each.name) == getattr(plain, each.name)) == (each.name not in changed)


def test_all_that_can_be_set_is(tmp_path: Path) -> None:
    file = tmp_path / "limits.toml"
    aims = "\n".join(
        f"{name} = {{ aim = 1, tolerance = 0.5 }}" for name in ("base_fog", "low", "mid", "high")
    )
    steps = ", ".join(
        f"{name} = 0.5" for name in ("step_1", "steps_2_to_5", "operating", "step_6", "contrast")
    )
    file.write_text(
        f"{aims}\nfit = 0.5\nlum = 0.5\nstep = {{ od = 0.5, share = 0.5 }}\nconstancy = {{ {steps} }}\n"
    )
    own = read_limits(file)
    for each in fields(Limits):
        value = getattr(own, each.name)
        assert value in (Aim(1, 0.5, SITE), Limit(0.5, SITE)), each.name


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("mid = 1.2", "mid: "),
        ("mid = { aim = 1.2 }", "mid.tolerance: an aim has both, as { aim ="),
        ("mid = { aim = 9, tolerance = 0.1 }", "mid.aim: "),
        ("constancy = { step_7 = 0.1 }", "constancy.step_7: there is no such key"),
        ("lum = 0", "lum: "),
        ("lum = true", "lum: "),
        ("mid = { aim = '1.2', tolerance = 0.1 }", "mid.aim: "),
        ("step = 0.1", "step: it is a table, as {"),
        ("lum = nan", "lum: "),
        ("lum", "limits.toml: "),
    ],
)
def test_a_wrong_file_is_told_its_key(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "limits.toml"
    file.write_text(text)
    with pytest.raises(SetupError) as caught:
        read_limits(file)
    assert str(caught.value).startswith(f"limits {file}: ")
    assert said in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="none: No such file or directory"):
        read_limits(tmp_path / "none")
