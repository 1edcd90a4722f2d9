"""Laws that hold whatever SCUs say, in whatever order, and however odd it is."""

import copy
from collections.abc import Callable
from io import BytesIO
from itertools import pairwise
from typing import Any

import pytest
from film.elements import VRS, encoded, item, tag
from film.scu import (
    BARE,
    COLOR,
    EVERYTHING,
    GRAY,
    PROFILE,
    Scu,
    color,
    data_set,
    gray,
    make_printer,
    reference,
)
from hypothesis import HealthCheck, settings
from hypothesis import given as given_any
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from peers.spool import MemorySpool, Printed
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset
from pydicom.uid import UID

from printscp.errors import NoSuchSOPInstance, PrintError, ResourceLimitation
from printscp.film.exchange import Answer, Request
from printscp.film.job import ExecutionStatus, JobNews
from printscp.film.printer import PrinterState
from printscp.film.profile import Mode, PrinterProfile
from printscp.film.service import SOP_CLASSES, perform
from printscp.film.sheet import Sheet
from printscp.film.statuses import STATUSES
from printscp.film.uids import (
    BASIC_ANNOTATION_BOX,
    BASIC_COLOR_IMAGE_BOX,
    BASIC_FILM_BOX,
    BASIC_FILM_SESSION,
    BASIC_GRAYSCALE_IMAGE_BOX,
    PRESENTATION_LUT,
    PRINT_JOB,
    PRINTER,
    PRINTER_INSTANCE,
)

# pydicom warns of values that are wrong on purpose.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::UserWarning:pydicom")]

LUT = "ReferencedPresentationLUTSequence"
SERVICE = {"create": "N-CREATE", "set": "N-SET", "get": "N-GET", "action": "N-ACTION", "delete": "N-DELETE"}
UIDS = [None, "", "1.2.3", "1.2.4", "1..3", "1.02", str(PRINTER_INSTANCE)]

# Values that are taken, that are not, and that are none; the number of a reference picks one of the SCU's.
SESSION_VALUES: list[tuple[str, Any]] = [
    ("NumberOfCopies", None),
    ("NumberOfCopies", 0),
    ("NumberOfCopies", 9),
    ("PrintPriority", "HIGH"),
    ("PrintPriority", "URGENT"),
    ("FilmSessionLabel", "label"),
    ("FilmSessionLabel", "x" * 65),
    ("SpecificCharacterSet", "ISO_IR 192"),
    ("SpecificCharacterSet", "ISO_IR 9"),
    ("MemoryAllocation", 0),
    ("MemoryAllocation", 1),
    ("MemoryAllocation", 4),
    ("MemoryAllocation", 0x7FFFFFFF),
    ("PatientName", "DOE^JANE"),
    (LUT, 0),
    (LUT, 1),
    (LUT, None),
]
FILM_VALUES: list[tuple[str, Any]] = [
    ("MinDensity", 0),
    ("MinDensity", 200),
    ("MaxDensity", 100),
    ("MaxDensity", 400),
    ("MagnificationType", "NONE"),
    ("MagnificationType", "REPLICATE"),
    ("MagnificationType", "LANCZOS"),
    ("SmoothingType", "SHARP"),
    ("BorderDensity", "WHITE"),
    ("BorderDensity", "1000"),
    ("Trim", "YES"),
    ("Trim", "MAYBE"),
    ("Illumination", 1),
    ("ICCProfile", b"\0" * 36 + b"acsp"),
    ("ConfigurationInformation", "GAMMA=1\\EDGE=2"),
    ("PatientName", "DOE^JANE"),
    (LUT, 0),
    (LUT, 1),
]
NEW_FILM_VALUES: list[tuple[str, Any]] = [
    *FILM_VALUES,
    ("FilmSizeID", "A4"),
    ("FilmSizeID", "99INX99IN"),
    ("FilmOrientation", "LANDSCAPE"),
    ("AnnotationDisplayFormatID", "COMBINED"),
    ("AnnotationDisplayFormatID", "LABEL"),
    ("ReferencedFilmSessionSequence", []),
]
IMAGE_VALUES: list[tuple[str, Any]] = [
    ("Polarity", "REVERSE"),
    ("Polarity", "INVERSE"),
    ("MinDensity", 200),
    ("MaxDensity", 100),
    ("MagnificationType", "NONE"),
    ("RequestedImageSize", 50),
    ("RequestedImageSize", 500),
    ("RequestedDecimateCropBehavior", "DECIMATE"),
    ("RequestedDecimateCropBehavior", "CROP"),
    ("RequestedDecimateCropBehavior", "FAIL"),
    ("PatientID", "1"),
    (LUT, 0),
    (LUT, 1),
]


