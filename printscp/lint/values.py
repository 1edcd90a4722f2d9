"""Values of data sets that may be anything: what an SCU sent was not decoded before."""

import math
from typing import Any

from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items


def value_of(dataset: Dataset, keyword: str) -> Any:
    """A value; None where there is none, or none that can be decoded."""
    try:
        return dataset.get(keyword)
    except Exception:  # a value is decoded when it is first read, whatever it is
        return None


def number_of(dataset: Dataset, keyword: str) -> float | None:
    """One number, or None; neither infinite nor NaN, which DS and FD can spell."""
    try:
        number = float(value_of(dataset, keyword))
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def sequence_of(dataset: Dataset, keyword: str) -> list[Dataset]:
    """The items of a sequence; none where there is none."""
    value = value_of(dataset, keyword) if keyword else None
    return [item for item in value if isinstance(item, Dataset)] if isinstance(value, Items) else []


def reference_of(dataset: Dataset, keyword: str) -> str:
    """The instance that a sequence refers to, or nothing."""
    items = sequence_of(dataset, keyword)
    return str(value_of(items[0], "ReferencedSOPInstanceUID") or "") if items else ""


def look_up_of(dataset: Dataset) -> str:
    """The Presentation LUT that a data set refers to, or nothing."""
    return reference_of(dataset, "ReferencedPresentationLUTSequence")


def tag_of(keyword: str) -> int:
    """The tag of a keyword."""
    return int(tag_for_keyword(keyword) or 0)
