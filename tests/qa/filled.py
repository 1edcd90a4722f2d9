"""Files of readings, filled in: from films that are as they should be, or not."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from printscp.qa.measure import measure
from printscp.qa.measurement import Measurement
from printscp.qa.readings import read, template
from printscp.render.tone import ToneScale

FILM = ToneScale(0.20, 3.10, 2000, 10)
NOW = datetime(2026, 11, 22, 10, 15, tzinfo=UTC)

Densities = Callable[[float], float | Sequence[float]]
"""What a densitometer reads, once or more often, of a P-value 0 to 1."""


def right(p_value: float) -> float:
    """The density that FILM asks for, as a densitometer shows it."""
    return round(float(FILM.density(p_value)), 2)


def filled(
    pattern: str, densities: Densities = right, others: Mapping[str, float] | None = None, **said: object
) -> str:
    """The template of a pattern with what was read; ``said`` goes into its lines before the table."""
    lines = []
    for line in template(pattern, "FILM").splitlines():
        name, value, *_ = [*line.split(","), ""]
        if value.isdecimal():
            found = densities(int(value) / 4095)
            line += ",".join(f"{each:.4g}" for each in ([found] if isinstance(found, float) else found))
        elif name in (others or {}):
            line += f"{(others or {})[name]:.4g}"
        elif key := re.fullmatch(r"# ([a-z ]+):.*", line):
            line = f"# {key[1]}: {said.get(key[1].replace(' ', '_'), line.partition(':')[2].strip())}"
        lines.append(line)
    return "\n".join(lines) + "\n"


def measured(folder: Path, pattern: str = "wedge-32", *args: Any, **options: Any) -> Measurement:
    """The measurement of a film; ``options`` beginning with an underscore are those of `measure`."""
    own = {key[1:]: options.pop(key) for key in list(options) if key.startswith("_")}
    file = folder / "readings.csv"
    file.write_text(filled(pattern, *args, **options))
    fields = {"printer": "FILM", "profile": "imager17", "scale": FILM, "now": NOW} | own
    return measure(read(file), **fields)
