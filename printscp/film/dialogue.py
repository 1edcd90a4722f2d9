"""What one SCU has built on one association, and what it is told of its own accord (PS3.4 H.3 to H.5)."""

import re
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from pydicom.charset import convert_encodings
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.uid import UID

from printscp.errors import (
    ClassInstanceConflict,
    DuplicateSOPInstance,
    InvalidAttributeValue,
    InvalidSOPInstance,
    NoSuchSOPInstance,
    OutOfMemory,
    ResourceLimitation,
)
from printscp.film import attributes as tables
from printscp.film.attributes import Attribute, Reading
from printscp.film.exchange import Answer, Event, Request, Values
from printscp.film.freeze import freeze, look_up_of, order
from printscp.film.instances import FilmBox, FilmSession, FrozenFilm, Image, ImageBox, PresentationLUT
from printscp.film.job import ExecutionStatus, JobNews
from printscp.film.memory import Allotment
from printscp.film.printer import Draft, Printer, PrinterState
from printscp.film.profile import Mode, PrinterProfile
from printscp.film.uids import (
    BASIC_COLOR_PRINT_MANAGEMENT_META,
    BASIC_GRAYSCALE_PRINT_MANAGEMENT_META,
    PRINT_JOB,
    PRINTER,
    PRINTER_CONFIGURATION_RETRIEVAL,
    PRINTER_CONFIGURATION_RETRIEVAL_INSTANCE,
    PRINTER_INSTANCE,
)

META_CLASSES = frozenset({BASIC_GRAYSCALE_PRINT_MANAGEMENT_META, BASIC_COLOR_PRINT_MANAGEMENT_META})

_LUT = "ReferencedPresentationLUTSequence"
_UID = re.compile(r"[0-9]+(\.[0-9]+)*")
_LEADING_ZERO = re.compile(r"(^|\.)0[0-9]")
_ALWAYS_THERE = {
    PRINTER_INSTANCE: PRINTER,
    PRINTER_CONFIGURATION_RETRIEVAL_INSTANCE: PRINTER_CONFIGURATION_RETRIEVAL,
}
_JOB_EVENT = {
    ExecutionStatus.PENDING: 1,
    ExecutionStatus.PRINTING: 2,
    ExecutionStatus.DONE: 3,
    ExecutionStatus.FAILURE: 4,
}
_PRINTER_EVENT = {"NORMAL": 1, "WARNING": 2, "FAILURE": 3}


