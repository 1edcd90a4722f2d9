"""What one SCU says on one association, and what the printer answers (PS3.4 H.3 to H.5)."""

import contextlib
import copy
import functools
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from peers.drafts import Sheets
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset
from pydicom.tag import Tag
from pydicom.uid import UID

from printscp.errors import PrintError, ResourceLimitation
from printscp.film.dialogue import Answer, Dialogue, Printer, Request
from printscp.film.display_format import Rectangle
from printscp.film.memory import MemoryBudget
from printscp.film.profile import FilmSize, PrinterProfile, StandardFormat
from printscp.film.sheet import Sheet
from printscp.film.uids import (
    BASIC_FILM_BOX,
    BASIC_FILM_SESSION,
    BASIC_GRAYSCALE_IMAGE_BOX,
    BASIC_GRAYSCALE_PRINT_MANAGEMENT_META,
    PRINTER,
    PRINTER_INSTANCE,
)

# pydicom warns of values that are wrong on purpose.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")

PROFILE = PrinterProfile(
    name="small",
    manufacturer="maker",
    model="small",
    dots_per_inch=25.4,  # a pixel is a millimetre
    film_sizes=(FilmSize("8INX10IN", 203.2, 254.0), FilmSize("A4", 210.0, 297.0)),
    media=("BLUE FILM", "CLEAR FILM"),
    destinations=("PROCESSOR", "BIN_1"),
    magnifications=("CUBIC", "REPLICATE"),
    min_density=20,
    max_density=310,
    border_density="BLACK",
    empty_image_density="WHITE",
    illumination=2000,
    reflected_ambient_light=10,
    margin_mm=4,
    gap_mm=2,
    label_mm=5,
    standard_format=StandardFormat(max_columns=12, max_rows=12),
)

# As many characters as a UID may have, and as pydicom's have that we make.
LONG_UID = UID("1.2.826.0.1.3680043.8.498." + "9" * 38)


def data_set(**values: Any) -> Dataset:
    dataset = Dataset()
    for keyword, value in values.items():
        if value is not ABSENT:
            setattr(dataset, keyword, value)
    return dataset


ABSENT = object()
RAMP = bytes(range(251))


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
            "PixelData": (RAMP * 9000)[: rows * columns * (2 if wide else 1)],
        }
        | values
    )


def sent(dataset: Dataset, implicit: bool = True) -> Dataset:
    """A data set as it is after a journey over the wire."""
    file = DicomBytesIO()
    file.is_little_endian, file.is_implicit_VR = True, implicit
    write_dataset(file, dataset)
    return read_dataset(BytesIO(file.getvalue()), implicit, True)


class Scu:
    """Says what an SCU says, and remembers the instances that it was told of."""

    def __init__(self, budget: MemoryBudget | None = None, sheets: Sheets | None = None):
        self.sheets = Sheets() if sheets is None else sheets
        self.budget = budget or MemoryBudget(1 << 20)
        printer = Printer("FILMS", PROFILE, "1.0", self.budget, self.sheets.draft)
        self.dialogue = Dialogue(printer, "VIEWER")
        self.session = self.film = UID("")
        self.boxes: list[UID] = []

    def perform(self, verb: str, sop_class: UID, instance: UID | None = None, **more: Any) -> Answer:
        if "dataset" in more:
            more["dataset"] = sent(more["dataset"])
        return self.dialogue.perform(verb, Request(sop_class, instance, **more))

    def create_session(self, uid: UID | None = None, **values: Any) -> Answer:
        answer = self.perform("create", BASIC_FILM_SESSION, uid, dataset=data_set(**values))
        assert answer.instance is not None
        self.session = answer.instance
        return answer

    def create_film(self, layout: str = "STANDARD\\2,1", uid: UID | None = None, **values: Any) -> Answer:
        session = data_set(
            ReferencedSOPClassUID=BASIC_FILM_SESSION,
            ReferencedSOPInstanceUID=values.pop("session", self.session),
        )
        dataset = data_set(
            **{"ImageDisplayFormat": layout, "ReferencedFilmSessionSequence": [session]} | values
        )
        answer = self.perform("create", BASIC_FILM_BOX, uid, dataset=dataset)
        assert answer.instance is not None
        assert answer.dataset is not None
        self.film = answer.instance
        self.boxes = [item.ReferencedSOPInstanceUID for item in answer.dataset.ReferencedImageBoxSequence]
        return answer

    def set_film(self, **values: Any) -> Answer:
        return self.perform("set", BASIC_FILM_BOX, self.film, dataset=data_set(**values))

    def set_image(self, position: int = 1, image: Dataset | None = None, **values: Any) -> Answer:
        """``image`` None erases; the box is the one of ``position`` unless ``box`` names another."""
        box = values.pop("box", None) or self.boxes[position - 1]
        dataset = data_set(
            **{"ImageBoxPosition": position, "BasicGrayscaleImageSequence": [] if image is None else [image]}
            | values
        )
        return self.perform("set", BASIC_GRAYSCALE_IMAGE_BOX, box, dataset=dataset)

    def print(self, action_type: int | None = 1) -> Answer:
        return self.perform("action", BASIC_FILM_BOX, self.film, action_type=action_type)

    def delete(self, sop_class: UID, instance: UID) -> Answer:
        return self.perform("delete", sop_class, instance)

    def images(self) -> int:
        """Bytes of pixel data in the image boxes that are alive."""
        session = self.dialogue.session
        boxes = session.film_box.image_boxes if session and session.film_box else ()
        return sum(box.image.size for box in boxes if box.image)

    def state(self) -> Any:
        """All that a request could have changed."""
        return copy.deepcopy(self.dialogue.session), self.budget.held, list(self.sheets)


