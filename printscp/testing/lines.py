"""What a bench printer is told, as lines of JSON for programs in other languages (docs/testing-scus.md).

The data sets are in the DICOM JSON model (PS3.18 F.2), without pixel data. They are what the SCU sent,
patient data too.
"""

import math
from dataclasses import asdict
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import UID

from printscp.errors import PrintError
from printscp.film.geometry import Rectangle
from printscp.lint import Finding
from printscp.testing.film import Film, FilmImage
from printscp.transcript import Sender, Step, Transcript

Line = dict[str, Any]


def of_step(association: int, transcript: Transcript, step: Step) -> Line:
    """A step of the dialogue; one that begins or ends an association says so."""
    line: Line = {
        "line": "step",
        "association": association,
        "step": step.number,
        "seconds": round(step.at, 6),
        "sender": step.sender.lower(),
        "service": step.service,
    }
    if step.sop_class:
        line |= {"class": UID(step.sop_class).name, "instance": str(step.instance)}
    if step.answers:
        line["answers"] = step.answers
    if step.status is not None:
        line["status"] = f"0x{step.status:04X}"
    line |= {
        name: step.command[keyword]
        for name, keyword in (("comment", "ErrorComment"), ("event", "EventTypeID"))
        if step.command.get(keyword)
    }
    line |= {name: value for name, value in (("fault", step.fault), ("note", step.note)) if value}
    if step.data:
        line["data"] = _data(transcript, step)
    if step.cut is not None:
        line["pixel_bytes"] = step.cut.length
    if step.service == "A-ASSOCIATE" and step.sender is Sender.SCU:
        line |= _association(transcript)
    return line


def of_film(association: int, film: Film, findings: tuple[Finding, ...] | None, page: str) -> Line:
    """A film, with the findings if they were asked for, and the file of its page if that was written."""
    width, height = film.size_mm
    line: Line = {
        "line": "film",
        "association": association,
        "job": film.job.id,
        "job_uid": film.uid,
        "status": str(film.status),
        "number": film.number,
        "count": film.count,
        "printer": film.printer,
        "calling": film.calling,
        "copies": film.copies,
        "film_size": film.film_size,
        "orientation": film.orientation,
        "display_format": film.display_format,
        "width_mm": round(width, 3),
        "height_mm": round(height, 3),
        "dots_per_inch": film.sheet.dots_per_inch,
        "color": film.sheet.color,
        "images": [_image(each) for each in film.images],
        "annotations": {str(position): text for position, text in film.annotations.items()},
        "session": _json(film.session),
        "film_box": _json(film.film_box),
        "remarks": list(film.remarks),
    }
    if findings is not None:
        line["findings"] = [of_finding(each) for each in findings]
    if page:
        line["page"] = page
    return line


def of_end(association: int, transcript: Transcript, findings: tuple[Finding, ...] | None) -> Line:
    """The end of an association, with what there is to say of all that came on it."""
    last = transcript.steps[-1]
    line: Line = {
        "line": "end",
        "association": association,
        "how": "released" if last.service == "A-RELEASE" else "aborted",
        "seconds": round(last.at, 6),
        "jobs": transcript.jobs,
    }
    if findings is not None:
        line["findings"] = [of_finding(each) for each in findings]
    return line


def of_finding(finding: Finding) -> Line:
    """A finding, its empty keys left out."""
    return {key: value for key, value in asdict(finding).items() if value not in ("", {})}


def _association(transcript: Transcript) -> Line:
    return {
        "calling": transcript.calling,
        "called": transcript.called,
        "printer": transcript.printer,
        "profile": transcript.profile,
        "mode": transcript.mode,
        "contexts": [
            {
                "id": each.id,
                "abstract_syntax": each.abstract_syntax,
                "name": UID(each.abstract_syntax).name,
                "accepted": each.accepted,
            }
            for each in transcript.contexts
        ],
    }


def _data(transcript: Transcript, step: Step) -> Any:
    try:
        dataset = transcript.dataset(step)
    except PrintError:  # it cannot be decoded, which its answer or its fault tells
        return {}
    _drop_pixels(dataset)
    return _json(dataset)


def _json(dataset: Dataset) -> Any:
    """Values that are not of their VR are left out."""
    return _finite(dataset.to_json_dict(suppress_invalid_tags=True))


def _finite(value: Any) -> Any:
    """JSON has no number for NaN and infinity, which FL, FD and a DS of a careless SCU may have."""
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _drop_pixels(dataset: Dataset) -> None:
    dataset.pop("PixelData", None)
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                _drop_pixels(item)


def _image(image: FilmImage) -> Line:
    placed = image.placement
    return {
        "position": image.position,
        "rows": image.sheet.rows,
        "columns": image.sheet.columns,
        "bits_stored": image.sheet.bits_stored,
        "samples_per_pixel": image.sheet.samples_per_pixel,
        "part": _rectangle(placed.part),
        "pixels": _rectangle(placed.pixels),
        "mm": {key: round(value, 3) for key, value in asdict(placed.mm).items()},
    }


def _rectangle(rectangle: Rectangle) -> Line:
    return asdict(rectangle)
