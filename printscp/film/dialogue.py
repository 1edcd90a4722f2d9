"""What one SCU says on one association, and what the printer answers (PS3.4 H.3 to H.5).

`Dialogue` knows the SOP instances of its association; what each DIMSE service does with an instance is in the
class of its SOP class below. A verb that a class lacks is a service it does not offer.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.uid import UID, generate_uid

from printscp.errors import (
    ClassInstanceConflict,
    DuplicateSOPInstance,
    FilmBoxNotPrinted,
    InvalidAttributeValue,
    InvalidSOPInstance,
    NoSuchAction,
    NoSuchAttribute,
    NoSuchSOPClass,
    NoSuchSOPInstance,
    UnrecognizedOperation,
)
from printscp.film import attributes as tables
from printscp.film.attributes import SUCCESS, Attribute, Reading
from printscp.film.display_format import DisplayFormat
from printscp.film.instances import FilmBox, FilmSession, Image, ImageBox, check_densities, freeze
from printscp.film.memory import MemoryBudget
from printscp.film.profile import PrinterProfile
from printscp.film.sheet import Draft
from printscp.film.uids import (
    BASIC_FILM_BOX,
    BASIC_FILM_SESSION,
    BASIC_GRAYSCALE_IMAGE_BOX,
    PRINTER,
    PRINTER_INSTANCE,
)

ATTRIBUTE_LIST_ERROR = 0x0107
_PRINT = 1
_UID = re.compile(r"[0-9]+(\.[0-9]+)*")
_BITS = {8: (8, 7), 12: (16, 11)}  # Bits Stored: (Bits Allocated, High Bit), PS3.3 C.13.5


@dataclass(frozen=True)
class Request:
    """A DIMSE-N request: ``dataset`` is empty where the message had none."""

    sop_class: UID
    instance: UID | None = None
    dataset: Dataset = field(default_factory=Dataset)
    action_type: int | None = None
    attributes: tuple[int, ...] = ()


@dataclass(frozen=True)
class Answer:
    """``instance`` is the UID that a create made or took; ``ignored`` names tags that were not served."""

    status: int = SUCCESS
    dataset: Dataset | None = None
    instance: UID | None = None
    ignored: tuple[int, ...] = ()


@dataclass(frozen=True)
class Printer:
    """The printer as its SCUs see it, and where their films go.

    ``draft`` makes the way to the spool for one film box.
    """

    name: str
    profile: PrinterProfile
    software_version: str
    budget: MemoryBudget
    draft: Callable[[], Draft]


class Dialogue:
    """The instances of one association. Not thread-safe: an association's requests come one by one."""

    def __init__(self, printer: Printer, originator: str) -> None:
        self.printer = printer
        self.originator = originator
        self.session: FilmSession | None = None
        self._unspooled: tuple[Draft, ImageBox] | None = None

    def perform(self, verb: str, request: Request) -> Answer:
        """Carry out one request; ``verb`` is "create", "set", "get", "action" or "delete".

        Raises:
            PrintError: the request is refused and nothing has changed.
        """
        sop_class = _SOP_CLASSES.get(request.sop_class)
        if sop_class is None:
            raise NoSuchSOPClass(f"no SOP class {request.sop_class} on this printer")
        service = getattr(sop_class, verb, None)
        if service is None:
            raise UnrecognizedOperation(f"{sop_class.name} has no N-{verb.upper()} here")
        answer = service(self, request)
        assert isinstance(answer, Answer)
        return answer

    def between_requests(self) -> None:
        """Work that need not hold up an answer: what an N-SET brought goes on its way to the spool."""
        if self._unspooled is not None:
            draft, box = self._unspooled
            self._unspooled = None
            if box.image is not None:
                draft.put(box.position, box.image.attributes["PixelData"])

    def spool_later(self, film_box: FilmBox, box: ImageBox) -> None:
        """Have the image of a box put on its way once the request is answered."""
        self._unspooled = film_box.draft, box

    def close(self) -> None:
        """Release or abort: the tree goes, the jobs stay (PS3.4 H.5)."""
        if self.session is not None:
            self.drop_film_box()
            self.session = None

    def drop_film_box(self) -> None:
        """Let go of the film box that is alive, and of the memory of its images."""
        if self.session is not None and self.session.film_box is not None:
            self.session.film_box.empty(self.printer.budget)
            self.session.film_box = None

    def new_uid(self, wanted: UID | None) -> UID:
        """The UID of a new instance: the SCU's, or one of ours where it left that to us.

        Raises:
            InvalidSOPInstance, DuplicateSOPInstance
        """
        if wanted is None:
            return generate_uid()
        if not _UID.fullmatch(wanted) or len(wanted) > 64:
            raise InvalidSOPInstance("instance UID breaks the UID rules")
        if wanted in self._alive() or wanted == PRINTER_INSTANCE:
            raise DuplicateSOPInstance("instance UID is in use")
        return wanted

    def find(self, request: Request) -> Any:
        """The living instance that a request aims at.

        Raises:
            NoSuchSOPInstance, ClassInstanceConflict
        """
        instance = self._alive().get(request.instance or UID(""))
        if instance is None:
            raise NoSuchSOPInstance(f"no such {_SOP_CLASSES[request.sop_class].name} alive here")
        if instance.sop_class != request.sop_class:
            raise ClassInstanceConflict(f"instance is a {_SOP_CLASSES[instance.sop_class].name}")
        return instance

    def read(self, table: tuple[Attribute, ...], dataset: Dataset, *, defaults: bool) -> Reading:
        """Read a data set by its attribute table for this printer."""
        return tables.read(table, dataset, self.printer.profile, defaults=defaults)

    def _alive(self) -> dict[UID, Any]:
        alive: dict[UID, Any] = {}
        if self.session is not None:
            alive[self.session.uid] = self.session
            if self.session.film_box is not None:
                alive[self.session.film_box.uid] = self.session.film_box
                alive.update((box.uid, box) for box in self.session.film_box.image_boxes)
        return alive


