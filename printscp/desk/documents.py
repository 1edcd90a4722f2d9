"""Films as documents to be taken away."""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any, Literal

from printscp.capture import write
from printscp.delivery import page_of, ticket
from printscp.desk.captured import captured_job
from printscp.desk.data_sets import write_data_sets
from printscp.desk.house import House
from printscp.desk.records import Bytes
from printscp.errors import NotPossible, SetupError
from printscp.film.job import Job
from printscp.outputs.output import Uncontested
from printscp.outputs.registry import open_output

Kind = Literal["pdf", "postscript", "tiff", "png", "dicom", "capture"]
KINDS: Sequence[Kind] = ("pdf", "postscript", "tiff", "png", "dicom", "capture")

_OUTPUTS: dict[str, dict[str, Any]] = {
    "pdf": {"bits": 8, "tone": "lightbox"},
    "postscript": {"bits": 8},
    "tiff": {"samples": "density"},
    "png": {"bits": 8, "tone": "lightbox"},
}
_TYPES = {
    "pdf": ("application/pdf", "pdf"),
    "postscript": ("application/postscript", "ps"),
    "tiff": ("image/tiff", "tif"),
    "png": ("image/png", "png"),
    "dicom": ("application/zip", "zip"),
    "capture": ("application/x-tar", "tar"),
}
_LARGEST = 1 << 30  # bytes
_TURNS = BoundedSemaphore(2)  # documents in the making: they take a page each, and become large themselves


def document(house: House, job: Job, films: Sequence[int], kind: Kind) -> Bytes:
    """Some films of a job as one document.

    Raises:
        SetupError: there is no such kind.
        NotPossible: they cannot be had so.
        Away
    """
    if kind not in KINDS:
        raise SetupError(f"document {kind}: is none of {', '.join(KINDS)}")
    if kind == "png" and len(films) > 1:
        raise NotPossible(f"job {job.id} has {len(films)} films, and a PNG one: ask for that of a film")
    media_type, suffix = _TYPES[kind]
    with _TURNS, house.reached(), tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if kind == "capture":
            path = folder / kind
            write(captured_job(house.spool, job), path)
        elif kind == "dicom":
            path = folder / kind
            write_data_sets(captured_job(house.spool, job), films, path)
        else:
            path = _printed(house, job, films, kind, folder)
        if path.stat().st_size > _LARGEST:
            raise NotPossible(f"job {job.id} becomes too large: see printscp render and printscp jobs export")
        whole = kind == "capture" or len(films) == len(job.films)
        base = ticket(job).name if whole else f"{ticket(job).name}-{films[0]}"
        return Bytes(path.read_bytes(), media_type, f"{base}.{suffix}")


def _printed(house: House, job: Job, films: Sequence[int], kind: str, folder: Path) -> Path:
    """What an output makes of films."""
    output = open_output({"type": kind, "folder": folder} | _OUTPUTS[kind])
    its = replace(ticket(job), films=len(films), copies=1)
    with output.begin(its) as made:
        for number in films:
            made.add(page_of(job, number, house.sheet(job, number)))
        return Path(made.finish(Uncontested()).place)