@pytest.fixture
def scu() -> Iterator[Scu]:
    """With a session open, and a film box of two image boxes."""
    scu = Scu()
    scu.create_session()
    scu.create_film()
    yield scu
    scu.dialogue.close()
    assert scu.budget.held == 0


def refused(status: int, call: Callable[[], Answer], *offending: str) -> PrintError:
    with pytest.raises(PrintError) as caught:
        call()
    assert caught.value.status == status
    assert caught.value.offending == offending
    return caught.value


# --- the whole way ---------------------------------------------------------------------------------------


def test_one_film_from_session_to_sheet() -> None:
    scu = Scu()
    answer = scu.create_session(
        UID("1.2.3"), NumberOfCopies=2, PrintPriority="HIGH", FilmSessionLabel="DOE", PatientName="DOE^JANE"
    )
    assert (answer.status, answer.instance) == (0, "1.2.3")
    assert answer.dataset == data_set(
        NumberOfCopies=2,
        PrintPriority="HIGH",
        MediumType="BLUE FILM",
        FilmDestination="PROCESSOR",
        FilmSessionLabel="DOE",
    )

    answer = scu.create_film("STANDARD\\2,3 ", UID("1.2.4"), FilmOrientation="LANDSCAPE", MaxDensity=400)
    assert (answer.status, answer.instance) == (0, "1.2.4")
    film = answer.dataset
    assert film is not None
    assert film.ImageDisplayFormat == "STANDARD\\2,3"
    assert film.ReferencedFilmSessionSequence[0].ReferencedSOPClassUID == BASIC_FILM_SESSION
    assert film.ReferencedFilmSessionSequence[0].ReferencedSOPInstanceUID == "1.2.3"
    in_force = {
        "FilmOrientation": "LANDSCAPE",
        "FilmSizeID": "8INX10IN",
        "MagnificationType": "CUBIC",
        "MinDensity": 20,
        "MaxDensity": 310,
        "ConfigurationInformation": "",
        "BorderDensity": "BLACK",
        "EmptyImageDensity": "WHITE",
        "Trim": "NO",
        "Illumination": 2000,
        "ReflectedAmbientLight": 10,
        "RequestedResolutionID": "STANDARD",
    }
    assert {keyword: film[keyword].value for keyword in in_force} == in_force
    boxes = film.ReferencedImageBoxSequence
    assert {box.ReferencedSOPClassUID for box in boxes} == {BASIC_GRAYSCALE_IMAGE_BOX}
    assert len({box.ReferencedSOPInstanceUID for box in boxes}) == 6
    assert not scu.dialogue.session.film_box.printed  # type: ignore[union-attr]

    # The references come in the order of the positions: each box takes its own position only.
    for position in (5, 2):
        answer = scu.set_image(position, gray(position, 4, PixelAspectRatio=[2, 1]), Polarity="REVERSE")
        assert answer.status == 0
        assert answer.dataset is None  # taken as it was sent
    scu.set_image(3, gray(4, 2, 12, PhotometricInterpretation="MONOCHROME1"), MaxDensity=250, MinDensity=5)

    answer = scu.print()
    assert answer == Answer(0)
    [sheet] = scu.sheets
    assert (sheet.width, sheet.height) == (254, 203)
    assert (sheet.film_size, sheet.orientation, sheet.display_format) == (
        "8INX10IN",
        "LANDSCAPE",
        "STANDARD\\2,3",
    )
    assert (sheet.copies, sheet.priority, sheet.medium, sheet.destination) == (
        2,
        "HIGH",
        "BLUE FILM",
        "PROCESSOR",
    )
    assert (sheet.printer_name, sheet.originator) == ("FILMS", "VIEWER")
    assert (sheet.border_density, sheet.empty_image_density) == (310, 20)
    assert (sheet.illumination, sheet.reflected_ambient_light) == (2000, 10)
    assert sheet.printer_density == (20, 310)
    # 254 x 203 less 4 on each side and 5 for the label, 2 between the boxes: 2 of 122 by 3 of 62.
    assert sheet.boxes[0] == Rectangle(4, 4, 122, 62)
    assert sheet.boxes[5] == Rectangle(128, 132, 122, 62)
    assert sheet.label == Rectangle(4, 194, 246, 5)
    assert [image.position for image in sheet.images] == [2, 3, 5]
    second, third, fifth = sheet.images
    assert (second.rows, second.columns, second.bits_stored, second.pixel_aspect) == (2, 4, 8, (2, 1))
    assert second.pixels == gray(2, 4).PixelData
    assert (second.min_density, second.max_density, second.magnification) == (20, 310, "CUBIC")
    assert (third.min_density, third.max_density, third.bits_stored) == (20, 250, 12)
    assert [image.reverse for image in sheet.images] == [True, True, True]
    assert fifth.rows == 5
    assert sheet.remarks == (
        "PatientName ignored",
        "MaxDensity: 400 outside 20..310: 310 used",
        "image 3: MinDensity: 5 outside 20..310: 20 used",
    )

    # A film may be printed again, and the rest of the life cycle is N-DELETE.
    assert scu.print() == Answer(0)
    assert scu.sheets[1] == sheet
    assert scu.delete(BASIC_FILM_BOX, scu.film) == Answer(0)
    assert scu.budget.held == 0
    refused(0x0112, scu.print)
    assert scu.create_film().status == 0
    assert scu.delete(BASIC_FILM_SESSION, scu.session) == Answer(0)
    refused(0x0112, scu.print)
    assert scu.create_session().status == 0


