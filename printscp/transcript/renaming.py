"""Instances of a transcript under the UIDs that another printer gives them, when it is played again."""

from collections.abc import Iterator

from pydicom.datadict import keyword_for_tag
from pydicom.dataset import Dataset

_REFERENCES = (
    "ReferencedImageBoxSequence",
    "ReferencedBasicAnnotationBoxSequence",
    "ReferencedPrintJobSequencePullStoredPrint",
)
_UID = "ReferencedSOPInstanceUID"


class Renaming:
    """What is not known keeps its name. ``absent`` are the instances of the transcript that the other printer
    did not make: it has no such annotation format, or fewer boxes of a display format."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self.absent: set[str] = set()

    @property
    def needed(self) -> bool:
        """Some instance has another name there."""
        return any(recorded != here for recorded, here in self._names.items())

    def uid(self, recorded: str) -> str:
        """The UID there of an instance of the transcript."""
        return self._names.get(recorded, recorded)

    def learn(self, recorded: str, answer: Dataset, here: str, answer_here: Dataset) -> None:
        """An answer of the transcript, and the one of the other printer to the same request: the UIDs of the
        affected instances, and those that the data sets refer to, by their order."""
        if recorded and here:
            self._names[recorded] = here
        for keyword in _REFERENCES:
            theirs, ours = list(_uids(answer, keyword)), list(_uids(answer_here, keyword))
            self._names.update(zip(theirs, ours, strict=False))
            self.absent.update(theirs[len(ours) :])

    def apply(self, dataset: Dataset) -> bool:
        """Have a data set refer to the instances there; says whether it referred to any of another name."""
        changed = False
        for tag in list(dataset.keys()):
            keyword = keyword_for_tag(tag)
            if keyword != _UID and not keyword.endswith("Sequence"):
                continue  # not read: its value may be anything
            element = dataset[tag]
            if element.VR == "SQ":
                for item in element.value:
                    changed |= self.apply(item)
            elif keyword == _UID and element.value:
                here = self.uid(str(element.value))
                changed |= here != element.value
                element.value = here
        return changed


def _uids(dataset: Dataset, keyword: str) -> Iterator[str]:
    return (str(item.get(_UID, "")) for item in dataset.get(keyword) or ())