class BasicFilmSession:
    """PS3.4 H.4.1. Film session N-ACTION (collated printing) is not offered."""

    name: ClassVar = "Basic Film Session"

    @staticmethod
    def create(dialogue: Dialogue, request: Request) -> Answer:
        if dialogue.session is not None:
            raise DuplicateSOPInstance("one film session per association: N-DELETE the other first")
        uid = dialogue.new_uid(request.instance)
        reading = dialogue.read(tables.FILM_SESSION, request.dataset, defaults=True)
        dialogue.session = FilmSession(uid, reading.values, reading.remarks)
        return Answer(reading.status, _attributes(reading.values), uid)

    @staticmethod
    def set(dialogue: Dialogue, request: Request) -> Answer:
        session: FilmSession = dialogue.find(request)
        reading = dialogue.read(tables.FILM_SESSION, request.dataset, defaults=False)
        session.attributes.update(reading.values)
        session.remarks = _without_repeats(session.remarks + reading.remarks)
        return Answer(reading.status, _attributes(session.attributes))

    @staticmethod
    def delete(dialogue: Dialogue, request: Request) -> Answer:
        dialogue.find(request)
        dialogue.close()
        return Answer()


class BasicFilmBox:
    """PS3.4 H.4.2. Only the last film box created is alive."""

    name: ClassVar = "Basic Film Box"

    @staticmethod
    def create(dialogue: Dialogue, request: Request) -> Answer:
        uid = dialogue.new_uid(request.instance)
        reading = dialogue.read(tables.FILM_BOX_CREATE, request.dataset, defaults=True)
        session = dialogue.session
        if session is None or reading.values["ReferencedFilmSessionSequence"] != session.uid:
            raise InvalidAttributeValue("refers to no open film session", "ReferencedFilmSessionSequence")
        check_densities(reading.values)
        if session.film_box is not None and not session.film_box.printed:
            raise FilmBoxNotPrinted("print or N-DELETE the film box before this one")
        layout = DisplayFormat.parse(reading.values["ImageDisplayFormat"], dialogue.printer.profile)
        count = layout.columns * layout.rows
        root = generate_uid()[:60]  # of 64 characters at most, and room for the position
        boxes = tuple(ImageBox(UID(f"{root}.{position}"), position) for position in range(1, count + 1))
        dialogue.drop_film_box()
        session.film_box = FilmBox(uid, reading.values, reading.remarks, boxes, dialogue.printer.draft())
        return Answer(reading.status, _film_box_attributes(session, session.film_box), uid)

    @staticmethod
    def set(dialogue: Dialogue, request: Request) -> Answer:
        film_box: FilmBox = dialogue.find(request)
        reading = dialogue.read(tables.FILM_BOX_SET, request.dataset, defaults=False)
        values = film_box.attributes | reading.values
        check_densities(values)
        for box in film_box.image_boxes:
            check_densities(values | box.attributes)
        film_box.attributes = values
        film_box.remarks = _without_repeats(film_box.remarks + reading.remarks)
        return Answer(
            reading.status, _attributes({row.keyword: values[row.keyword] for row in tables.FILM_BOX_SET})
        )

    @staticmethod
    def action(dialogue: Dialogue, request: Request) -> Answer:
        film_box: FilmBox = dialogue.find(request)
        if request.action_type != _PRINT:
            raise NoSuchAction(f"Action Type ID {request.action_type} is unknown: 1 prints")
        assert dialogue.session is not None
        printer = dialogue.printer
        sheet = freeze(dialogue.session, film_box, printer.profile, printer.name, dialogue.originator)
        film_box.draft.accept(sheet)
        film_box.printed = True
        return Answer()

    @staticmethod
    def delete(dialogue: Dialogue, request: Request) -> Answer:
        dialogue.find(request)
        dialogue.drop_film_box()
        return Answer()