@pytest.mark.parametrize(
    ("photometric", "polarity", "reverse"),
    [
        ("MONOCHROME2", "NORMAL", False),
        ("MONOCHROME2", "REVERSE", True),
        ("MONOCHROME1", "NORMAL", True),
        ("MONOCHROME1", "REVERSE", False),
        ("MONOCHROME1", ABSENT, True),
    ],
)
def test_polarity_and_photometric_interpretation_together(
    scu: Scu, photometric: str, polarity: Any, reverse: bool
) -> None:
    scu.set_image(1, gray(PhotometricInterpretation=photometric), Polarity=polarity)
    scu.print()
    assert scu.sheets[0].images[0].reverse is reverse


def test_the_image_box_wins_over_the_film_box() -> None:
    scu = Scu()
    scu.create_session()
    scu.create_film(MagnificationType="REPLICATE", MinDensity=30, MaxDensity=200)
    scu.set_image(1, gray(), MagnificationType="CUBIC", MaxDensity=100)
    scu.set_image(2, gray())
    scu.print()
    first, second = scu.sheets[0].images
    assert (first.magnification, first.min_density, first.max_density) == ("CUBIC", 30, 100)
    assert (second.magnification, second.min_density, second.max_density) == ("REPLICATE", 30, 200)


def test_the_sheet_is_a_copy_of_the_moment_of_its_n_action(scu: Scu) -> None:
    scu.set_image(1, gray())
    scu.print()
    [sheet] = scu.sheets
    before = copy.deepcopy(sheet)
    scu.set_film(BorderDensity="WHITE", MaxDensity=100)
    scu.perform("set", BASIC_FILM_SESSION, scu.session, dataset=data_set(NumberOfCopies=9, MediumType="?"))
    scu.set_image(1, gray(PixelData=b"xxxxxx"), Polarity="REVERSE", PatientID="1")
    scu.set_image(2, gray(1, 1))
    scu.dialogue.close()
    assert sheet == before
    with pytest.raises(AttributeError):
        sheet.copies = 3  # type: ignore[misc]


def test_changes_before_the_n_action_are_printed(scu: Scu) -> None:
    scu.set_image(1, gray())
    answer = scu.set_film(BorderDensity="150", MinDensity=40)
    assert answer.dataset is not None
    assert (answer.dataset.BorderDensity, answer.dataset.MinDensity) == ("150", 40)
    assert answer.dataset.MaxDensity == 310
    answer = scu.perform("set", BASIC_FILM_SESSION, scu.session, dataset=data_set(NumberOfCopies=9))
    assert answer.dataset is not None
    assert (answer.dataset.NumberOfCopies, answer.dataset.PrintPriority) == (9, "MED")
    scu.print()
    [sheet] = scu.sheets
    assert (sheet.border_density, sheet.copies, sheet.images[0].min_density) == (150, 9, 40)


def test_a_film_whose_range_is_turned_upside_down_after_an_image_was_set_is_not_printed(scu: Scu) -> None:
    scu.set_image(1, gray(), MaxDensity=100)
    # Whether the N-SET is refused or the N-ACTION, no film comes out that is a negative of itself.
    with contextlib.suppress(PrintError):
        scu.set_film(MinDensity=150)
        scu.print()
    for image in (image for sheet in scu.sheets for image in sheet.images):
        assert image.min_density < image.max_density