def some(values: list[tuple[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.lists(st.sampled_from(values), max_size=3).map(dict)


def used(scu: Scu) -> int:
    """Bytes that an SCU's instances need."""
    tables = sum(36 * len(each.look_up.table) for each in scu.dialogue.look_ups.values())
    return scu.images() + tables


def reserved(scu: Scu) -> int:
    session = scu.dialogue.session
    return 0 if session is None else session.attributes.get("MemoryAllocation", 0) << 10


class AnythingInAnyOrder(RuleBasedStateMachine):
    """Two associations on one printer, a spool that may be full, and a worker that has news."""

    @initialize(
        mode=st.sampled_from(Mode),
        profile=st.sampled_from([PROFILE, PROFILE, BARE]),
        memory=st.sampled_from([100, 1500, 5000, 20_000, 1 << 20]),
    )
    def start(self, mode: Mode, profile: PrinterProfile, memory: int) -> None:
        self.printer = make_printer(mode, profile, memory, printer_events=True)
        self.spool: MemorySpool = self.printer.spool  # type: ignore[assignment]
        self.checked = 0
        self.scus: list[Scu] = []
        self.known: list[dict[str, UID | None]] = []  # per SCU: class of each UID it knows, None: dead
        for _ in range(2):
            scu = Scu(self.printer)
            self.scus.append(scu)
            self.known.append({})
            self.create_session(len(self.scus) - 1, None, {})
            self.create_film(len(self.scus) - 1, None, "STANDARD\\2,1", GRAY, {})

    # -- saying a request --

    def attempt(
        self, which: int, verb: str, sop_class: UID, request: Callable[[], Answer], instance: str = ""
    ) -> None:
        scu = self.scus[which]
        before = scu.state()
        try:
            answer = request()
        except PrintError as error:
            assert scu.state() == before
            status = error.status
        else:
            status = answer.status
            written(answer)
            self.learn(which, verb, sop_class, answer, instance)
        # What is answered is what the conformance statement says can be, in this mode.
        uses = STATUSES.get((sop_class, SERVICE[verb]))
        if uses is not None:
            use = uses[status]
            assert use.strict if scu.dialogue.strict else use.tolerant, f"{status:04X}"
        elif (sop_class, verb) != (PRINTER, "create"):
            assert status == (0x0211 if sop_class in SOP_CLASSES and status != 0x0118 else 0x0118)

    def learn(self, which: int, verb: str, sop_class: UID, answer: Answer, instance: str) -> None:
        """What an SCU knows after an answer, by the rules of the standard (PS3.4 H.2, H.5)."""
        known = self.known[which]
        below = {BASIC_FILM_BOX, BASIC_GRAYSCALE_IMAGE_BOX, BASIC_COLOR_IMAGE_BOX, BASIC_ANNOTATION_BOX}
        gone: set[UID] = set()
        if verb in ("create", "delete") and sop_class == BASIC_FILM_BOX:
            gone = below
        if verb == "delete" and sop_class == BASIC_FILM_SESSION:
            gone = below | {BASIC_FILM_SESSION}
        for uid, of_class in known.items():
            if of_class in gone or (uid == instance and verb == "delete"):
                known[uid] = None
        if verb == "create" and sop_class != PRINTER:
            assert answer.instance is not None
            known[answer.instance] = sop_class
            for keyword in ("ReferencedImageBoxSequence", "ReferencedBasicAnnotationBoxSequence"):
                for each in (answer.values or {}).get(keyword, []):
                    known[each["ReferencedSOPInstanceUID"]] = each["ReferencedSOPClassUID"]
        if verb == "action":
            [job] = (answer.values or {})["ReferencedPrintJobSequencePullStoredPrint"]
            assert job["ReferencedSOPInstanceUID"] == self.spool.jobs[-1].uid

    def values(self, which: int, values: dict[str, Any]) -> dict[str, Any]:
        """Values with references to Presentation LUTs that the SCU has, or to none."""
        pick = values.get(LUT)
        if isinstance(pick, int):
            uids = [*self.scus[which].dialogue.look_ups, "1.2.9"]
            values = values | {LUT: [reference(PRESENTATION_LUT, uids[pick % len(uids)])]}
        return values

    # -- rules --

    @rule(which=st.integers(0, 1), uid=st.sampled_from(UIDS), values=some(SESSION_VALUES))
    def create_session(self, which: int, uid: str | None, values: dict[str, Any]) -> None:
        given = self.values(which, values)
        scu = self.scus[which]
        self.attempt(which, "create", BASIC_FILM_SESSION, lambda: scu.create_session(uid, **given))

    @rule(which=st.integers(0, 1), values=some(SESSION_VALUES))
    def set_session(self, which: int, values: dict[str, Any]) -> None:
        given = self.values(which, values)
        self.attempt(which, "set", BASIC_FILM_SESSION, lambda: self.scus[which].set_session(**given))

    @rule(
        which=st.integers(0, 1),
        uid=st.sampled_from([None, *UIDS]),
        layout=st.sampled_from(
            ["STANDARD\\1,1", "STANDARD\\2,1", "COL\\1,3", "SLIDE", "STANDARD\\5,1", "ROW\\5"]
        ),
        meta=st.sampled_from([GRAY, GRAY, COLOR]),
        values=some(NEW_FILM_VALUES),
    )
    def create_film(
        self, which: int, uid: str | None, layout: str, meta: UID, values: dict[str, Any]
    ) -> None:
        scu, given = self.scus[which], self.values(which, values)

        def request() -> Answer:
            answer = scu.create_film(layout, uid, context=meta, **given)
            scu.meta = meta
            return answer

        self.attempt(which, "create", BASIC_FILM_BOX, request)

    @rule(which=st.integers(0, 1), values=some(FILM_VALUES))
    def set_film(self, which: int, values: dict[str, Any]) -> None:
        given = self.values(which, values)
        self.attempt(which, "set", BASIC_FILM_BOX, lambda: self.scus[which].set_film(**given))

    @rule(
        which=st.integers(0, 1),
        box=st.integers(0, 3),
        shift=st.sampled_from([0, 0, 0, 0, 1]),
        size=st.tuples(st.sampled_from([1, 2, 10, 300]), st.sampled_from([1, 4, 100, 200])),
        bits=st.sampled_from([8, 8, 12, 10, 7]),
        erase=st.sampled_from([False, False, False, True]),
        values=some(IMAGE_VALUES),
    )
    def set_image(
        self,
        which: int,
        box: int,
        shift: int,
        size: tuple[int, int],
        bits: int,
        erase: bool,
        values: dict[str, Any],
    ) -> None:
        scu, given = self.scus[which], self.values(which, values)
        box %= len(scu.boxes)
        image = None if erase else color(*size) if scu.meta == COLOR else gray(*size, bits)
        sop_class = BASIC_COLOR_IMAGE_BOX if scu.meta == COLOR else BASIC_GRAYSCALE_IMAGE_BOX
        self.attempt(
            which,
            "set",
            sop_class,
            lambda: scu.set_image(box + 1 + shift, image, box=scu.boxes[box], **given),
        )

    @rule(which=st.integers(0, 1), position=st.integers(0, 2), text=st.sampled_from(["", "text", "x" * 65]))
    def set_annotation(self, which: int, position: int, text: str) -> None:
        scu = self.scus[which]
        if scu.annotations:
            index = position % len(scu.annotations)
            values = {"AnnotationPosition": position, "TextString": text}
            self.attempt(which, "set", BASIC_ANNOTATION_BOX, lambda: scu.set_annotation(index, **values))

    @rule(
        which=st.integers(0, 1),
        uid=st.sampled_from([None, *UIDS]),
        entries=st.sampled_from([0, 0, 256, 4096, 10]),
    )
    def create_look_up(self, which: int, uid: str | None, entries: int) -> None:
        values: dict[str, Any] = {"PresentationLUTShape": "LIN OD"}
        if entries:
            lut = Dataset()
            lut.add_new("LUTDescriptor", "US", [entries, 0, 12])
            lut.add_new("LUTData", "OW", bytes(2 * entries))
            values = {"PresentationLUTSequence": [lut]}
        scu = self.scus[which]
        request = data_set(**values)
        self.attempt(
            which, "create", PRESENTATION_LUT, lambda: scu.ask("create", PRESENTATION_LUT, uid, request)
        )

    @rule(
        which=st.integers(0, 1),
        session=st.booleans(),
        action_type=st.sampled_from([1, 1, 1, 2]),
        values=some([("NumberOfCopies", 1)]),
    )
    def print(self, which: int, session: bool, action_type: int, values: dict[str, Any]) -> None:
        scu = self.scus[which]
        sop_class = BASIC_FILM_SESSION if session else BASIC_FILM_BOX
        action = scu.print_session if session else scu.print_film
        self.attempt(which, "action", sop_class, lambda: action(action_type, data_set(**values)))

    @rule(
        which=st.integers(0, 1),
        sop_class=st.sampled_from([BASIC_FILM_BOX, BASIC_FILM_SESSION, PRESENTATION_LUT]),
        aim=st.integers(0, 30),
    )
    def delete(self, which: int, sop_class: UID, aim: int) -> None:
        of_it = [uid for uid, of_class in self.known[which].items() if of_class == sop_class]
        uid = of_it[aim % len(of_it)] if of_it else "1.2.3"
        scu = self.scus[which]
        self.attempt(which, "delete", sop_class, lambda: scu.delete(sop_class, uid), uid)

    @rule(
        which=st.integers(0, 1),
        verb=st.sampled_from(["create", "set", "get", "action", "delete"]),
        sop_class=st.sampled_from([*SOP_CLASSES, UID("1.2.840.10008.1.1")]),
        context=st.sampled_from(sorted(EVERYTHING)),
        aim=st.integers(0, 30),
        values=some(SESSION_VALUES),
        action_type=st.sampled_from([None, 1]),
    )
    def anything(
        self,
        which: int,
        verb: str,
        sop_class: UID,
        context: UID,
        aim: int,
        values: dict[str, Any],
        action_type: int | None,
    ) -> None:
        scu = self.scus[which]
        uids = [*self.known[which], *(job.uid for job in self.spool.jobs), PRINTER_INSTANCE, "1.2.3"]
        uid = uids[aim % len(uids)]
        given = data_set(**self.values(which, values))
        self.attempt(
            which,
            verb,
            sop_class,
            lambda: scu.ask(verb, sop_class, uid, given, context, action_type=action_type),
            uid,
        )

    @rule(full=st.booleans(), stuck=st.booleans())
    def spool_trouble(self, full: bool, stuck: bool) -> None:
        self.spool.full = ResourceLimitation("no room for films") if full else None
        self.spool.stuck = ResourceLimitation("no room for jobs") if stuck else None

    @rule(aim=st.integers(0, 9), status=st.sampled_from(ExecutionStatus))
    def news(self, aim: int, status: ExecutionStatus) -> None:
        if self.spool.jobs:
            job = self.spool.jobs[aim % len(self.spool.jobs)]
            info = "QUEUED" if status is ExecutionStatus.PENDING else "NORMAL"
            self.printer.tell(JobNews(job.uid, status, info, "FILMS", ""))

    @rule(state=st.sampled_from([PrinterState(), PrinterState("FAILURE", "FILM JAM")]))
    def printer_state(self, state: PrinterState) -> None:
        self.printer.change_state(state)

    @rule(which=st.integers(0, 1))
    def end_of_association(self, which: int) -> None:
        old = self.scus[which]
        jobs = list(self.spool.jobs)
        old.close()
        assert used(old) == 0
        assert self.spool.jobs == jobs
        other = self.scus[1 - which]
        assert self.printer.budget.held == max(reserved(other), used(other))
        self.known[which] = {}
        self.scus[which] = Scu(self.printer)
        self.scus[which].boxes = old.boxes  # of which it will find that they are dead

    # -- laws --

    @invariant()
    def no_byte_is_lost(self) -> None:
        if hasattr(self, "scus"):
            held = sum(max(reserved(scu), used(scu)) for scu in self.scus)
            assert self.printer.budget.held == held <= self.printer.budget.limit

    @invariant()
    def a_uid_is_alive_or_dead_by_the_rules(self) -> None:
        for scu, known in zip(getattr(self, "scus", []), getattr(self, "known", []), strict=True):
            for uid, sop_class in known.items():
                request = Request(GRAY, sop_class or BASIC_FILM_SESSION, UID(uid))
                try:
                    instance = scu.dialogue.find(request)
                except NoSuchSOPInstance:
                    assert sop_class is None
                else:
                    assert (instance.uid, instance.sop_class) == (uid, sop_class)

    @invariant()
    def every_draft_belongs_to_a_film_of_an_open_session(self) -> None:
        if not hasattr(self, "scus"):
            return
        sessions = [scu.dialogue.session for scu in self.scus if scu.dialogue.session is not None]
        most = max(1, self.printer.profile.max_collated_films)
        films = [len(session.frozen) + (session.film_box is not None) for session in sessions]
        assert max(films, default=0) <= most
        assert sum(not draft.discarded for draft in self.spool.drafts) == sum(films)

    @invariant()
    def what_is_printed_can_be_printed(self) -> None:
        if hasattr(self, "spool"):
            for job in self.spool.jobs[self.checked :]:
                check_job(job, self.printer.profile)
            self.checked = len(self.spool.jobs)

    @invariant()
    def events_of_a_job_begin_with_pending_and_end_once(self) -> None:
        for scu in getattr(self, "scus", []):
            for uid in {event.instance for event in scu.events if event.sop_class == PRINT_JOB}:
                types = [event.event_type for event in scu.events if event.instance == uid]
                assert types[0] == 1
                assert not {3, 4} & set(types[:-1])
                assert all(one != next_one for one, next_one in pairwise(types))

    def teardown(self) -> None:
        for scu in getattr(self, "scus", []):
            scu.close()
        if hasattr(self, "printer"):
            assert self.printer.budget.held == 0
            assert all(draft.discarded for draft in self.spool.drafts)


def check_job(job: Printed, profile: PrinterProfile) -> None:
    """What the renderer relies on."""
    assert 1 <= job.order.copies <= 99
    assert job.order.priority in profile.priorities
    for sheet in job.sheets:
        check_sheet(sheet, profile)


def check_sheet(sheet: Sheet, profile: PrinterProfile) -> None:
    positions = [image.position for image in sheet.images]
    assert positions == sorted(set(positions))
    assert set(positions) <= set(range(1, len(sheet.boxes) + 1))
    assert set(range(len(sheet.look_ups))) == {image.look_up for image in sheet.images} - {None}
    for density in (sheet.border_density, sheet.empty_image_density):
        assert profile.min_density <= density <= profile.max_density
    for image in sheet.images:
        box = sheet.boxes[image.position - 1]
        assert profile.min_density <= image.min_density < image.max_density <= profile.max_density
        samples = image.rows * image.columns * image.samples_per_pixel
        assert 0 <= len(image.pixels) - samples * (2 if image.bits_stored > 8 else 1) <= 1
        assert (image.samples_per_pixel == 3) == sheet.color
        assert image.magnification in profile.magnifications
        if image.magnification == "NONE":
            # Nothing is cut off that was not to be.
            fits = image.rows <= box.height and image.columns <= box.width
            assert fits or image.decimate_crop == "CROP"


def written(answer: Answer) -> bytes:
    """The data set of an answer in explicit VR: it can be written."""

    def build(values: dict[str, Any]) -> Dataset:
        dataset = Dataset()
        for keyword, value in values.items():
            if keyword == "LUTData":
                value = b"".join(word.to_bytes(2, "little") for word in value)
                dataset.add_new(tag(keyword), "OW", value)
            elif isinstance(value, tuple):
                setattr(dataset, keyword, list(value))
            elif isinstance(value, list) and value and isinstance(value[0], dict):
                setattr(dataset, keyword, [build(each) for each in value])
            else:
                setattr(dataset, keyword, value)
        return dataset

    file = DicomBytesIO()
    file.is_little_endian, file.is_implicit_VR = True, False
    values = copy.copy(answer.values or {})
    values.pop("PrinterConfigurationSequence", None)  # large, and never another
    write_dataset(file, build(values))
    return file.getvalue()


TestAnythingInAnyOrder = AnythingInAnyOrder.TestCase
TestAnythingInAnyOrder.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)


# --- data sets that no standard allows -------------------------------------------------------------------

_TABLES = {
    (sop_class.uid, verb): [row.tag for row in sop_class.tables[verb]]
    for sop_class in SOP_CLASSES.values()
    for verb in ("create", "set")
    if verb in sop_class.tables
}
_ITEMS = [row.tag for sop_class in SOP_CLASSES.values() for row in getattr(sop_class, "item", ())]
_ITEMS += [tag("ReferencedSOPClassUID"), tag("ReferencedSOPInstanceUID")]
_VALUES = [
    b"",
    b"1",
    b"12",
    b"STANDARD\\1,1",
    b"CUBIC",
    b"BLACK",
    b"MONOCHROME2",
    b"1\\1",
    b"\\",
    b"1.5",
    b"1e999",
    b"-1",
    b"9" * 5000,
    b"ISO_IR 9",
    b"ISO 2022 IR 87\\\\utf_8",
    BASIC_FILM_SESSION.encode() + b"\0",
    PRESENTATION_LUT.encode() + b"\0",
    b"\x01\0",
    b"\xff\xff",
    b"\xff" * 12,
    b"\x1b$B",
    b"\x1b(B\xe4\\\xe4",
    b"\0",
    b" ",
]


def prepared(mode: Mode, meta: UID, implicit: bool) -> Scu:
    """An SCU with an instance of every class that it can set."""
    scu = Scu(make_printer(mode), meta=meta, implicit=implicit)
    # The same UIDs each time, so that the bytes of a data set are the same.
    look_up = scu.create_look_up("1.2.3.1", PresentationLUTShape="LIN OD")
    scu.create_session("1.2.3.2", FilmSessionLabel="label", MemoryAllocation=10)
    scu.create_film(
        "STANDARD\\2,1",
        AnnotationDisplayFormatID="COMBINED",
        ReferencedPresentationLUTSequence=[reference(PRESENTATION_LUT, look_up)],
    )
    scu.set_image(2, color() if meta == COLOR else gray())
    return scu


def whole(scu: Scu, sop_class: UID, verb: str) -> Dataset:
    """A data set that the service takes."""
    look_ups = [reference(PRESENTATION_LUT, uid) for uid in scu.dialogue.look_ups]
    if (sop_class, verb) == (BASIC_FILM_BOX, "create"):
        session = [reference(BASIC_FILM_SESSION, scu.session)]
        return data_set(ImageDisplayFormat="STANDARD\\1,2", ReferencedFilmSessionSequence=session)
    if sop_class == BASIC_FILM_BOX:
        return data_set(MaxDensity=250, ReferencedPresentationLUTSequence=look_ups)
    if sop_class == BASIC_GRAYSCALE_IMAGE_BOX:
        values = {"BasicGrayscaleImageSequence": [gray(PixelAspectRatio=[2, 1])], LUT: look_ups}
        return data_set(ImageBoxPosition=1, RequestedImageSize=50, **values)
    if sop_class == BASIC_COLOR_IMAGE_BOX:
        return data_set(ImageBoxPosition=1, BasicColorImageSequence=[color()], Polarity="REVERSE")
    if sop_class == BASIC_ANNOTATION_BOX:
        return data_set(SpecificCharacterSet="ISO_IR 100", AnnotationPosition=0, TextString="text")
    if sop_class == PRESENTATION_LUT:
        lut = Dataset()
        lut.add_new("LUTDescriptor", "US", [256, 0, 10])
        lut.add_new("LUTData", "OW", bytes(512))
        return data_set(PresentationLUTSequence=[lut])
    return data_set(SpecificCharacterSet="ISO_IR 100", NumberOfCopies=2, MemoryAllocation=20)


@st.composite
def elements(draw: st.DrawFn, tags: list[int], implicit: bool, nested: bool = False) -> bytes:
    """A few elements in the order of their tags, of any VR and value, with items inside some."""
    out = b""
    anything = st.sampled_from(tags) | st.sampled_from(tags) | st.integers(0x00080000, 0x7FE10000)
    for number in sorted(draw(st.lists(anything, max_size=4, unique=True))):
        vr = draw(st.sampled_from(VRS))
        if not nested and draw(st.integers(0, 3)) == 0:
            contents = draw(st.lists(elements(_ITEMS, implicit, nested=True), max_size=2))
            vr, value = (
                "SQ",
                b"".join(item()[:4] + len(each).to_bytes(4, "little") + each for each in contents),
            )
        else:
            value = draw(st.sampled_from(_VALUES) | st.binary(max_size=12))
        if not implicit and len(value) > 0xFFFF:
            value = value[:0xFFFF]
        out += encoded((number, vr, value), implicit=implicit)
    return out


@st.composite
def damaged(draw: st.DrawFn, content: bytes) -> bytes:
    """Bytes with a few of them changed: also lengths, which may then be absurd; or cut short."""
    out = bytearray(content)
    for _ in range(draw(st.integers(1, 3))):
        where = draw(st.integers(0, 399)) % max(1, len(out))
        out[where : where + 1] = draw(
            st.sampled_from([b"\xff", b"\0", b"", b"\\", b"9"]) | st.binary(max_size=3)
        )
    return bytes(out[: draw(st.just(len(out)) | st.integers(0, len(out)))])


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given_any(
    data=st.data(),
    mode=st.sampled_from(Mode),
    request=st.sampled_from(sorted(_TABLES)),
    implicit=st.booleans(),
)
def test_whatever_bytes_come_the_answer_is_an_answer_or_a_print_error(
    data: st.DataObject, mode: Mode, request: tuple[UID, str], implicit: bool
) -> None:
    sop_class, verb = request
    scu = prepared(mode, COLOR if sop_class == BASIC_COLOR_IMAGE_BOX else GRAY, implicit)
    if request == (BASIC_FILM_SESSION, "create"):
        scu.delete(BASIC_FILM_SESSION, scu.session)
    file = DicomBytesIO()
    file.is_little_endian, file.is_implicit_VR = True, implicit
    write_dataset(file, whole(scu, sop_class, verb))
    odd = elements(_TABLES[request], implicit)
    content = data.draw(odd | damaged(file.getvalue()) | st.binary(max_size=60), label="on the wire")
    try:
        dataset = read_dataset(BytesIO(content), implicit, True)
    except Exception:
        return  # not a data set at all: refused before it comes here
    if data.draw(st.booleans(), label="in a data set that is right otherwise"):
        good = read_dataset(BytesIO(file.getvalue()), implicit, True)
        good.update(dataset)
        dataset = good
    targets = {
        BASIC_FILM_SESSION: scu.session,
        BASIC_FILM_BOX: scu.film,
        BASIC_ANNOTATION_BOX: scu.annotations[0],
    }
    instance = None if verb == "create" else targets.get(sop_class, scu.boxes[0])
    context = sop_class if sop_class in EVERYTHING else scu.meta
    before = scu.state()
    try:
        answer = perform(scu.dialogue, verb, Request(context, sop_class, instance, dataset))
    except PrintError as error:
        status = error.status
        assert scu.state() == before
    else:
        status = answer.status
        written(answer)
        scu.dialogue.between_requests()
    assert not STATUSES[sop_class, SERVICE[verb]][status].never
    session = scu.dialogue.session
    if session is not None and session.film_box is not None:
        perform(scu.dialogue, "action", Request(scu.meta, BASIC_FILM_SESSION, session.uid, action_type=1))
        check_job(scu.spool.jobs[-1], scu.printer.profile)
    scu.close()
    assert scu.budget.held == 0
