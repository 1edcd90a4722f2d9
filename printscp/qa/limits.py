"""What readings of a densitometer may be, and who says so; a site's own file goes over it.

::

    base_fog = { aim = 0.22, tolerance = 0.03 }    # OD; low, mid and high alike
    lum = 0.20                                     # a share of the mean JND per P-value; fit alike
    step = { od = 0.05, share = 0.05 }             # off its aim: OD, or a share of the aim, the larger counts
    constancy = { step_1 = 0.03, steps_2_to_5 = 0.15, operating = 0.10, step_6 = 0.20, contrast = 0.15 }
"""

import os
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from printscp.errors import SetupError
from printscp.qa.response import FIT_LIMIT, LUM_LIMIT
from printscp.qa.store import printer_folder

SITE = "site"
OURS = "ours"
NEMA = "NEMA XR 23-2006, as cited in a vendor's QC manual"
KONICA = "Konica DRYPRO 793 QC manual"
TG18 = "AAPM TG18: 10 % of the contrast response, primary displays"
ANNEX_C = "PS3.14 Annex C sets no limit: ours"
BJR = "BJR 2006;79:425"


@dataclass(frozen=True)
class Aim:
    """A density in OD, and how far off it may be."""

    aim: float
    tolerance: float
    source: str


@dataclass(frozen=True)
class Limit:
    """The most that something may be, or differ."""

    value: float
    source: str


@dataclass(frozen=True)
class Limits:
    """``base_fog``, ``low``, ``mid`` and ``high`` are aims of a film's daily densities. A step may be off its
    aim by ``step`` OD, or by ``step_share`` of it where that is more. ``fit`` and ``lum`` are shares of the
    mean JND per P-value. The rest says by how much OD each step of six may differ from the baseline, step 1
    the lightest, and ``contrast``, step 5 less step 2; more than ``operating`` is worth a word."""

    base_fog: Aim = Aim(0.22, 0.03, NEMA)
    low: Aim = Aim(0.45, 0.07, NEMA)
    mid: Aim = Aim(1.20, 0.15, NEMA)
    high: Aim = Aim(2.20, 0.15, NEMA)
    step: Limit = Limit(0.05, OURS)
    step_share: Limit = Limit(0.05, OURS)
    fit: Limit = Limit(FIT_LIMIT, TG18)
    lum: Limit = Limit(LUM_LIMIT, ANNEX_C)
    step_1: Limit = Limit(0.03, KONICA)
    steps_2_to_5: Limit = Limit(0.15, KONICA)
    operating: Limit = Limit(0.10, KONICA)
    step_6: Limit = Limit(0.20, KONICA)
    contrast: Limit = Limit(0.15, KONICA)

    def of_step(self, aim: float) -> Limit:
        """How far a step may be off its aim, both in OD."""
        share = Limit(self.step_share.value * aim, self.step_share.source)
        return max(self.step, share, key=lambda limit: limit.value)

    @property
    def daily(self) -> dict[str, Aim]:
        """The aims of daily densities, by the names that readings have for them."""
        return {"base+fog": self.base_fog, "low": self.low, "mid": self.mid, "high": self.high}

    @property
    def constancy(self) -> tuple[Limit, ...]:
        """Of the six steps, the lightest first."""
        return (self.step_1, *[self.steps_2_to_5] * 4, self.step_6)


_Density = Annotated[float, Field(ge=0, le=5, strict=True)]
_Share = Annotated[float, Field(gt=0, le=1, strict=True)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class _Aim(_Table):
    aim: _Density
    tolerance: _Density


class _Step(_Table):
    od: _Density | None = None
    share: _Share | None = None


class _Constancy(_Table):
    step_1: _Density | None = None
    steps_2_to_5: _Density | None = None
    operating: _Density | None = None
    step_6: _Density | None = None
    contrast: _Density | None = None


class _LimitsFile(_Table):
    base_fog: _Aim | None = None
    low: _Aim | None = None
    mid: _Aim | None = None
    high: _Aim | None = None
    step: _Step = _Step()
    constancy: _Constancy = _Constancy()
    fit: _Share | None = None
    lum: _Share | None = None


_WRONG = {
    "extra_forbidden": "there is no such key",
    "model_type": "it is a table, as { aim = 0.22, tolerance = 0.03 } or { od = 0.05 }",
    "missing": "an aim has both, as { aim = 0.22, tolerance = 0.03 }",
}


def read_limits(path: Path) -> Limits:
    """The limits, with those of a site's own file over them.

    Raises:
        SetupError: the file cannot be read, or is wrong; the message names file and key.
    """
    try:
        file = _LimitsFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        raise SetupError(f"limits {path}: {key}: {_WRONG.get(first['type'], first['msg'])}") from error
    except ValueError as error:
        raise SetupError(f"limits {path}: {error}") from error
    except OSError as error:
        raise SetupError(f"limits {path}: {error.strerror or error}") from error
    return replace(Limits(), **_site(file))


def limits_of(root: Path, printer: str) -> Limits:
    """The limits of a printer, which has a file of its own in the folder of quality assurance, or has none.

    Raises:
        SetupError
    """
    own = printer_folder(root, printer) / "limits.toml"
    return read_limits(own) if os.path.lexists(own) else Limits()


def _site(file: _LimitsFile) -> dict[str, Any]:
    """What a file sets, as fields of `Limits`."""
    aims = {name: getattr(file, name) for name in ("base_fog", "low", "mid", "high")}
    values = {"fit": file.fit, "lum": file.lum, "step": file.step.od, "step_share": file.step.share}
    values |= dict(file.constancy)
    fields: dict[str, Any] = {
        name: Aim(each.aim, each.tolerance, SITE) for name, each in aims.items() if each is not None
    }
    return fields | {name: Limit(value, SITE) for name, value in values.items() if value is not None}