def test_light_that_the_gsdf_does_not_cover_is_not_taken_together_with_the_ambient_light() -> None:
    # 6328 cd/m2 shine with 3992.7 through density 0.20; the 200 that the film reflects make it too bright.
    scu = Scu()
    scu.create_session()
    answer = scu.create_film(Illumination=6328, ReflectedAmbientLight=200)
    assert answer.dataset is not None
    in_force = answer.dataset.Illumination * 10**-0.2 + answer.dataset.ReflectedAmbientLight
    assert in_force <= 3993.4


@pytest.mark.parametrize("implicit", [True, False], ids=["implicit VR", "explicit VR"])
@pytest.mark.parametrize(("character_set", "label"), [("ISO_IR 192", "фильм"), ("ISO_IR 100", "Größe")])
def test_text_comes_back_in_its_character_set(character_set: str, label: str, implicit: bool) -> None:
    scu = Scu()
    answer = scu.create_session(SpecificCharacterSet=character_set, FilmSessionLabel=label)
    assert answer.dataset is not None
    assert sent(answer.dataset, implicit).FilmSessionLabel == label


# --- instance UIDs ---------------------------------------------------------------------------------------


def test_uids_are_made_where_the_scu_leaves_them_out() -> None:
    scu, other = Scu(), Scu()
    made = [
        uid
        for one in (scu, other)
        for uid in (one.create_session().instance, one.create_film().instance, *one.boxes)
    ]
    assert len(set(made)) == 8
    assert all(UID(uid).is_valid for uid in made)


@pytest.mark.parametrize(
    "uid", ["", "1.2.", ".1.2", "1..2", "1.2.a", "1 2", "x", "1." + "2" * 63, "\u0661.2"]
)
def test_a_uid_that_breaks_the_rules_is_0117(scu: Scu, uid: str) -> None:
    refused(0x0117, lambda: Scu().create_session(UID(uid)))
    refused(0x0117, lambda: scu.create_film(uid=UID(uid)))


def test_a_uid_in_use_is_0111(scu: Scu) -> None:
    scu.set_image(1, gray())
    scu.print()
    for uid in (scu.session, scu.film, scu.boxes[1], PRINTER_INSTANCE):
        refused(0x0111, lambda uid=uid: scu.create_film(uid=uid))
    refused(0x0111, lambda: Scu().create_session(PRINTER_INSTANCE))
    # Gone with its film box, the UID is free again.
    old = scu.film
    scu.delete(BASIC_FILM_BOX, scu.film)
    assert scu.create_film(uid=old).instance == old


# --- what is refused -------------------------------------------------------------------------------------

Refusal = Callable[[Scu], Answer]

