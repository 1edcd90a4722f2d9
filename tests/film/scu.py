"""What an SCU says on one association, without a network."""

import copy
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from peers.spool import MemorySpool, Printed
from pydicom.config import IGNORE
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset
from pydicom.uid import UID

from printscp.errors import PrintError
from printscp.film.dialogue import Dialogue
from printscp.film.exchange import Answer, Event, Request
from printscp.film.geometry import Rectangle
from printscp.film.memory import MemoryBudget
from printscp.film.printer import Printer
from printscp.film.profile import (
    AnnotationFormat,
    Configuration,
    CustomFormat,
    FilmSize,
    GridLimits,
    LinOD,
    Mode,
    PrinterProfile,
    ReflectiveMedia,
    Resolution,
    SlideFormat,
)
from printscp.film.service import contexts, perform
from printscp.film.sheet import Sheet, ToneCurve
from printscp.film.uids import (
    BASIC_ANNOTATION_BOX,
    BASIC_COLOR_IMAGE_BOX,
    BASIC_COLOR_PRINT_MANAGEMENT_META,
    BASIC_FILM_BOX,
    BASIC_FILM_SESSION,
    BASIC_GRAYSCALE_IMAGE_BOX,
    BASIC_GRAYSCALE_PRINT_MANAGEMENT_META,
    PRESENTATION_LUT,
)

GRAY, COLOR = BASIC_GRAYSCALE_PRINT_MANAGEMENT_META, BASIC_COLOR_PRINT_MANAGEMENT_META
EVERYTHING = frozenset(contexts(color=True))

PROFILE = PrinterProfile(
    name="small",
    manufacturer="maker",
    model="small",
    source="made up",
    measured=False,
    resolutions=(Resolution("STANDARD", 25.4), Resolution("HIGH", 50.8)),  # a pixel is a millimetre, or half
    printing_bit_depth=14,
    bits_stored=(8, 12),
    film_sizes=(FilmSize("8INX10IN", 203.2, 254.0), FilmSize("A4", 210.0, 297.0)),
    display_formats=("STANDARD", "ROW", "COL", "SLIDE", "CUSTOM\\7"),
    grid_limits=GridLimits(max_columns=4, max_rows=3),
    slide_formats=(SlideFormat("SLIDE", 36, 24, 50), SlideFormat("SUPERSLIDE", 40, 40, 50)),
    custom_formats=(
        CustomFormat(
            7, "one large image, one small one", 3, 2, (Rectangle(0, 0, 2, 2), Rectangle(2, 1, 1, 1))
        ),
        CustomFormat(8, "known, but not of this printer", 1, 1, (Rectangle(0, 0, 1, 1),)),
    ),
    annotation_formats=(
        AnnotationFormat("LABEL", (), ((0,),), "", 4),
        AnnotationFormat("BOTTOM", (), (), "BELOW", 4),
        AnnotationFormat("COMBINED", (), ((0,),), "BELOW", 4),
        AnnotationFormat("ANNOTATION", ((2,),), (), "", 5),
        AnnotationFormat("CORNERS", ((1, 2, 3),), ((4, 5), (6,)), "", 5),
        AnnotationFormat("OVERLAY", (), (), "OVER", 3),
        AnnotationFormat("TITLES", (), (), "ABOVE", 3),
    ),
    media=("BLUE FILM", "CLEAR FILM", "PAPER"),
    destinations=("PROCESSOR", "BIN_1"),
    magnifications=("CUBIC", "REPLICATE", "NONE"),
    smoothings={"MEDIUM": 0.1, "SHARP": -0.1},
    configurations={
        "CS000": Configuration("soft", ToneCurve(0.5)),
        "GAMMA=1\\EDGE=2": Configuration("hard", ToneCurve(2.0)),
    },
    min_density=20,
    max_density=310,
    border_density="BLACK",
    empty_image_density="WHITE",
    illumination=2000,
    reflected_ambient_light=10,
    reflective=ReflectiveMedia(("PAPER",), min_density=5, max_density=200, illumination=150),
    lin_od=LinOD.POLARITY,
    color=True,
    trim=True,
    requested_image_size=True,
    decimate_crop="DECIMATE",
    max_collated_films=4,
    one_film_size=False,
    look_up_must_match=False,
    implicit_vr_only=False,
    margin_mm=4,
    gap_mm=2,
    label_mm=5,
)

