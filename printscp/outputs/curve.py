"""The file of a measured printer curve.

::

    printer = "HP LaserJet 4250, tray 2"
    measured = 2026-11-22                 # or a date and time
    points = [[0.0, 1.62], [0.5, 0.48], [1.0, 0.06]]   # sample as a fraction of full scale, optical density

Files that `printscp qa calibrate` writes say what they were made of, too, and are never changed:
``curve.toml`` is a link to the one in force, ``curves/N.toml``, and who prints through it does so until told
to look again.
"""

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from printscp.errors import SetupError
from printscp.render.samples import PrinterCurve

_Fraction = Annotated[float, Field(ge=0, le=1)]
_Density = Annotated[float, Field(ge=0, le=6)]
_VERSION = re.compile(r"curves/\d+[.]toml")


class CurveFile(BaseModel):
    """A curve and where it comes from.

    ``version`` and what follows is in those that printscp made: ``before`` is the version that was in force,
    0 for none, ``made`` when this took its place; ``measurement`` names the file of the measurement, and
    ``sha256`` is of that; ``operator`` is who did it, ``software`` the version of printscp.
    """

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True)

    printer: str = Field(min_length=1)
    measured: datetime | date
    version: int = Field(0, ge=0)
    before: int = Field(0, ge=0)
    made: datetime | None = None
    measurement: str = ""
    sha256: str = ""
    operator: str = ""
    software: str = ""
    points: tuple[tuple[_Fraction, _Density], ...] = Field(min_length=2)

    @property
    def curve(self) -> PrinterCurve:
        """The curve itself.

        Raises:
            ValueError: the points are none.
        """
        return PrinterCurve(self.printer, self.measured, self.points, self.version)

    @property
    def text(self) -> str:
        """The file, as TOML."""
        lines = [
            f"{key} = {_toml(value)}"
            for key, value in self
            if key != "points" and (value or key in ("printer", "measured"))
        ]
        points = (f"    [{sample:.6f}, {density:.6f}],\n" for sample, density in self.points)
        return "\n".join(lines) + f"\npoints = [\n{''.join(points)}]\n"


def read_curve(path: Path) -> PrinterCurve:
    """The curve in a TOML file.

    Raises:
        SetupError: the file cannot be read, or is not a curve; the message names file and key.
    """
    return read_curve_file(path).curve


def read_curve_file(path: Path) -> CurveFile:
    """The curve in a TOML file, and where it comes from.

    Raises:
        SetupError: as `read_curve`.
    """
    try:
        file = CurveFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        _ = file.curve
        return file
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise SetupError(f"curve {path}: {key}: {first['msg']}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SetupError(f"curve {path}: {error}") from error
    except ValueError as error:
        raise SetupError(f"curve {path}: points: {error}") from error
    except FileNotFoundError as error:
        raise SetupError(
            f'curve {path}: is not there: print a wedge with tone = "p-value", '
            "then make the curve with printscp qa calibrate"
        ) from error
    except OSError as error:
        raise SetupError(f"curve {path}: {error.strerror or error}") from error


def pinned(table: Mapping[str, Any]) -> dict[str, Any]:
    """The table of an output, each link to a curve in force replaced by what it leads to now, so that all who
    go by the table print through the same curve, whenever they read it."""
    changed = {key: pinned(value) if isinstance(value, Mapping) else value for key, value in table.items()}
    if isinstance(table.get("curve"), str | Path):
        changed["curve"] = str(_in_force(Path(table["curve"])))
    return changed


def last_measured(tables: Iterable[Mapping[str, Any]]) -> date | datetime | None:
    """When the latest of the curves in tables of outputs was measured, in local time, or the day alone.

    Those that cannot be read here do not count: they may lie on the host that prints.
    """
    latest: date | datetime | None = None
    for path in (path for table in tables for path in _curves(table)):
        try:
            measured = read_curve(path).measured
        except SetupError:
            continue
        if latest is None or _moment(measured) > _moment(latest):
            latest = measured
    return _moment(latest) if isinstance(latest, datetime) else latest


def _curves(table: Mapping[str, Any]) -> Iterator[Path]:
    """The curves that the table of an output names, of itself or of its document."""
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _curves(value)
        elif key == "curve" and isinstance(value, str | Path):
            yield Path(value)


def _moment(measured: date | datetime) -> datetime:
    """In the time of this host; a day alone begins it."""
    moment = measured if isinstance(measured, datetime) else datetime.combine(measured, time.min)
    return moment.astimezone()


def _in_force(path: Path) -> Path:
    """What a link made by printscp leads to. Others are left alone: their targets may come and go."""
    if path.is_symlink() and _VERSION.fullmatch(str(path.readlink())):
        return path.parent / path.readlink()
    return path


def _toml(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int):
        return str(value)
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
