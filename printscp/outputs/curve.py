"""The file of a measured printer curve.

::

    printer = "HP LaserJet 4250, tray 2"
    measured = 2026-11-22
    points = [[0.0, 1.62], [0.5, 0.48], [1.0, 0.06]]   # sample as a fraction of full scale, optical density
"""

import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from printscp.errors import SetupError
from printscp.render.samples import PrinterCurve

_Fraction = Annotated[float, Field(ge=0, le=1)]
_Density = Annotated[float, Field(ge=0, le=6)]


class _CurveFile(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    printer: str = Field(min_length=1)
    measured: date
    points: tuple[tuple[_Fraction, _Density], ...] = Field(min_length=2)


def read_curve(path: Path) -> PrinterCurve:
    """The curve in a TOML file.

    Raises:
        SetupError: the file cannot be read, or is not a curve; the message names file and key.
    """
    try:
        file = _CurveFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        return PrinterCurve(file.printer, file.measured, file.points)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise SetupError(f"curve {path}: {key}: {first['msg']}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SetupError(f"curve {path}: {error}") from error
    except ValueError as error:
        raise SetupError(f"curve {path}: points: {error}") from error
    except OSError as error:
        raise SetupError(f"curve {path}: {error.strerror or error}") from error