# What a printer may lack, this one lacks.
BARE = replace(
    PROFILE,
    resolutions=PROFILE.resolutions[:1],
    display_formats=("STANDARD\\1,1", "STANDARD\\2,1"),
    annotation_formats=(),
    media=("BLUE FILM",),
    smoothings={},
    configurations={},
    empty_image_density="",
    reflective=ReflectiveMedia((), 5, 200, 150),
    color=False,
    trim=False,
    requested_image_size=False,
    max_collated_films=0,
)

ABSENT: Any = object()
"""Stands for an attribute that is left out of a data set that has it otherwise."""

_RAMP = bytes(range(251)) * 4200


def data_set(**values: Any) -> Dataset:
    dataset = Dataset()
    for keyword, value in values.items():
        if value is not ABSENT:
            setattr(dataset, keyword, value)
    return dataset


def reference(sop_class: str, instance: str) -> Dataset:
    return data_set(ReferencedSOPClassUID=sop_class, ReferencedSOPInstanceUID=instance)


def gray(rows: int = 2, columns: int = 3, bits: int = 8, **values: Any) -> Dataset:
    """An item of the Basic Grayscale Image Sequence."""
    wide = bits > 8
    return data_set(
        **{
            "SamplesPerPixel": 1,
            "PhotometricInterpretation": "MONOCHROME2",
            "Rows": rows,
            "Columns": columns,
            "BitsAllocated": 16 if wide else 8,
            "BitsStored": bits,
            "HighBit": bits - 1,
            "PixelRepresentation": 0,
            "PixelData": _RAMP[: rows * columns * (2 if wide else 1)],
        }
        | values
    )


def color(rows: int = 2, columns: int = 2, **values: Any) -> Dataset:
    """An item of the Basic Color Image Sequence."""
    return data_set(
        **{
            "SamplesPerPixel": 3,
            "PhotometricInterpretation": "RGB",
            "PlanarConfiguration": 1,
            "Rows": rows,
            "Columns": columns,
            "BitsAllocated": 8,
            "BitsStored": 8,
            "HighBit": 7,
            "PixelRepresentation": 0,
            "PixelData": _RAMP[: 3 * rows * columns],
        }
        | values
    )


def sent(dataset: Dataset, implicit: bool = True) -> Dataset:
    """A data set as it is after a journey over the wire."""
    file = DicomBytesIO()
    file.is_little_endian, file.is_implicit_VR = True, implicit
    write_dataset(file, dataset)
    return read_dataset(BytesIO(file.getvalue()), implicit, True)


def make_printer(
    mode: Mode = Mode.TOLERANT,
    profile: PrinterProfile = PROFILE,
    memory: int = 1 << 20,
    **more: Any,
) -> Printer:
    """A printer with a spool in memory; ``memory`` is its budget in bytes."""
    settings: dict[str, Any] = {"budget": MemoryBudget(memory), "spool": MemorySpool()} | more
    return Printer(name="FILMS", profile=profile, mode=mode, software_version="1.0", **settings)