REFUSALS: dict[str, tuple[int, Refusal, tuple[str, ...]]] = {
    "second session": (0x0111, lambda scu: scu.create_session(), ()),
    "instance UID in use": (0x0111, lambda scu: scu.create_film(uid=scu.film), ()),
    "bad instance UID": (0x0117, lambda scu: scu.create_film(uid=UID("1..2")), ()),
    "film of another session": (
        0x0106,
        lambda scu: scu.create_film(session=LONG_UID),
        ("ReferencedFilmSessionSequence",),
    ),
    "film box instead of a session": (
        0x0106,
        lambda scu: scu.create_film(
            ReferencedFilmSessionSequence=[
                data_set(ReferencedSOPClassUID=BASIC_FILM_BOX, ReferencedSOPInstanceUID=scu.film)
            ]
        ),
        ("ReferencedFilmSessionSequence",),
    ),
    "display format absent": (
        0x0120,
        lambda scu: scu.create_film(ImageDisplayFormat=ABSENT),
        ("ImageDisplayFormat",),
    ),
    "display format empty": (0x0121, lambda scu: scu.create_film(""), ("ImageDisplayFormat",)),
    "display format unknown": (0x0106, lambda scu: scu.create_film("ROW\\1,2"), ("ImageDisplayFormat",)),
    "display format too large": (
        0x0106,
        lambda scu: scu.create_film("STANDARD\\13,1"),
        ("ImageDisplayFormat",),
    ),
    "film densities upside down": (
        0x0106,
        lambda scu: scu.create_film(MinDensity=300, MaxDensity=100),
        ("MinDensity", "MaxDensity"),
    ),
    "film densities equal": (
        0x0106,
        lambda scu: scu.set_film(MinDensity=310),
        ("MinDensity", "MaxDensity"),
    ),
    "second film box, the first unprinted": (0xC616, lambda scu: scu.create_film(), ()),
    "position of another box": (
        0x0106,
        lambda scu: scu.set_image(2, gray(), box=scu.boxes[0]),
        ("ImageBoxPosition",),
    ),
    "position outside the film": (
        0x0106,
        lambda scu: scu.set_image(65535, gray(), box=scu.boxes[1]),
        ("ImageBoxPosition",),
    ),
    "position 0": (0x0106, lambda scu: scu.set_image(0, gray(), box=scu.boxes[0]), ("ImageBoxPosition",)),
    "position absent": (
        0x0120,
        lambda scu: scu.set_image(1, gray(), ImageBoxPosition=ABSENT),
        ("ImageBoxPosition",),
    ),
    "image absent": (
        0x0120,
        lambda scu: scu.set_image(1, BasicGrayscaleImageSequence=ABSENT),
        ("BasicGrayscaleImageSequence",),
    ),
    "two images": (
        0x0106,
        lambda scu: scu.set_image(1, BasicGrayscaleImageSequence=[gray(), gray()]),
        ("BasicGrayscaleImageSequence",),
    ),
    "color image": (
        0x0105,
        lambda scu: scu.set_image(1, BasicGrayscaleImageSequence=ABSENT, BasicColorImageSequence=[gray()]),
        ("BasicColorImageSequence",),
    ),
    "RGB in the gray sequence": (
        0x0106,
        lambda scu: scu.set_image(1, gray(PhotometricInterpretation="RGB")),
        ("PhotometricInterpretation",),
    ),
    "palette image": (
        0x0106,
        lambda scu: scu.set_image(1, gray(PhotometricInterpretation="PALETTE COLOR")),
        ("PhotometricInterpretation",),
    ),
    "three samples": (0x0106, lambda scu: scu.set_image(1, gray(SamplesPerPixel=3)), ("SamplesPerPixel",)),
    "signed pixels": (
        0x0106,
        lambda scu: scu.set_image(1, gray(PixelRepresentation=1)),
        ("PixelRepresentation",),
    ),
    "rows absent": (0x0120, lambda scu: scu.set_image(1, gray(Rows=ABSENT)), ("Rows",)),
    "pixels absent": (0x0120, lambda scu: scu.set_image(1, gray(PixelData=ABSENT)), ("PixelData",)),
    "pixels empty": (0x0121, lambda scu: scu.set_image(1, gray(PixelData=b"")), ("PixelData",)),
    "pixels short": (
        0x0106,
        lambda scu: scu.set_image(1, gray(2560, 2560, 12, PixelData=b"1234")),
        ("PixelData",),
    ),
    "pixel aspect ratio 0": (
        0x0106,
        lambda scu: scu.set_image(1, gray(PixelAspectRatio=[0, 1])),
        ("PixelAspectRatio",),
    ),
    "image densities upside down": (
        0x0106,
        lambda scu: scu.set_image(1, gray(), MinDensity=310),
        ("MinDensity", "MaxDensity"),
    ),
    "image too large for the memory": (
        0xC605,
        lambda scu: scu.set_image(1, gray(1025, 1024)),
        (),
    ),
    "instance unknown": (0x0112, lambda scu: scu.set_image(1, gray(), box=UID("1.2.3")), ()),
    "instance unknown, a long UID": (0x0112, lambda scu: scu.set_image(1, gray(), box=LONG_UID), ()),
    "instance empty": (0x0112, lambda scu: scu.perform("delete", BASIC_FILM_BOX, UID("")), ()),
    "image box as a film box": (0x0119, lambda scu: scu.delete(BASIC_FILM_BOX, scu.boxes[0]), ()),
    "film box as a session": (0x0119, lambda scu: scu.delete(BASIC_FILM_SESSION, scu.film), ()),
    "session as an image box": (0x0119, lambda scu: scu.set_image(1, gray(), box=scu.session), ()),
    "class unknown": (0x0118, lambda scu: scu.perform("create", UID("1.2.840.10008.5.1.1.4.1")), ()),
    "Meta class as a class": (
        0x0118,
        lambda scu: scu.perform("create", BASIC_GRAYSCALE_PRINT_MANAGEMENT_META),
        (),
    ),
    "session printed": (
        0x0211,
        lambda scu: scu.perform("action", BASIC_FILM_SESSION, scu.session, action_type=1),
        (),
    ),
    "session asked for": (0x0211, lambda scu: scu.perform("get", BASIC_FILM_SESSION, scu.session), ()),
    "image box created": (0x0211, lambda scu: scu.perform("create", BASIC_GRAYSCALE_IMAGE_BOX), ()),
    "image box deleted": (0x0211, lambda scu: scu.delete(BASIC_GRAYSCALE_IMAGE_BOX, scu.boxes[0]), ()),
    "printer set": (0x0211, lambda scu: scu.perform("set", PRINTER, PRINTER_INSTANCE), ()),
    "printer of another instance": (0x0112, lambda scu: scu.perform("get", PRINTER, UID("1.2")), ()),
    "action type 2": (0x0123, lambda scu: scu.print(2), ()),
    "no action type": (0x0123, lambda scu: scu.print(None), ()),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_is_refused_changes_nothing(scu: Scu, case: str) -> None:
    status, request, offending = REFUSALS[case]
    scu.set_image(1, gray(), Polarity="REVERSE")
    before = scu.state()
    refused(status, lambda: request(scu), *offending)
    assert scu.state() == before
    assert scu.print() == Answer(0)


@pytest.mark.parametrize("case", REFUSALS)
def test_the_error_comment_fits_on_the_wire(scu: Scu, case: str) -> None:
    status, request, _ = REFUSALS[case]
    comment = refused(status, lambda: request(scu), *REFUSALS[case][2]).comment
    assert len(comment) <= 64, comment
    assert "\\" not in comment, comment  # VR LO: a backslash would make it two


def test_an_empty_film_is_b603_and_nothing_is_printed(scu: Scu) -> None:
    error = refused(0xB603, scu.print)
    assert len(error.comment) <= 64
    scu.set_image(1, gray())
    assert scu.set_image(1).status == 0
    refused(0xB603, scu.print)
    assert scu.sheets == []
    # Not printed, so not done with: the film box still bars another.
    refused(0xC616, scu.create_film)


def test_a_film_that_cannot_be_spooled_is_not_printed() -> None:
    class Full(Sheets):
        def accept(self, sheet: Sheet) -> None:
            raise ResourceLimitation("disk full")

    scu = Scu(sheets=Full())
    scu.create_session()
    scu.create_film()
    scu.set_image(1, gray())
    refused(0x0213, scu.print)
    refused(0xC616, scu.create_film)


def test_without_a_session_there_is_no_film_box() -> None:
    scu = Scu()
    refused(0x0106, lambda: scu.create_film(session=UID("1.2.3")), "ReferencedFilmSessionSequence")


def test_the_comment_tells_a_mismatch_of_positions_from_one_that_the_film_has_not(scu: Scu) -> None:
    mismatch = refused(0x0106, lambda: scu.set_image(2, gray(), box=scu.boxes[0]), "ImageBoxPosition")
    outside = refused(0x0106, lambda: scu.set_image(3, gray(), box=scu.boxes[0]), "ImageBoxPosition")
    assert mismatch.comment == "ImageBoxPosition 2: this box has position 1"
    assert outside.comment == "ImageBoxPosition 3: film has 1..2"


def test_only_the_last_film_box_is_alive(scu: Scu) -> None:
    scu.set_image(1, gray())
    scu.print()
    old_film, [old_box, _] = scu.film, scu.boxes
    scu.create_film("STANDARD\\1,1")
    assert scu.budget.held == 0
    refused(0x0112, lambda: scu.set_image(1, gray(), box=old_box))
    for verb, action_type in (("set", None), ("action", 1), ("delete", None)):
        refused(
            0x0112,
            lambda verb=verb, action=action_type: scu.perform(
                verb, BASIC_FILM_BOX, old_film, action_type=action
            ),
        )
    # A film box that is deleted does not bring the one before it back to life.
    scu.delete(BASIC_FILM_BOX, scu.film)
    refused(0x0112, lambda: scu.perform("action", BASIC_FILM_BOX, old_film, action_type=1))


def test_a_failed_n_create_leaves_the_film_box_before_it_alive(scu: Scu) -> None:
    scu.set_image(1, gray())
    scu.print()
    refused(0x0106, lambda: scu.create_film("SLIDE"), "ImageDisplayFormat")
    assert scu.print() == Answer(0)


# --- images ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bits", [8, 12])
@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (3, 5), (2, 3), (1, 4)])
def test_pixel_data_fill_the_rows_and_columns_but_for_the_pad(bits: int, rows: int, columns: int) -> None:
    size = rows * columns * (2 if bits > 8 else 1)
    for given in range(max(1, size - 2), size + 4):
        scu = Scu()
        scu.create_session()
        scu.create_film()
        # Not sent over the wire: that would pad it.
        image = gray(rows, columns, bits, PixelData=b"x" * given)
        dataset = data_set(ImageBoxPosition=1, BasicGrayscaleImageSequence=[image])
        request = Request(BASIC_GRAYSCALE_IMAGE_BOX, scu.boxes[0], dataset)
        if given in (size, size + size % 2):
            assert scu.dialogue.perform("set", request).status == 0
            assert scu.budget.held == given
        else:
            perform = scu.dialogue.perform
            error = refused(0x0106, functools.partial(perform, "set", request), "PixelData")
            assert f"has {given} bytes" in error.comment
            assert f"needs {size}" in error.comment
            assert len(error.comment) <= 64