class Dialogue:
    """The instances of one association, whose requests come one by one on one thread.

    ``services`` are the abstract syntaxes that were negotiated; ``post`` takes an event on its way, from any
    thread.
    """

    def __init__(
        self,
        printer: Printer,
        originator: str,
        services: frozenset[UID],
        post: Callable[[Event], None],
    ) -> None:
        self.printer = printer
        self.originator = originator
        self.services = services
        self.session: FilmSession | None = None
        self.look_ups: dict[str, PresentationLUT] = {}
        self.allotment = Allotment(printer.budget)
        self._expected = 0  # bytes of memory for an image that comes in
        self._unspooled: tuple[Draft, ImageBox] | None = None
        self._post = post
        # Jobs of this association, and what was said of each last: Execution Status and its Info.
        self._jobs: dict[str, tuple[ExecutionStatus, str] | None] = {}
        self._jobs_lock = threading.Lock()
        self._pretended: PrinterState | None = None
        printer.listen(self.announce)

    @property
    def profile(self) -> PrinterProfile:
        """The printer on the medium of the film session, if there is one."""
        return self.printer.profile.on(self.session.attributes["MediumType"] if self.session else "")

    @property
    def state(self) -> PrinterState:
        """What the printer says of itself to this SCU."""
        return self._pretended or self.printer.state

    def pretend(self, state: PrinterState | None) -> None:
        """Have the printer be in another state for this SCU alone, by a fault made on purpose; None: as it
        is."""
        before, self._pretended = self.state, state
        if self.state != before:
            self._say_state(self.state)

    @property
    def strict(self) -> bool:
        return self.printer.mode is Mode.STRICT

    @property
    def at_rest(self) -> bool:
        """No film is in the making: all that there are were printed as they are."""
        session = self.session
        if session is None:
            return True
        film_box = session.film_box
        alive = film_box is None or (film_box.printed and film_box.kept)
        return alive and all(film.printed for film in session.frozen)

    def read(self, table: tuple[Attribute, ...], dataset: Dataset, *, defaults: bool) -> Reading:
        """Read a data set by its attribute table for this printer; text in the session's character set."""
        if self.session is not None and "SpecificCharacterSet" not in dataset:
            character_set = self.session.attributes.get("SpecificCharacterSet")
            if character_set is not None:
                implicit, little_endian = dataset.original_encoding
                dataset.set_original_encoding(implicit, little_endian, convert_encodings(character_set))
        return tables.read(table, dataset, self.profile, self.printer.mode, defaults=defaults)

    def answer(self, reading: Reading, values: Values, instance: UID | None = None) -> Answer:
        """The answer to a request whose data set was read; a warning says what it is about."""
        tags = tuple(tag_for_keyword(keyword) or 0 for keyword in reading.offending)
        return Answer(reading.status, values, instance, tags, reading.comment)

    def new_uid(self, wanted: UID | None) -> UID:
        """The UID of a new instance: the SCU's, or one of ours where it left that to us.

        Raises:
            InvalidSOPInstance, DuplicateSOPInstance
        """
        if wanted is None:
            return self.printer.new_uid()
        self.check_uid(wanted)
        if wanted in _ALWAYS_THERE or self._alive(wanted) is not None:
            raise DuplicateSOPInstance("instance UID is in use")
        return wanted

    def find(self, request: Request) -> Any:
        """The living instance that a request aims at.

        Raises:
            InvalidSOPInstance, NoSuchSOPInstance, ClassInstanceConflict
        """
        self.check_uid(request.instance)
        wanted = request.instance or UID("")
        instance = self._alive(wanted)
        sop_class = instance.sop_class if instance is not None else _ALWAYS_THERE.get(wanted)
        if sop_class is None:
            raise NoSuchSOPInstance(f"no such {class_name(request.sop_class)} alive here")
        if sop_class != request.sop_class:
            raise ClassInstanceConflict(f"instance is a {class_name(sop_class)}")
        return instance

    def check_uid(self, uid: UID | None) -> None:
        """Refuse what is no UID (PS3.5 9.1); leading zeros, a common slip, by strict printers only.

        Raises:
            InvalidSOPInstance
        """
        if not uid or not _UID.fullmatch(uid) or len(uid) > 64 or (self.strict and _LEADING_ZERO.search(uid)):
            raise InvalidSOPInstance("instance UID breaks the UID rules")

    def _alive(self, uid: UID) -> Any:
        """The instance of that UID; None where it is not of this association, or no longer alive."""
        session = self.session
        film_box = session.film_box if session is not None else None
        if session is not None and uid == session.uid:
            return session
        if film_box is not None and uid == film_box.uid:
            return film_box
        boxes = film_box.boxes if film_box is not None else {}
        return boxes.get(uid) or self.look_ups.get(uid)

    def check_look_up(self, values: dict[str, Any]) -> None:
        """Refuse a reference to a Presentation LUT that is not there: its densities would be wrong.

        Raises:
            InvalidAttributeValue
        """
        if values.get(_LUT) and values[_LUT] not in self.look_ups:
            raise InvalidAttributeValue("refers to no Presentation LUT of this association", _LUT)

    def check_look_up_length(self, in_force: dict[str, Any], image: Image) -> None:
        """A strict printer, and one that cannot interpolate, wants a Presentation LUT of one entry for each
        value, if there is any; and some want one.

        ``in_force`` are the attributes of film session, film box and image box together.

        Raises:
            InvalidAttributeValue
        """
        uid = in_force.get(_LUT)
        exact = self.strict or self.profile.look_up_must_match
        if image.attributes["SamplesPerPixel"] != 1:
            return
        if not uid and self.profile.look_up_required:
            raise InvalidAttributeValue("image has no Presentation LUT: this printer wants one", _LUT)
        if not uid or not exact:
            return
        entries, bits = len(self.look_ups[uid].look_up.table), image.attributes["BitsStored"]
        if entries and entries != 1 << bits:
            raise InvalidAttributeValue(
                f"LUT of {entries} entries does not fit an image of {bits} bits", _LUT
            )

    def add_look_up(self, look_up: PresentationLUT) -> None:
        """Have a Presentation LUT that film boxes and image boxes can refer to.

        Raises:
            ResourceLimitation: there is no memory for it.
        """
        try:
            self.allotment.use(look_up.size)
        except OutOfMemory as error:
            raise ResourceLimitation("no memory for it: N-DELETE Presentation LUTs or film boxes") from error
        self.look_ups[look_up.uid] = look_up

    def drop_look_up(self, uid: str) -> None:
        """Let go of a Presentation LUT that nothing refers to."""
        self.allotment.use(-self.look_ups.pop(uid).size)

    def referred_look_ups(self) -> set[str]:
        """UIDs of the Presentation LUTs that something refers to."""
        session = self.session
        if session is None:
            return set()
        levels: list[dict[str, Any]] = [session.attributes]
        if session.film_box is not None:
            levels.append(session.film_box.attributes)
            levels.extend(box.attributes for box in session.film_box.image_boxes)
        referred = {str(level[_LUT]) for level in levels if level.get(_LUT)}
        return referred.union(*(film.look_ups for film in session.frozen))

    def keep(self, film_box: FilmBox) -> None:
        """Have the draft hold a film box as it is now.

        Raises:
            PrintError: it could not be written.
        """
        if not film_box.kept:
            assert self.session is not None
            self._unspooled = None
            film_box.draft.keep(freeze(self.session, film_box, self.look_ups, self.profile))
            film_box.kept = True

    def submit(self, drafts: list[Draft], remarks: list[str]) -> UID:
        """Make a print job of kept films, with remarks on the N-ACTION; returns its UID.

        Raises:
            PrintError: it could not be taken.
        """
        assert self.session is not None
        uid = self.printer.new_uid()
        tracked = PRINT_JOB in self.services and self.printer.job_events
        if tracked:
            # Known before it is made: the worker may be faster than we are.
            self._jobs[uid] = None
        ordered = order(self.session, self.printer.name, self.originator, remarks)
        try:
            self.printer.spool.submit(uid, ordered, drafts)
        except BaseException:
            self._jobs.pop(uid, None)
            if self.session.film_box is not None:
                self.session.film_box.kept = False  # what the disk did not take is written anew
            raise
        with self._jobs_lock:
            if tracked and self._jobs.get(uid, uid) is None:
                self._say_pending(
                    JobNews(uid, ExecutionStatus.PENDING, "", ordered.printer_name, ordered.label)
                )
        return uid

    def freeze_film_box(self) -> None:
        """The film box that was alive is an earlier one now: out of memory, and printed with its session.

        Raises:
            PrintError: it could not be written.
        """
        assert self.session is not None
        film_box = self.session.film_box
        if film_box is None:
            return
        self.keep(film_box)
        look_ups = {look_up_of(self.session, film_box, box) for box in (None, *film_box.image_boxes)} - {""}
        frozen = FrozenFilm(
            film_box.draft,
            film_box.empty,
            film_box.printed,
            film_box.attributes["FilmSizeID"],
            frozenset(look_ups),
        )
        self.session.frozen.append(frozen)
        film_box.drop_images(self.allotment)
        self.session.film_box = None

    def drop_film_box(self) -> None:
        """Let go of the film box that is alive, and of the memory of its images."""
        if self.session is not None and self.session.film_box is not None:
            self.session.film_box.draft.discard()
            self.session.film_box.drop_images(self.allotment)
            self.session.film_box = None

    def drop_session(self) -> None:
        """Let go of the film session and all below it; jobs stay."""
        if self.session is not None:
            self.drop_film_box()
            for film in self.session.frozen:
                film.draft.discard()
            self.allotment.reserve(0)
            self.session = None

    def expect(self, uid: UID | None, size: int) -> None:
        """Have memory ready for an image of which so much has come in, for the image box of that UID. It may
        take the place of the image that is there.

        Raises:
            OutOfMemory: there is none; what was ready is given back.
        """
        box = self._alive(uid or UID(""))
        replaced = box.image.size if isinstance(box, ImageBox) and box.image is not None else 0
        try:
            self.allotment.use(max(0, size - replaced - self._expected))
        except OutOfMemory:
            self.expect_no_more()
            raise
        self._expected = max(self._expected, size - replaced)

    def expect_no_more(self) -> None:
        """Give back what no image box has taken: it takes memory for itself."""
        self.allotment.use(-self._expected)
        self._expected = 0

    def spool_later(self, film_box: FilmBox, box: ImageBox) -> None:
        """Have the image of a box put on its way once the request is answered."""
        self._unspooled = film_box.draft, box

    def between_requests(self) -> None:
        """Work that need not hold up an answer: what an N-SET brought goes on its way to the spool."""
        if self._unspooled is not None:
            draft, box = self._unspooled
            self._unspooled = None
            if box.image is not None:
                draft.put(box.position, box.image.attributes["PixelData"])

    def close(self) -> None:
        """Release or abort: the tree goes, the jobs stay (PS3.4 H.5)."""
        self.printer.forget(self.announce)
        self.expect_no_more()
        self.drop_session()
        for uid in list(self.look_ups):
            self.drop_look_up(uid)

    def announce(self, news: JobNews | PrinterState) -> None:
        """Turn news into events, where the SCU is to be told; from any thread."""
        if isinstance(news, PrinterState):
            if self._pretended is None:
                self._say_state(news)
            return
        with self._jobs_lock:
            if news.uid not in self._jobs:
                return
            if self._jobs[news.uid] is None:
                self._say_pending(news)
            if self._jobs[news.uid] == (news.status, news.status_info):
                return
            self._jobs[news.uid] = news.status, news.status_info
            if news.status in (ExecutionStatus.DONE, ExecutionStatus.FAILURE):
                del self._jobs[news.uid]
            self._post(_job_event(news, news.status, news.status_info))

    def _say_state(self, state: PrinterState) -> None:
        if self.printer.printer_events and (PRINTER in self.services or META_CLASSES & self.services):
            self._post(self._printer_event(state))

    def _say_pending(self, news: JobNews) -> None:
        """The first event of a job, whatever the worker has done with it by now."""
        said = ExecutionStatus.PENDING, "QUEUED"
        self._jobs[news.uid] = said
        self._post(_job_event(news, *said))

    def confirmed(self, event: Event) -> None:
        """The SCU has acknowledged an event."""
        if event.ends:
            # Not noted, it does no harm: the job can be asked for as long as it is kept.
            with suppress(ResourceLimitation):
                self.printer.spool.confirm(event.instance)

    def _printer_event(self, state: PrinterState) -> Event:
        values: dict[str, Any] = {}
        session = self.session  # which may go at any time: this is another thread
        if state.status != "NORMAL":
            values = {"PrinterStatusInfo": state.info, "PrinterName": self.printer.name}
            if session is not None:
                values["FilmDestination"] = session.attributes["FilmDestination"]
        return Event(PRINTER, PRINTER_INSTANCE, _PRINTER_EVENT[state.status], values)


def _job_event(news: JobNews, status: ExecutionStatus, info: str) -> Event:
    values: dict[str, Any] = {"ExecutionStatusInfo": info, "PrinterName": news.printer_name}
    if news.label:
        values["FilmSessionLabel"] = news.label
        if not news.label.isascii():  # the session and its character set may be gone
            values["SpecificCharacterSet"] = ["ISO_IR 192"]
    ends = status in (ExecutionStatus.DONE, ExecutionStatus.FAILURE)
    return Event(PRINT_JOB, UID(news.uid), _JOB_EVENT[status], values, ends)


def class_name(sop_class: UID) -> str:
    """The name of a SOP class without the words SOP Class."""
    return sop_class.name.removesuffix(" SOP Class")