class BasicGrayscaleImageBox:
    """PS3.4 H.4.3.1: an image into its box, or an empty sequence to erase it."""

    name: ClassVar = "Basic Grayscale Image Box"

    @staticmethod
    def set(dialogue: Dialogue, request: Request) -> Answer:
        box: ImageBox = dialogue.find(request)
        assert dialogue.session is not None
        film_box = dialogue.session.film_box
        assert film_box is not None
        if "BasicColorImageSequence" in request.dataset:
            raise NoSuchAttribute("this context prints gray images only", "BasicColorImageSequence")
        reading = dialogue.read(tables.GRAYSCALE_IMAGE_BOX, request.dataset, defaults=True)
        position = reading.values.pop("ImageBoxPosition")
        if position != box.position:
            count = len(film_box.image_boxes)
            where = f"this box has position {box.position}" if position <= count else f"film has 1..{count}"
            raise InvalidAttributeValue(f"ImageBoxPosition {position}: {where}", "ImageBoxPosition")
        items = reading.values.pop("BasicGrayscaleImageSequence")
        image = _image(dialogue, items[0], reading.remarks) if items else None
        check_densities(film_box.attributes | reading.values)
        box.put(image, dialogue.printer.budget)
        box.attributes, box.remarks = reading.values, reading.remarks
        dialogue.spool_later(film_box, box)
        # Values come back where they are not quite the SCU's; a modality taken at its word needs none.
        changed = _attributes({"ImageBoxPosition": position, **reading.values}) if reading.remarks else None
        return Answer(reading.status, changed)


class PrinterClass:
    """PS3.4 H.4.6: the one instance that is always there."""

    name: ClassVar = "Printer"

    @staticmethod
    def get(dialogue: Dialogue, request: Request) -> Answer:
        if request.instance != PRINTER_INSTANCE:
            raise NoSuchSOPInstance(f"the printer is instance {PRINTER_INSTANCE}")
        printer = dialogue.printer
        values = dict(
            zip(
                tables.PRINTER,
                (
                    "NORMAL",
                    "NORMAL",
                    printer.name,
                    printer.profile.manufacturer,
                    printer.profile.model,
                    printer.software_version,
                ),
                strict=True,
            )
        )
        dataset = _attributes(values)
        if not request.attributes:
            return Answer(dataset=dataset)
        known = {tag_for_keyword(keyword) for keyword in tables.PRINTER}
        unknown = tuple(tag for tag in request.attributes if tag not in known)
        for tag in known - set(request.attributes):
            del dataset[tag or 0]
        return Answer(ATTRIBUTE_LIST_ERROR if unknown else SUCCESS, dataset, ignored=unknown)


_SOP_CLASSES: dict[UID, Any] = {
    BASIC_FILM_SESSION: BasicFilmSession,
    BASIC_FILM_BOX: BasicFilmBox,
    BASIC_GRAYSCALE_IMAGE_BOX: BasicGrayscaleImageBox,
    PRINTER: PrinterClass,
}


def _image(dialogue: Dialogue, item: Dataset, remarks: list[str]) -> Image:
    """The image of a Basic Grayscale Image Sequence item.

    Raises:
        PrintError: an attribute is missing or wrong, or the pixel data do not fill rows x columns.
    """
    reading = dialogue.read(tables.GRAYSCALE_IMAGE, item, defaults=True)
    remarks.extend(reading.remarks)
    values = reading.values
    bits = values["BitsAllocated"], values["BitsStored"], values["HighBit"]
    if _BITS.get(bits[1]) != (bits[0], bits[2]):
        raise InvalidAttributeValue(
            "bits allocated/stored/high {}/{}/{}: use 8/8/7 or 16/12/11".format(*bits),
            "BitsAllocated",
            "BitsStored",
            "HighBit",
        )
    wanted = values["Rows"] * values["Columns"] * bits[0] // 8
    given = len(values["PixelData"])
    # One byte more is the pad that makes an odd length even (PS3.5 8.1.1).
    if given != wanted and given != wanted + wanted % 2:
        raise InvalidAttributeValue(
            f"PixelData has {given} bytes, {values['Rows']} x {values['Columns']} needs {wanted}", "PixelData"
        )
    return Image(values)


def _attributes(values: dict[str, Any]) -> Dataset:
    """An attribute list, for an answer."""
    dataset = Dataset()
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return dataset


def _without_repeats(remarks: list[str]) -> list[str]:
    return list(dict.fromkeys(remarks))


def _reference(sop_class: UID, instance: UID) -> Dataset:
    return _attributes({"ReferencedSOPClassUID": sop_class, "ReferencedSOPInstanceUID": instance})


def _film_box_attributes(session: FilmSession, film_box: FilmBox) -> Dataset:
    """All attributes in force, and the image boxes in the order of their positions (PS3.4 H.4.2.2.1)."""
    dataset = _attributes(film_box.attributes | {"ReferencedFilmSessionSequence": []})
    dataset.ReferencedFilmSessionSequence = [_reference(session.sop_class, session.uid)]
    dataset.ReferencedImageBoxSequence = [_reference(box.sop_class, box.uid) for box in film_box.image_boxes]
    return dataset
