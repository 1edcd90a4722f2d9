"""One script of print requests, to be put to two printers: what each of them answers, by the names of the
requests."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from peers.raw import RawScu, Said
from peers.scu import META, attributes, image_item
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import UID, ImplicitVRLittleEndian
from pynetdicom.sop_class import (
    BasicFilmBox,
    BasicFilmSession,
    BasicGrayscaleImageBox,
    PresentationLUT,
    Printer,
    PrinterInstance,
    PrintJob,
)

UNKNOWN = "1.2.3.4.5"
_ROOT = "1.2.826.0.1.3680043.10.1337"
_GRAY8, _GRAY12 = np.zeros((16, 16), np.uint8), np.zeros((16, 16), np.uint16)


@dataclass(frozen=True)
class Reply:
    """What a printer answered to a ``verb``: the status, whether the command names the SOP class, and what of
    its data set two printers can have in common: a sequence is the number of its items."""

    verb: str
    status: int
    names_class: bool
    values: dict[str, Any]


class Asker:
    """One association with a printer. Each request has a name, under which its answer is kept."""

    def __init__(
        self,
        address: tuple[str, int],
        called: str,
        replies: dict[str, Reply],
        syntax: str = ImplicitVRLittleEndian,
    ) -> None:
        contexts = (META, PresentationLUT, Printer)
        self._scu = RawScu(address, contexts, called=called, syntax=syntax)
        self._replies = replies
        self._number = 0
        self.session_uid = self.film_uid = self.look_up_uid = UNKNOWN
        self.boxes: list[str] = []

    def ask(
        self,
        name: str,
        verb: str,
        sop_class: str,
        instance: str | None,
        dataset: Dataset | None = None,
        *,
        context: str = META,
        **command: Any,
    ) -> Said:
        said = self._scu.ask(verb, sop_class, instance, dataset, context=context, **command)
        if name:
            assert name not in self._replies, f"{name} is asked twice"
            named = "AffectedSOPClassUID" in said.command
            self._replies[name] = Reply(verb, said.status, named, dict(_plain(said.dataset)))
        return said

    def session(self, name: str = "", dataset: Dataset | None = None, **values: Any) -> int:
        uid = self._uid()
        given = (dataset or Dataset()) if not values else attributes(**values)
        said = self.ask(name, "create", BasicFilmSession, uid, given or None)
        if not failed(said.status):
            self.session_uid = uid
        return said.status

    def film(self, name: str = "", display_format: str | None = "STANDARD\\1,1", **values: Any) -> int:
        uid = self._uid()
        dataset = attributes(**values)
        if display_format is not None:
            dataset.ImageDisplayFormat = display_format
        if "ReferencedFilmSessionSequence" not in dataset:
            dataset.ReferencedFilmSessionSequence = [reference(BasicFilmSession, self.session_uid)]
        said = self.ask(name, "create", BasicFilmBox, uid, dataset)
        if not failed(said.status):
            self.film_uid = uid
            items = said.dataset.get("ReferencedImageBoxSequence", [])
            self.boxes = [item.ReferencedSOPInstanceUID for item in items]
        return said.status

    def look_up(self, name: str = "", **values: Any) -> int:
        uid = self._uid()
        said = self.ask(
            name, "create", PresentationLUT, uid, attributes(**values) or None, context=PresentationLUT
        )
        if not failed(said.status):
            self.look_up_uid = uid
        return said.status

    def image(
        self, name: str = "", item: Dataset | None = None, *, position: int | None = 1, **values: Any
    ) -> int:
        """N-SET of the first image box."""
        dataset = attributes(**values)
        if position is not None:
            dataset.ImageBoxPosition = position
        if item is not None:
            dataset.BasicGrayscaleImageSequence = [item]
        return self.ask(name, "set", BasicGrayscaleImageBox, self.boxes[0], dataset).status

    def drop_look_up(self, name: str = "", uid: str = "") -> int:
        """N-DELETE of the last Presentation LUT, or that of a UID."""
        uid = uid or self.look_up_uid
        return self.ask(name, "delete", PresentationLUT, uid, context=PresentationLUT).status

    def drop_film(self, name: str = "") -> int:
        return self.ask(name, "delete", BasicFilmBox, self.film_uid).status

    def drop_session(self, name: str = "") -> int:
        return self.ask(name, "delete", BasicFilmSession, self.session_uid).status

    def printer(self, name: str, *tags: int, instance: str = PrinterInstance) -> int:
        said = self.ask(name, "get", Printer, instance, AttributeIdentifierList=list(tags) or None)
        return said.status

    def close(self) -> None:
        self._scu.release()

    def _uid(self) -> str:
        self._number += 1
        return f"{_ROOT}.{self._number}"


def failed(status: int) -> bool:
    """Whether a status is neither success nor a warning (PS3.7 Annex C)."""
    return status not in (0, 0x0107, 0x0116) and status >> 12 != 0xB


def _plain(dataset: Dataset) -> Iterator[tuple[str, Any]]:
    for element in dataset:
        value = element.value
        if isinstance(value, Items):
            yield element.keyword, f"{len(value)} items"
        elif isinstance(value, UID):
            yield element.keyword, "a UID"
        else:
            yield element.keyword or str(element.tag), str(value)


def reference(sop_class: str, instance: str) -> Dataset:
    return attributes(ReferencedSOPClassUID=sop_class, ReferencedSOPInstanceUID=instance)


def _raw(keyword: str, vr: str, value: Any) -> Dataset:
    """A data set of one attribute, with bytes that its own VR would not have."""
    dataset = Dataset()
    dataset.add_new(keyword, vr, value)
    return dataset


# --- the script ------------------------------------------------------------------------------------------


def sessions(asker: Asker, terms: dict[str, Any]) -> None:
    """Each attribute of the film session: right, wrong, unknown, empty."""
    given: dict[str, dict[str, Any]] = {
        "nothing": {},
        "2 copies": {"NumberOfCopies": 2},
        "no copies": {"NumberOfCopies": 0},
        "100 copies": {"NumberOfCopies": 100},
        "empty copies": {"NumberOfCopies": None},
        "high priority": {"PrintPriority": "HIGH"},
        "unknown priority": {"PrintPriority": "URGENT"},
        "empty priority": {"PrintPriority": ""},
        "its medium": {"MediumType": terms["medium"]},
        "unknown medium": {"MediumType": "PARCHMENT"},
        "empty medium": {"MediumType": ""},
        "its destination": {"FilmDestination": terms["destination"]},
        "unknown destination": {"FilmDestination": "BASEMENT"},
        "empty destination": {"FilmDestination": ""},
        "a label": {"FilmSessionLabel": "LABEL"},
        "an owner": {"OwnerID": "OWNER"},
        "memory": {"MemoryAllocation": 100},
        "an illumination": {"Illumination": 2000},
        "a patient's name": {"PatientName": "DOE^JANE"},
    }
    for words, values in given.items():
        if not failed(asker.session(f"session, {words}", **values)):
            asker.drop_session()
    asker.session("session, copies that are no number", _raw("NumberOfCopies", "LO", "many"))
    asker.drop_session()
    asker.session()
    asker.session("session, a second one")
    for words, values in {
        "3 copies": {"NumberOfCopies": 3},
        "an unknown priority": {"PrintPriority": "URGENT"},
        "a patient's name": {"PatientName": "DOE^JANE"},
    }.items():
        asker.ask(f"session N-SET, {words}", "set", BasicFilmSession, asker.session_uid, attributes(**values))
    asker.ask("session N-SET, unknown UID", "set", BasicFilmSession, UNKNOWN, attributes(NumberOfCopies=1))
    asker.ask("session N-ACTION, no film box", "action", BasicFilmSession, asker.session_uid)
    asker.ask("session N-GET", "get", BasicFilmSession, asker.session_uid)
    asker.ask("session N-DELETE, unknown UID", "delete", BasicFilmSession, UNKNOWN)
    asker.drop_session("session N-DELETE")
    asker.drop_session("session N-DELETE, again")
    asker.session("session, after N-DELETE")


def films(asker: Asker, terms: dict[str, Any]) -> None:
    """Each attribute of the film box, and each display format."""
    asker.film("film box, no session")
    asker.session()
    given: dict[str, dict[str, Any]] = {
        "nothing else": {},
        "no display format": {"display_format": None},
        "empty display format": {"display_format": ""},
        "portrait": {"FilmOrientation": "PORTRAIT"},
        "landscape": {"FilmOrientation": "LANDSCAPE"},
        "unknown orientation": {"FilmOrientation": "UPSIDE"},
        "empty orientation": {"FilmOrientation": ""},
        "another film size": {"FilmSizeID": "14INX17IN"},
        "unknown film size": {"FilmSizeID": "17INX17IN"},
        "empty film size": {"FilmSizeID": ""},
        "magnification CUBIC": {"MagnificationType": "CUBIC"},
        "unknown magnification": {"MagnificationType": "GUESS"},
        "smoothing NONE": {"MagnificationType": "CUBIC", "SmoothingType": "NONE"},
        "unknown smoothing": {"MagnificationType": "CUBIC", "SmoothingType": "FOGGY"},
        "border BLACK": {"BorderDensity": "BLACK"},
        "border 150": {"BorderDensity": "150"},
        "unknown border": {"BorderDensity": "GREEN"},
        "empty image WHITE": {"EmptyImageDensity": "WHITE"},
        "unknown empty image": {"EmptyImageDensity": "GREEN"},
        "its maximum density": {"MaxDensity": 320},
        "maximum density 300": {"MaxDensity": 300},
        "maximum density 400": {"MaxDensity": 400},
        "its minimum density": {"MinDensity": 20},
        "minimum density 1": {"MinDensity": 1},
        "densities upside down": {"MinDensity": 310, "MaxDensity": 25},
        "trim YES": {"Trim": "YES"},
        "unknown trim": {"Trim": "MAYBE"},
        "resolution HIGH": {"RequestedResolutionID": "HIGH"},
        "unknown resolution": {"RequestedResolutionID": "HUGE"},
        "configuration": {"ConfigurationInformation": "CS000"},
        "annotation": {"AnnotationDisplayFormatID": "LABEL"},
        "illumination 1500": {"Illumination": 1500},
        "ambient light 20": {"ReflectedAmbientLight": 20},
        "a patient's name": {"PatientName": "DOE^JANE"},
        "unknown session": {
            "ReferencedFilmSessionSequence": [reference(BasicFilmSession, UNKNOWN)],
        },
        "session of another class": {
            "ReferencedFilmSessionSequence": [reference(BasicFilmBox, asker.session_uid)],
        },
        "empty session": {"ReferencedFilmSessionSequence": []},
        "unknown look-up table": {"ReferencedPresentationLUTSequence": [reference(PresentationLUT, UNKNOWN)]},
    }
    for words, values in given.items():
        if not failed(asker.film(f"film box, {words}", **values)):
            asker.drop_film()
    for value in (
        *(f"STANDARD\\{c},{r}" for c, r in ((1, 2), (2, 1), (2, 2), (2, 3), (3, 4), (4, 5), (7, 7), (0, 1))),
        *("STANDARD\\2", "STANDARD", "ROW\\1,2", "COL\\1,2", "SLIDE", "SUPERSLIDE", "CUSTOM\\1", "GRID\\1,1"),
    ):
        if not failed(asker.film(f"film box, {value}", value)):
            asker.drop_film()
    asker.film()
    first = asker.film_uid
    asker.film("film box, a second one, first not printed")
    for words, changes in {
        "magnification CUBIC": {"MagnificationType": "CUBIC"},
        "unknown magnification": {"MagnificationType": "GUESS"},
        "film orientation": {"FilmOrientation": "LANDSCAPE"},
        "its maximum density": {"MaxDensity": 320},
        "a patient's name": {"PatientName": "DOE^JANE"},
    }.items():
        asker.ask(f"film box N-SET, {words}", "set", BasicFilmBox, asker.film_uid, attributes(**changes))
    asker.ask("film box N-SET, unknown UID", "set", BasicFilmBox, UNKNOWN, attributes(MaxDensity=320))
    asker.ask("film box N-GET", "get", BasicFilmBox, asker.film_uid)
    asker.ask("film box N-ACTION, empty film", "action", BasicFilmBox, asker.film_uid)
    asker.ask("film box N-ACTION, type 2", "action", BasicFilmBox, asker.film_uid, ActionTypeID=2)
    asker.ask("film box N-ACTION, unknown UID", "action", BasicFilmBox, UNKNOWN)
    asker.ask("session N-ACTION, empty film", "action", BasicFilmSession, asker.session_uid)
    asker.film("film box, a second one, first printed")
    asker.ask("film box N-DELETE, an earlier one", "delete", BasicFilmBox, first)
    asker.ask("film box N-DELETE, unknown UID", "delete", BasicFilmBox, UNKNOWN)
    asker.drop_film("film box N-DELETE")
    asker.ask("session N-ACTION, film box deleted", "action", BasicFilmSession, asker.session_uid)


def images(asker: Asker, terms: dict[str, Any]) -> None:
    """Image boxes, of a film that has a Presentation LUT and of one without."""
    asker.session()
    asker.film()
    asker.image("image box, no look-up table", image_item(_GRAY8))
    asker.drop_film()
    asker.look_up("", PresentationLUTShape="IDENTITY")
    refers = {"ReferencedPresentationLUTSequence": [reference(PresentationLUT, asker.look_up_uid)]}
    asker.film("", **refers)

    def item(**changes: Any) -> Dataset:
        return image_item(_GRAY8, **changes)

    for words, given in {
        "8 bits": item(),
        "12 bits": image_item(_GRAY12),
        "MONOCHROME1": item(PhotometricInterpretation="MONOCHROME1"),
        "RGB": item(PhotometricInterpretation="RGB"),
        "3 samples": item(SamplesPerPixel=3),
        "8 bits in 16": item(BitsAllocated=16),
        "10 bits": image_item(_GRAY12, BitsStored=10, HighBit=9),
        "high bit 15 of 12": image_item(_GRAY12, HighBit=15),
        "signed pixels": item(PixelRepresentation=1),
        "short pixels": item(Rows=20),
        "long pixels": item(Rows=8),
        "no rows": item(Rows=None),
        "no bits stored": item(BitsStored=None),
        "no photometric interpretation": item(PhotometricInterpretation=None),
        "no pixel data": item(PixelData=None),
        "pixel aspect ratio 2\\1": item(PixelAspectRatio=[2, 1]),
        "pixel aspect ratio of one number": item(PixelAspectRatio=[2]),
        "a patient's name in the item": item(PatientName="DOE^JANE"),
    }.items():
        asker.image(f"image box, {words}", given)
    for words, values in {
        "wrong position": {"position": 2},
        "no position": {"position": None},
        "polarity REVERSE": {"Polarity": "REVERSE"},
        "unknown polarity": {"Polarity": "INSIDE OUT"},
        "magnification REPLICATE": {"MagnificationType": "REPLICATE"},
        "unknown magnification": {"MagnificationType": "GUESS"},
        "unknown smoothing": {"MagnificationType": "CUBIC", "SmoothingType": "FOGGY"},
        "image size 100 mm": {"RequestedImageSize": 100},
        "decimate": {"RequestedDecimateCropBehavior": "DECIMATE"},
        "unknown behavior": {"RequestedDecimateCropBehavior": "FOLD"},
        "minimum density": {"MinDensity": 25},
        "maximum density 400": {"MaxDensity": 400},
        "configuration": {"ConfigurationInformation": "CS000"},
        "a patient's ID": {"PatientID": "4711"},
        "unknown look-up table": {"ReferencedPresentationLUTSequence": [reference(PresentationLUT, UNKNOWN)]},
    }.items():
        asker.image(f"image box, {words}", item(), **values)
    asker.image("image box, no image sequence")
    empty = attributes(ImageBoxPosition=1, BasicGrayscaleImageSequence=[])
    asker.ask("image box, erased", "set", BasicGrayscaleImageBox, asker.boxes[0], empty)
    asker.ask("image box, unknown UID", "set", BasicGrayscaleImageBox, UNKNOWN, empty)
    asker.ask("image box, UID of the film box", "set", BasicGrayscaleImageBox, asker.film_uid, empty)
    asker.ask("image box N-GET", "get", BasicGrayscaleImageBox, asker.boxes[0])
    asker.ask("image box N-DELETE", "delete", BasicGrayscaleImageBox, asker.boxes[0])
    asker.image("", item())
    asker.ask("film box N-ACTION, one image", "action", BasicFilmBox, asker.film_uid)
    asker.ask("film box N-ACTION, again", "action", BasicFilmBox, asker.film_uid)
    box = asker.boxes[0]
    asker.drop_film("film box N-DELETE, printed")
    asker.ask("image box, film box deleted", "set", BasicGrayscaleImageBox, box, empty)
    asker.drop_session("session N-DELETE, printed")


def look_ups(asker: Asker, terms: dict[str, Any]) -> None:
    """Presentation LUTs, and images that use them."""

    def table(entries: int, bits: int = 12, first: int = 0, most: int | None = None) -> dict[str, Any]:
        item = Dataset()
        item.add_new("LUTDescriptor", "US", [entries, first, bits])
        values = np.linspace(0, (1 << bits) - 1, most or entries).astype("<u2")
        item.add_new("LUTData", "OW", values.tobytes())
        return {"PresentationLUTSequence": [item]}

    given: dict[str, dict[str, Any]] = {
        "IDENTITY": {"PresentationLUTShape": "IDENTITY"},
        "LIN OD": {"PresentationLUTShape": "LIN OD"},
        "unknown shape": {"PresentationLUTShape": "SIGMOID"},
        "neither shape nor table": {},
        "both shape and table": {"PresentationLUTShape": "IDENTITY", **table(256)},
        "table of 256": table(256),
        "table of 4096": table(4096),
        "table of 100": table(100),
        "table of 256, first value 1": table(256, first=1),
        "table of 256, 8 bits": table(256, 8),
        "table of 256, with data of 200": table(256, most=200),
        "table of 4096, 16 bits": table(4096, 16),
        "a patient's name": {"PresentationLUTShape": "IDENTITY", "PatientName": "DOE^JANE"},
    }
    for words, values in given.items():
        if not failed(asker.look_up(f"look-up table, {words}", **values)):
            asker.drop_look_up()
    asker.drop_look_up("look-up table N-DELETE, unknown UID", UNKNOWN)
    for entries in (256, 4096):
        asker.look_up("", **table(entries))
        refers = {"ReferencedPresentationLUTSequence": [reference(PresentationLUT, asker.look_up_uid)]}
        if not failed(asker.session(f"session, that refers to a table of {entries}", **refers)):
            asker.drop_session()
        asker.session()
        if failed(asker.film(f"film box, table of {entries}", **refers)):
            asker.film()
        asker.image(f"image box, 8 bits on a film of a table of {entries}", image_item(_GRAY8))
        asker.image(f"image box, 12 bits on a film of a table of {entries}", image_item(_GRAY12))
        asker.image(f"image box, 8 bits and a table of {entries}", image_item(_GRAY8), **refers)
        asker.drop_look_up(f"look-up table N-DELETE, {entries} in use")
        asker.drop_session()
    asker.look_up("", PresentationLUTShape="IDENTITY")
    asker.drop_look_up("look-up table N-DELETE")
    asker.session()
    gone = {"ReferencedPresentationLUTSequence": [reference(PresentationLUT, asker.look_up_uid)]}
    asker.film("film box, a table that was deleted", **gone)
    asker.ask(
        "look-up table N-SET",
        "set",
        PresentationLUT,
        asker.look_up_uid,
        attributes(PresentationLUTShape="IDENTITY"),
        context=PresentationLUT,
    )


def others(asker: Asker, terms: dict[str, Any]) -> None:
    """The printer, and requests that are of no class, or not of this context."""
    asker.printer("printer N-GET, all")
    asker.printer("printer N-GET, status", 0x21100010)
    asker.printer("printer N-GET, status and model", 0x21100010, 0x00081090)
    asker.printer("printer N-GET, calibration", 0x00181200, 0x00181201)
    asker.printer("printer N-GET, unknown attribute", 0x21100010, 0x00100010)
    asker.printer("printer N-GET, wrong instance", instance=UNKNOWN)
    asker.ask("printer N-SET", "set", Printer, PrinterInstance, attributes(PrinterStatus="NORMAL"))
    asker.ask("printer N-CREATE", "create", Printer, PrinterInstance)
    asker.ask("printer N-DELETE", "delete", Printer, PrinterInstance)
    asker.ask("print job N-GET, not negotiated", "get", PrintJob, UNKNOWN)
    asker.ask("unknown class N-CREATE", "create", UNKNOWN, "1.2.3.4.6")
    asker.ask("unknown class N-GET", "get", UNKNOWN, "1.2.3.4.6")
    asker.ask("film box N-ACTION, no session at all", "action", BasicFilmBox, UNKNOWN)
    asker.ask(
        "session N-SET, of another class",
        "set",
        BasicFilmSession,
        PrinterInstance,
        attributes(NumberOfCopies=1),
    )
    asker.session()
    taken = asker.session_uid
    refers = [reference(BasicFilmSession, taken)]
    film = attributes(ImageDisplayFormat="STANDARD\\1,1", ReferencedFilmSessionSequence=refers)
    asker.ask("film box, UID of the session", "create", BasicFilmBox, taken, film)
    asker.ask("film box, no UID", "create", BasicFilmBox, None, film)
    asker.ask("film box, UID with a letter", "create", BasicFilmBox, "1.2.x", film)


SCENES: tuple[Callable[[Asker, dict[str, Any]], None], ...] = (sessions, films, images, look_ups, others)


def put(address: tuple[str, int], called: str, syntax: str, terms: dict[str, Any]) -> dict[str, Reply]:
    """Put every request to a printer; its answers by the names of the requests. ``terms`` has a ``medium``
    and a ``destination`` that the printer knows."""
    replies: dict[str, Reply] = {}
    for scene in SCENES:
        asker = Asker(address, called, replies, syntax)
        scene(asker, terms)
        asker.close()
    return replies