@pytest.mark.parametrize("allocated", [1, 8, 12, 16, 32])
@pytest.mark.parametrize("stored", [0, 1, 8, 10, 12, 16])
def test_bits_are_8_or_12_the_way_the_standard_wants_them(scu: Scu, allocated: int, stored: int) -> None:
    for high in {max(0, stored - 2), max(0, stored - 1), stored}:
        image = gray(2, 2, BitsAllocated=allocated, BitsStored=stored, HighBit=high, PixelData=b"12345678")
        image.PixelData = b"1" * (4 * max(1, allocated // 8))
        if (allocated, stored, high) in ((8, 8, 7), (16, 12, 11)):
            assert scu.set_image(1, image).status == 0
        else:
            error = refused(
                0x0106, lambda image=image: scu.set_image(1, image), "BitsAllocated", "BitsStored", "HighBit"
            )
            assert len(error.comment) <= 64


def test_an_empty_sequence_erases_the_image_and_gives_its_memory_back(scu: Scu) -> None:
    scu.set_image(1, gray(), Polarity="REVERSE")
    scu.set_image(2, gray(5, 6))
    assert scu.budget.held == 36
    answer = scu.set_image(1)
    assert answer.status == 0
    assert scu.budget.held == 30
    scu.print()
    assert [image.position for image in scu.sheets[0].images] == [2]


# --- memory ----------------------------------------------------------------------------------------------


def test_memory_is_one_for_all_associations() -> None:
    budget = MemoryBudget(1000)
    first, second = Scu(budget), Scu(budget)
    for scu in (first, second):
        scu.create_session()
        scu.create_film()
    first.set_image(1, gray(20, 30))
    second.set_image(1, gray(10, 30, PixelData=b"k" * 300))

    error = refused(0xC605, lambda: second.set_image(1, gray(20, 30), Polarity="REVERSE"))
    assert len(error.comment) <= 64
    assert budget.held == 900
    second.print()
    [kept] = second.sheets[0].images
    assert (kept.rows, kept.columns, kept.pixels, kept.reverse) == (10, 30, b"k" * 300, False)

    # To replace an image its own memory counts: no room for both is needed.
    second.set_image(1, gray(20, 20))
    assert budget.held == 1000
    refused(0xC605, lambda: second.set_image(2, gray(1, 1)))
    second.set_image(1, gray(10, 10))
    assert budget.held == 700
    first.delete(BASIC_FILM_BOX, first.film)
    assert budget.held == 100
    first.create_film()
    first.set_image(1, gray(30, 30))
    first.delete(BASIC_FILM_SESSION, first.session)
    assert budget.held == 100
    second.dialogue.close()
    assert budget.held == 0
    second.dialogue.close()
    assert budget.held == 0


# --- the printer -----------------------------------------------------------------------------------------


def test_the_printer_tells_all_of_itself_or_what_is_asked_for() -> None:
    scu = Scu()
    everything = data_set(
        PrinterStatus="NORMAL",
        PrinterStatusInfo="NORMAL",
        PrinterName="FILMS",
        Manufacturer="maker",
        ManufacturerModelName="small",
        SoftwareVersions="1.0",
    )
    assert scu.perform("get", PRINTER, PRINTER_INSTANCE) == Answer(0, everything)
    status, serial = Tag("PrinterStatus"), Tag("DeviceSerialNumber")
    answer = scu.perform("get", PRINTER, PRINTER_INSTANCE, attributes=(int(status),))
    assert answer == Answer(0, data_set(PrinterStatus="NORMAL"))
    answer = scu.perform("get", PRINTER, PRINTER_INSTANCE, attributes=(int(serial), int(status)))
    assert answer == Answer(0x0107, data_set(PrinterStatus="NORMAL"), ignored=(int(serial),))
    answer = scu.perform("get", PRINTER, PRINTER_INSTANCE, attributes=(0x00000000,))
    assert answer == Answer(0x0107, Dataset(), ignored=(0,))


# --- anything in any order -------------------------------------------------------------------------------

_WHICH = st.integers(0, 1)
_UIDS = st.sampled_from([None, "", "1.2.3", "1.2.4", "1..3", str(PRINTER_INSTANCE), str(LONG_UID)])
_CLASSES = st.sampled_from(
    [
        BASIC_FILM_SESSION,
        BASIC_FILM_BOX,
        BASIC_GRAYSCALE_IMAGE_BOX,
        PRINTER,
        UID("1.2.840.10008.1.1"),
        UID(""),
    ]
)
_VERBS = st.sampled_from(["create", "set", "get", "action", "delete"])
_ODD = st.dictionaries(
    st.sampled_from(
        [
            "NumberOfCopies",
            "MinDensity",
            "MaxDensity",
            "BorderDensity",
            "Polarity",
            "MagnificationType",
            "FilmSizeID",
            "FilmOrientation",
            "Illumination",
            "PatientName",
            "ImageBoxPosition",
            "OwnerID",
            "BasicColorImageSequence",
        ]
    ),
    st.sampled_from([ABSENT, None, 0, 1, 2, 25, 400, "BLACK", "REVERSE", "LANDSCAPE", "A4", "x" * 70]),
    max_size=2,
)


class AnythingInAnyOrder(RuleBasedStateMachine):
    """Two associations, one budget: an `Answer` or a `PrintError` whatever comes, and no byte is lost."""

    @initialize(limit=st.integers(0, 200))
    def start(self, limit: int) -> None:
        self.budget = MemoryBudget(limit)
        self.scus = [Scu(self.budget), Scu(self.budget)]
        for scu in self.scus:
            scu.create_session()
            scu.create_film()

    def attempt(self, scu: Scu, request: Callable[[], Answer]) -> None:
        before = scu.state()
        try:
            answer = request()
        except PrintError:
            assert scu.state() == before
        else:
            assert isinstance(answer, Answer)
            assert answer.status in (0x0000, 0x0107, 0x0116)
            if answer.dataset:
                for implicit in (True, False):
                    assert sent(answer.dataset, implicit) == answer.dataset

    @rule(which=_WHICH, uid=_UIDS, values=_ODD)
    def create_session(self, which: int, uid: str | None, values: dict[str, Any]) -> None:
        scu = self.scus[which]
        values = {key: _fitting(key, value) for key, value in values.items()}
        self.attempt(scu, lambda: scu.create_session(uid if uid is None else UID(uid), **values))

    @rule(which=_WHICH, uid=_UIDS, layout=st.sampled_from(["1,1", "2,1", "1,3", "13,1", "x"]), values=_ODD)
    def create_film(self, which: int, uid: str | None, layout: str, values: dict[str, Any]) -> None:
        scu = self.scus[which]
        values = {key: _fitting(key, value) for key, value in values.items()}
        wanted = uid if uid is None else UID(uid)
        self.attempt(scu, lambda: scu.create_film(f"STANDARD\\{layout}", wanted, **values))

    @rule(
        which=_WHICH,
        box=st.integers(0, 2),
        position=st.none() | st.integers(0, 3),
        size=st.tuples(st.integers(0, 8), st.integers(1, 8), st.sampled_from([8, 12, 16])),
        values=_ODD,
    )
    def set_image(
        self, which: int, box: int, position: int | None, size: tuple[int, int, int], values: dict[str, Any]
    ) -> None:
        scu = self.scus[which]
        values = {key: _fitting(key, value) for key, value in values.items()}
        uid = scu.boxes[box] if box < len(scu.boxes) else scu.film
        image = gray(*size) if size[0] else None
        where = box + 1 if position is None else position
        self.attempt(scu, lambda: scu.set_image(where, image, box=uid or LONG_UID, **values))

    @rule(which=_WHICH, values=_ODD)
    def set_film(self, which: int, values: dict[str, Any]) -> None:
        scu = self.scus[which]
        values = {key: _fitting(key, value) for key, value in values.items()}
        self.attempt(scu, lambda: scu.set_film(**values))

    @rule(which=_WHICH, action_type=st.sampled_from([1, 1, 2, None]))
    def print(self, which: int, action_type: int | None) -> None:
        scu = self.scus[which]
        self.attempt(scu, lambda: scu.print(action_type))

    @rule(
        which=_WHICH,
        verb=_VERBS,
        sop_class=_CLASSES,
        aim=st.integers(0, 6),
        action_type=st.none() | st.just(1),
    )
    def anything(self, which: int, verb: str, sop_class: UID, aim: int, action_type: int | None) -> None:
        scu = self.scus[which]
        instance = (scu.session, scu.film, PRINTER_INSTANCE, LONG_UID, *scu.boxes)[aim % (4 + len(scu.boxes))]
        self.attempt(scu, lambda: scu.perform(verb, sop_class, instance, action_type=action_type))

    @rule(which=_WHICH)
    def close(self, which: int) -> None:
        self.scus[which].dialogue.close()

    @invariant()
    def what_is_held_is_what_is_in_the_boxes(self) -> None:
        if not hasattr(self, "budget"):
            return
        assert self.budget.held == sum(scu.images() for scu in self.scus) <= self.budget.limit

    @invariant()
    def sheets_can_be_printed(self) -> None:
        for scu in getattr(self, "scus", []):
            for sheet in scu.sheets[-1:]:
                assert sheet.images
                assert all(image.min_density < image.max_density for image in sheet.images)

    def teardown(self) -> None:
        for scu in getattr(self, "scus", []):
            scu.dialogue.close()
            assert scu.images() == 0
        assert not hasattr(self, "budget") or self.budget.held == 0


def _fitting(keyword: str, value: Any) -> Any:
    """A value of a type that the attribute's VR can hold at all."""
    if value is None or value is ABSENT:
        return value
    if keyword == "BasicColorImageSequence":
        return [Dataset()]
    if keyword in ("MinDensity", "MaxDensity", "Illumination", "ImageBoxPosition", "NumberOfCopies"):
        return value if isinstance(value, int) else 3
    return str(value)


TestAnythingInAnyOrder = AnythingInAnyOrder.TestCase
TestAnythingInAnyOrder.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
