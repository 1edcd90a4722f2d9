"""What there is on a printer at each moment of a dialogue, as the SCU could know it from the answers."""

from dataclasses import dataclass, field
from typing import Any

from pydicom.config import IGNORE
from pydicom.dataset import Dataset
from pydicom.uid import UID

from printscp.errors import PrintError
from printscp.film.attributes import read
from printscp.film.layout import Layout, layout
from printscp.film.profile import Mode, PrinterProfile
from printscp.film.rules import words_16
from printscp.film.service import SOP_CLASSES
from printscp.film.statuses import category
from printscp.film.uids import (
    BASIC_ANNOTATION_BOX,
    BASIC_COLOR_IMAGE_BOX,
    BASIC_FILM_BOX,
    BASIC_FILM_SESSION,
    BASIC_GRAYSCALE_IMAGE_BOX,
    PRESENTATION_LUT,
    PRINTER,
    PRINTER_CONFIGURATION_RETRIEVAL,
    PRINTER_CONFIGURATION_RETRIEVAL_INSTANCE,
    PRINTER_INSTANCE,
)
from printscp.lint.values import look_up_of, sequence_of, value_of
from printscp.transcript import Step

IMAGE_BOXES = (BASIC_GRAYSCALE_IMAGE_BOX, BASIC_COLOR_IMAGE_BOX)
IMAGE_SEQUENCES = {
    BASIC_GRAYSCALE_IMAGE_BOX: "BasicGrayscaleImageSequence",
    BASIC_COLOR_IMAGE_BOX: "BasicColorImageSequence",
}
ALWAYS_THERE = {
    PRINTER_INSTANCE: PRINTER,
    PRINTER_CONFIGURATION_RETRIEVAL_INSTANCE: PRINTER_CONFIGURATION_RETRIEVAL,
}


@dataclass
class Box:
    """An image box or annotation box. ``set_at`` is the step that put its image there, ``refused_at`` the one
    whose image was refused and not sent again; 0 for none."""

    uid: str
    position: int
    sop_class: UID
    film: "Film" = field(repr=False)
    set_at: int = 0
    refused_at: int = 0
    sent: Dataset = field(default_factory=Dataset, repr=False)


@dataclass
class Film:
    """A film box, created at ``step``. ``values`` are its attributes in force, ``boxes`` are in the order of
    their positions. ``printed_at`` is the step of its last print."""

    uid: str
    step: int
    sent: Dataset = field(repr=False)
    values: dict[str, Any]
    layout: Layout | None = field(repr=False)
    boxes: list[Box] = field(default_factory=list)
    printed_at: int = 0
    alive: bool = True
    deleted: bool = False
    sop_class: UID = BASIC_FILM_BOX

    @property
    def images(self) -> list[Box]:
        """Its image boxes."""
        return [box for box in self.boxes if box.sop_class in IMAGE_BOXES]


@dataclass
class Session:
    """A film session, created at ``step``; ``printed_at`` is the step that printed it as a whole."""

    uid: str
    step: int
    sent: Dataset = field(repr=False)
    films: list[Film] = field(default_factory=list)
    printed_at: int = 0
    sop_class: UID = BASIC_FILM_SESSION

    @property
    def last(self) -> Film | None:
        """The film box that is alive."""
        return next((film for film in reversed(self.films) if film.alive), None)


@dataclass
class LookUp:
    """A Presentation LUT, created at ``step``; ``entries`` is 0 of one without a table."""

    uid: str
    step: int
    entries: int
    referred: bool = False
    alive: bool = True
    sop_class: UID = PRESENTATION_LUT