class Scu:
    """Says what an SCU says, and remembers the instances that it was told of.

    ``meta`` is the context on which it speaks of films; every optional class has its own.
    """

    def __init__(
        self,
        printer: Printer,
        *,
        meta: UID = GRAY,
        services: frozenset[UID] = EVERYTHING,
        implicit: bool = True,
    ) -> None:
        assert isinstance(printer.spool, MemorySpool)
        self.printer = printer
        self.spool: MemorySpool = printer.spool
        self.budget: MemoryBudget = printer.budget
        self.meta = meta
        self.implicit = implicit
        self.events: list[Event] = []
        self.dialogue = Dialogue(printer, "VIEWER", services, self.events.append)
        self.session = UID("")
        self.film = UID("")
        self.boxes: list[UID] = []
        self.annotations: list[UID] = []
        self.closed = False

    def close(self) -> None:
        """The association ends, if it has not."""
        if not self.closed:
            self.dialogue.close()
        self.closed = True

    def ask(
        self,
        verb: str,
        sop_class: UID,
        instance: UID | str | None = None,
        dataset: Dataset | None = None,
        context: UID | None = None,
        **more: Any,
    ) -> Answer:
        """Say a request as it comes in from the wire; a copy of the answer."""
        if context is None:
            context = sop_class if sop_class in EVERYTHING else self.meta
        data = Dataset() if dataset is None else sent(dataset, self.implicit)
        uid = None if instance is None else UID(instance, IGNORE)  # as the wire makes it
        answer = perform(self.dialogue, verb, Request(context, sop_class, uid, data, **more))
        answer = copy.deepcopy(answer)
        self.dialogue.between_requests()
        return answer

    def create_session(self, uid: str | None = None, **values: Any) -> Answer:
        answer = self.ask("create", BASIC_FILM_SESSION, uid, data_set(**values))
        assert answer.instance is not None
        self.session = answer.instance
        return answer

    def set_session(self, **values: Any) -> Answer:
        return self.ask("set", BASIC_FILM_SESSION, self.session, data_set(**values))

    def create_film(self, layout: str = "STANDARD\\2,1", uid: str | None = None, **values: Any) -> Answer:
        """``context`` among the values is the context it is asked for on."""
        context = values.pop("context", None)
        needed = {
            "ImageDisplayFormat": layout,
            "ReferencedFilmSessionSequence": [reference(BASIC_FILM_SESSION, self.session)],
        }
        answer = self.ask("create", BASIC_FILM_BOX, uid, data_set(**needed | values), context)
        assert answer.instance is not None
        assert answer.values is not None
        self.film = answer.instance
        self.boxes = _instances(answer, "ReferencedImageBoxSequence")
        self.annotations = _instances(answer, "ReferencedBasicAnnotationBoxSequence")
        return answer

    def set_film(self, **values: Any) -> Answer:
        return self.ask("set", BASIC_FILM_BOX, self.film, data_set(**values))

    def set_image(self, position: int = 1, image: Dataset | None = None, **values: Any) -> Answer:
        """``image`` None erases; the box is the one of ``position`` unless ``box`` names another."""
        box = values.pop("box", None) or self.boxes[position - 1]
        kind = "BasicColorImageSequence" if self.meta == COLOR else "BasicGrayscaleImageSequence"
        needed = {"ImageBoxPosition": position, kind: [] if image is None else [image]}
        sop_class = BASIC_COLOR_IMAGE_BOX if self.meta == COLOR else BASIC_GRAYSCALE_IMAGE_BOX
        return self.ask("set", sop_class, box, data_set(**needed | values))

    def set_annotation(self, index: int, **values: Any) -> Answer:
        return self.ask("set", BASIC_ANNOTATION_BOX, self.annotations[index], data_set(**values))

    def create_look_up(self, uid: str | None = None, **values: Any) -> UID:
        answer = self.ask("create", PRESENTATION_LUT, uid, data_set(**values))
        assert answer.status == 0
        assert answer.instance is not None
        return answer.instance

    def print_film(self, action_type: int | None = 1, dataset: Dataset | None = None) -> Answer:
        return self.ask("action", BASIC_FILM_BOX, self.film, dataset, action_type=action_type)

    def print_session(self, action_type: int | None = 1, dataset: Dataset | None = None) -> Answer:
        return self.ask("action", BASIC_FILM_SESSION, self.session, dataset, action_type=action_type)

    def printed(self) -> Sheet:
        """The one film of the job that an N-ACTION of the film box makes now."""
        self.print_film()
        [sheet] = self.spool.jobs[-1].sheets
        return sheet

    def printed_session(self) -> Printed:
        """The job that an N-ACTION of the film session makes now."""
        self.print_session()
        return self.spool.jobs[-1]

    def delete(self, sop_class: UID, instance: str) -> Answer:
        return self.ask("delete", sop_class, instance)

    def images(self) -> int:
        """Bytes of pixel data in the image boxes that are alive."""
        session = self.dialogue.session
        boxes = session.film_box.image_boxes if session and session.film_box else ()
        return sum(box.image.size for box in boxes if box.image)

    def state(self) -> Any:
        """All that a request could have changed and must not where it is refused."""
        session = self.dialogue.session
        film = session.film_box if session else None
        return copy.deepcopy(
            (
                session and (session.uid, session.attributes, session.remarks, session.gone),
                session and [(id(each.draft), each.empty, each.printed) for each in session.frozen],
                film and (film.uid, film.attributes, film.remarks, film.printed),
                film and (film.image_boxes, film.annotation_boxes, id(film.draft)),
                self.dialogue.look_ups,
                self.budget.held,
                self.spool.jobs,
                [draft.discarded for draft in self.spool.drafts],
                self.events,
            )
        )


def _instances(answer: Answer, keyword: str) -> list[UID]:
    assert answer.values is not None
    return [item["ReferencedSOPInstanceUID"] for item in answer.values.get(keyword, [])]


def refused(status: int, call: Callable[[], object], *offending: str) -> PrintError:
    """Checks that a call is refused with a status, over the attributes named."""
    with pytest.raises(PrintError) as caught:
        call()
    assert f"{caught.value.status:04X}" == f"{status:04X}", caught.value.comment
    assert caught.value.offending == offending
    return caught.value
