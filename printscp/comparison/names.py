"""Instances of a dialogue by what they are, for they have other UIDs each time."""

from collections import Counter

from pydicom.dataset import Dataset

from printscp.errors import PrintError
from printscp.film.uids import (
    BASIC_FILM_BOX,
    PRINTER_CONFIGURATION_RETRIEVAL_INSTANCE,
    PRINTER_INSTANCE,
)
from printscp.transcript import Step, Transcript

_BOXES = (
    ("ReferencedImageBoxSequence", "image box"),
    ("ReferencedBasicAnnotationBoxSequence", "annotation box"),
)
_JOB = "ReferencedPrintJobSequencePullStoredPrint"


class Names:
    """Names by UID: "film box 2", "image box 1 of film box 2"."""

    def __init__(self, said: Transcript) -> None:
        self._names = {
            str(PRINTER_INSTANCE): "the printer",
            str(PRINTER_CONFIGURATION_RETRIEVAL_INSTANCE): "the printer's configuration",
        }
        self._counts: Counter[str] = Counter()
        for request, answer in said.exchanges():
            if answer is not None and request.service == "N-CREATE":
                self._made(said, request, answer)
            elif answer is not None and request.service == "N-ACTION":
                self._refer(_read(said, answer), _JOB, "print job", "")

    def of(self, uid: str) -> str:
        """The name of an instance."""
        return self._names.get(uid, "an instance that there is not")

    def _made(self, said: Transcript, request: Step, answer: Step) -> None:
        uid = str(answer.instance or request.instance)
        name = self._count(request.sop_class.name.removesuffix(" SOP Class").removeprefix("Basic ").lower())
        self._names[uid] = name.replace("presentation lut", "Presentation LUT")
        if request.sop_class == BASIC_FILM_BOX:
            dataset = _read(said, answer)
            for keyword, kind in _BOXES:
                self._refer(dataset, keyword, kind, name)

    def _refer(self, dataset: Dataset, keyword: str, kind: str, of: str) -> None:
        for number, item in enumerate(dataset.get(keyword) or (), start=1):
            uid = str(item.get("ReferencedSOPInstanceUID", ""))
            self._names[uid] = f"{kind} {number} of {of}" if of else self._count(kind)

    def _count(self, kind: str) -> str:
        self._counts[kind] += 1
        return f"{kind} {self._counts[kind]}"


def _read(said: Transcript, answer: Step) -> Dataset:
    try:
        return said.dataset(answer)
    except PrintError:  # one that was spoilt on purpose
        return Dataset()