class Scene:
    """Follows a dialogue; ``refused`` holds UIDs of instances whose creation failed, ``failed`` says that
    anything did."""

    def __init__(self, profile: PrinterProfile) -> None:
        self._profile = profile
        self.session: Session | None = None
        self.sessions: list[Session] = []
        self.films: list[Film] = []
        self.boxes: dict[str, Box] = {}
        self.look_ups: dict[str, LookUp] = {}
        self.refused: set[str] = set()
        self.failed = False

    @property
    def profile(self) -> PrinterProfile:
        """The printer on the medium of the film session."""
        return self._profile.on(str(value_of(self.session.sent, "MediumType") or "") if self.session else "")

    def find(self, uid: str) -> Session | Film | Box | LookUp | None:
        """An instance of this association, whether it is alive or not."""
        for session in reversed(self.sessions):
            if session.uid == uid:
                return session
        for film in reversed(self.films):
            if film.uid == uid:
                return film
        return self.boxes.get(uid) or self.look_ups.get(uid)

    def is_alive(self, instance: Session | Film | Box | LookUp) -> bool:
        """Whether it can be aimed at."""
        if isinstance(instance, Box):
            instance = instance.film
        return instance is self.session if isinstance(instance, Session) else instance.alive

    def follow(self, request: Step, answer: Step | None, sent: Dataset, returned: Dataset) -> None:
        """Have a request take effect as far as its answer says that it did."""
        wanted = str(request.instance)
        if answer is None or answer.status is None or category(answer.status) == "Failure":
            self.failed = True
            if request.service == "N-CREATE" and wanted:
                self.refused.add(wanted)
            box = self.boxes.get(wanted)
            if box is not None and request.service == "N-SET" and box.sop_class in IMAGE_BOXES:
                box.refused_at = request.number
            return
        if request.service == "N-CREATE":
            self._created(request, str(answer.instance or wanted), sent, returned)
        elif request.service == "N-SET":
            self._set(request, sent)
        elif request.service == "N-ACTION":
            self._printed(request)
        elif request.service == "N-DELETE":
            self._deleted(str(request.instance))

    def _created(self, request: Step, uid: str, sent: Dataset, returned: Dataset) -> None:
        if request.sop_class == BASIC_FILM_SESSION:
            self.session = Session(uid, request.number, sent)
            self.sessions.append(self.session)
        elif request.sop_class == PRESENTATION_LUT:
            self.look_ups[uid] = LookUp(uid, request.number, entries(sent))
        elif request.sop_class == BASIC_FILM_BOX and self.session is not None:
            if self.session.last is not None:
                self.session.last.alive = False
            values = in_force(sent, self.profile)
            film = Film(uid, request.number, sent, values, _layout(values, self.profile))
            film.boxes = _boxes(film, returned)
            self.boxes.update((box.uid, box) for box in film.boxes)
            self.session.films.append(film)
            self.films.append(film)
        self._refer(sent)

    def _set(self, request: Step, sent: Dataset) -> None:
        instance = self.find(str(request.instance))
        if isinstance(instance, Box):
            instance.sent, instance.refused_at = sent, 0
            filled = bool(sequence_of(sent, IMAGE_SEQUENCES.get(instance.sop_class, "")))
            if instance.sop_class in IMAGE_BOXES:
                instance.set_at = request.number if filled else 0
        elif isinstance(instance, Film):
            instance.values |= in_force(sent, self.profile, "set")
            instance.sent = _merged(instance.sent, sent)
        elif isinstance(instance, Session):
            instance.sent = _merged(instance.sent, sent)
        self._refer(sent)

    def _printed(self, request: Step) -> None:
        instance = self.find(str(request.instance))
        films = [instance] if isinstance(instance, Film) else []
        if isinstance(instance, Session):
            instance.printed_at = request.number
            films = [film for film in instance.films if not film.deleted]
        for film in films:
            film.printed_at = request.number

    def _deleted(self, uid: str) -> None:
        instance = self.find(uid)
        if isinstance(instance, Session):
            for film in instance.films:
                film.alive = False
            self.session = None
        elif isinstance(instance, Film):
            instance.alive, instance.deleted = False, True
        elif isinstance(instance, LookUp):
            instance.alive = False

    def _refer(self, sent: Dataset) -> None:
        look_up = self.look_ups.get(look_up_of(sent))
        if look_up is not None:
            look_up.referred = True

    def referring(self, uid: str) -> bool:
        """Whether something that is there refers to a Presentation LUT."""
        if self.session is None:
            return False
        datasets = [self.session.sent]
        for film in self.session.films:
            if not film.deleted:
                datasets += [film.sent, *(box.sent for box in film.boxes)]
        return any(look_up_of(dataset) == uid for dataset in datasets)

    def look_up(self, *datasets: Dataset) -> LookUp | None:
        """The Presentation LUT in force: of the first data set that refers to one, else the session's."""
        session = self.session.sent if self.session else Dataset()
        uid = next((found for each in (*datasets, session) if (found := look_up_of(each))), "")
        return self.look_ups.get(uid)


def entries(dataset: Dataset) -> int:
    """How many entries the table of a Presentation LUT has, by its descriptor; 0 where there is none."""
    items = sequence_of(dataset, "PresentationLUTSequence")
    descriptor = value_of(items[0], "LUTDescriptor") if items else None
    try:
        return words_16(descriptor)[0] if descriptor else 0
    except (ValueError, IndexError):
        return 0


def in_force(sent: Dataset, profile: PrinterProfile, verb: str = "create") -> dict[str, Any]:
    """Attributes of a film box as a tolerant printer has them; nothing where it refuses them."""
    table = SOP_CLASSES[BASIC_FILM_BOX].tables[verb]
    try:
        return read(table, sent, profile, Mode.TOLERANT, defaults=verb == "create").values
    except PrintError:
        return {}


def _layout(values: dict[str, Any], profile: PrinterProfile) -> Layout | None:
    return layout(values, profile) if values else None


def _merged(before: Dataset, after: Dataset) -> Dataset:
    merged = Dataset(before)
    merged.update(after)
    return merged


def _boxes(film: Film, returned: Dataset) -> list[Box]:
    """The boxes that a film box has, by the printer's answer."""
    boxes: list[Box] = []
    for position, item in enumerate(sequence_of(returned, "ReferencedImageBoxSequence"), 1):
        sop_class = UID(str(value_of(item, "ReferencedSOPClassUID") or ""), IGNORE)
        boxes.append(Box(str(value_of(item, "ReferencedSOPInstanceUID") or ""), position, sop_class, film))
    for item in sequence_of(returned, "ReferencedBasicAnnotationBoxSequence"):
        uid = str(value_of(item, "ReferencedSOPInstanceUID") or "")
        boxes.append(Box(uid, 0, BASIC_ANNOTATION_BOX, film))
    return boxes
