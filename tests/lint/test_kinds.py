"""Every kind of finding is provoked over a real association."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from peers.raw import RawScu
from peers.scu import COLOR, META, Scu, attributes, color_item, image_item
from peers.wrong import WRONG, Scenario, assert_refusals_are_explained, client, codes, dialogue, report
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, generate_uid
from pynetdicom.sop_class import (
    BasicAnnotationBox,
    BasicColorImageBox,
    BasicFilmBox,
    BasicFilmSession,
    BasicGrayscaleImageBox,
    CTImageStorage,
    PresentationLUT,
    Printer,
    PrinterInstance,
    PrintJob,
)

from printscp.lint import association
from printscp.lint.kinds import GROUPS, KINDS

pytestmark = pytest.mark.slow

GRAY = np.zeros((512, 512), np.uint8)
WIDE = np.full((16, 16), 4000, np.uint16)
WITH_LUT = (META, PresentationLUT)
# What may be said of every dialogue here: images are small, and some never come to a film.
_EVERYWHERE = {"image-enlarged", "context-unused"}


@dataclass
class Provocation:
    """What brings findings about, and in which mode."""

    codes: set[str]
    scenario: Scenario
    mode: str
    profile: str


_PROVOCATIONS: list[Provocation] = []


def provokes(
    *codes: str, mode: str = "tolerant", profile: str = "imager17"
) -> Callable[[Scenario], Scenario]:
    def remember(scenario: Scenario) -> Scenario:
        _PROVOCATIONS.append(Provocation(set(codes), scenario, mode, profile))
        return scenario

    return remember


def film(
    scu: Scu,
    item: Dataset | None = None,
    *,
    session: dict[str, Any] | None = None,
    image: dict[str, Any] | None = None,
    **box: Any,
) -> None:
    """A film of one image, as far as the printer takes it."""
    if scu.session_uid is None:
        scu.create_session(**(session or {}))
    if scu.session_uid is None:
        return
    status, _ = scu.create_film(**box)
    if status.Status >> 8 in (1, 2, 0xC0) and status.Status not in (0x0107, 0x0116):
        return
    status, _ = scu.set_image(1, item or image_item(GRAY), **(image or {}))
    if status.Status == 0 or status.Status >> 12 == 0xB or status.Status in (0x0107, 0x0116):
        scu.print_film()


def one(
    *named: str,
    item: Dataset | None = None,
    contexts: tuple[str, ...] = (META,),
    mode: str = "tolerant",
    profile: str = "imager17",
    **more: Any,
) -> None:
    """A film that provokes findings by its attributes alone."""

    def scenario(address: tuple[str, int]) -> None:
        with Scu(address, contexts=contexts) as scu:
            film(scu, item, **more)

    provokes(*named, mode=mode, profile=profile)(scenario)


def with_look_up(address: tuple[str, int], look_up: dict[str, Any]) -> tuple[Scu, str]:
    scu = Scu(address, contexts=WITH_LUT)
    _, uid = scu.create_look_up(**look_up)
    return scu, uid


def referring(uid: str) -> dict[str, Any]:
    item = attributes(ReferencedSOPClassUID=PresentationLUT, ReferencedSOPInstanceUID=uid)
    return {"ReferencedPresentationLUTSequence": [item]}


def table(entries: int, first: int, bits: int, data: list[int]) -> dict[str, Any]:
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [entries, first, bits])
    item.add_new("LUTData", "OW", np.array(data, "<u2").tobytes())
    return {"PresentationLUTSequence": [item]}


one("empty-attribute", display_format="")
one("value-out-of-range", session={"NumberOfCopies": "0"})
one("not-offered", profile="fuji_drypix4000", EmptyImageDensity="BLACK")
one("private-term", FilmSizeID="17INX17IN")
one("text-too-long", session={"FilmSessionLabel": "long " * 14})
one("character-set-unknown", session={"SpecificCharacterSet": "ISO_IR 4711"})
one("display-format", display_format="STANDARD\\0,1")
one("display-format", display_format="STANDARD\\1, 1")
one("backslash-lost", display_format="STANDARD1,1")
one("backslash-lost", display_format="STANDARD\x01,1")
one("display-format-not-offered", display_format="CUSTOM\\99")
one("icc-profile-gray", ICCProfile=b"\0" * 36 + b"acsp")
one("annotation-not-negotiated", AnnotationDisplayFormatID="LABEL")
one("smoothing-without-cubic", MagnificationType="BILINEAR", SmoothingType="SHARP")
one("density-outside-range", MaxDensity=400)
one("density-outside-range", BorderDensity="400")
one("densities-upside-down", MinDensity=250, MaxDensity=200)
one("light-without-lut", Illumination=1500)
one("bits-inconsistent", item=image_item(WIDE, HighBit=15))
one("bits-beyond", item=image_item(np.full((16, 16), 5000, np.uint16)))
one("bits-unused", item=image_item(np.full((16, 16), 255, np.uint16)))
one("image-enlarged", item=image_item(np.zeros((16, 16), np.uint8)))
one(
    "image-cropped",
    item=image_item(np.zeros((16, 6000), np.uint8)),
    image={"RequestedDecimateCropBehavior": "CROP"},
)
one("image-demagnified", item=image_item(np.zeros((16, 6000), np.uint8)))
one(
    "image-too-large",
    item=image_item(np.zeros((16, 6000), np.uint8)),
    image={"RequestedDecimateCropBehavior": "FAIL"},
)
one("image-demagnified", image={"RequestedImageSize": "500"})
one("size-with-none", image={"RequestedImageSize": "100", "MagnificationType": "NONE"})
one("pixel-length", item=image_item(np.zeros((16, 16), np.uint8), PixelData=bytes(258)))
one(item=image_item(np.zeros((15, 15), np.uint8)))  # a byte of padding
one("box-left-empty", display_format="STANDARD\\2,1")
one("warned", session={"MemoryAllocation": "999999999"})
one("refused", session={"MemoryAllocation": "999999999"}, mode="strict")
one("not-a-term", image={"Polarity": "reverse"})
one("missing-attribute", item=image_item(GRAY, Rows=None))
one("context-not-accepted", contexts=(META, CTImageStorage))
one("context-unused", contexts=WITH_LUT)
one("retired-sop-class", contexts=(META, "1.2.840.10008.5.1.1.27"))
one("patient-data-in-label", session={"OwnerID": "DOE^JANE"})


@provokes("empty-film")
def _(address: tuple[str, int]) -> None:
    with Scu(address) as scu:
        scu.create_session()
        scu.create_film()
        scu.set_image(1, image_item(GRAY))
        scu.set_image(1, None)
        scu.print_film()


@provokes("not-settable")
def _(address: tuple[str, int]) -> None:
    with Scu(address) as scu:
        film(scu)
        scu.set(scu.film_uid, attributes(FilmSizeID="A4"), BasicFilmBox)


@provokes("retired-attribute")
def _(address: tuple[str, int]) -> None:
    with Scu(address) as scu:
        session = Dataset()
        session.add_new(0x21000010, "SH", "1")  # Print Job ID
        scu.session_uid = generate_uid()
        scu.association.send_n_create(session, BasicFilmSession, scu.session_uid, meta_uid=META)
        film(scu)


@provokes("wrong-vr")
def _(address: tuple[str, int]) -> None:
    with Scu(address) as scu:
        session = Dataset()
        session.add_new("PrintPriority", "LO", "HIGH")
        scu.session_uid = generate_uid()
        scu.association.send_n_create(session, BasicFilmSession, scu.session_uid, meta_uid=META)
        film(scu)


@provokes("wrong-vm")
def _(address: tuple[str, int]) -> None:
    with Scu(address) as scu:
        film(scu, FilmOrientation=["PORTRAIT", "LANDSCAPE"])


@provokes("undecodable")
def _(address: tuple[str, int]) -> None:
    with RawScu(address, [META], syntax=ImplicitVRLittleEndian) as scu:
        fragment = next(iter(scu._fragments(scu.contexts[META], b"\x00\x20\x10\x00\xff\0\0\0", 0)))
        scu.ask("create", BasicFilmSession, generate_uid(), fragment, context=META)
        scu.release()


@provokes("get-unknown-attribute")
def _(address: tuple[str, int]) -> None:
    with Scu(address) as scu:
        scu.printer(0x21100010, 0x00100010)


@provokes("text-not-in-character-set")
def _(address: tuple[str, int]) -> None:
    with Scu(address) as scu:
        session = attributes(SpecificCharacterSet="ISO_IR 192")
        session.add_new("FilmSessionLabel", "LO", b"R\xf6ntgen")
        scu.session_uid = generate_uid()
        scu.association.send_n_create(session, BasicFilmSession, scu.session_uid, meta_uid=META)
        film(scu)


@provokes("patient-data-in-annotation")
def _(address: tuple[str, int]) -> None:
    with Scu(address, contexts=(META, BasicAnnotationBox)) as scu:
        scu.create_session()
        _, made = scu.create_film(AnnotationDisplayFormatID="LABEL")
        box = made.ReferencedBasicAnnotationBoxSequence[0].ReferencedSOPInstanceUID
        position = 0
        while scu.annotate(position, box, "DOE^JANE")[0].Status:
            position += 1
        scu.set_image(1, image_item(GRAY))
        scu.print_film()


@provokes("configuration-and-lut")
def _(address: tuple[str, int]) -> None:
    scu, uid = with_look_up(address, {"PresentationLUTShape": "IDENTITY"})
    with scu:
        film(scu, ConfigurationInformation="CS000", **referring(uid))


@provokes("film-sizes-mixed")
def _(address: tuple[str, int]) -> None:
    with Scu(address) as scu:
        scu.create_session()
        for size in ("14INX17IN", "8INX10IN"):
            scu.create_film(FilmSizeID=size)
            scu.set_image(1, image_item(GRAY))
        scu.print_session()


@provokes("planar-configuration")
def _(address: tuple[str, int]) -> None:
    with Scu(address, contexts=(COLOR,), meta=COLOR) as scu:
        film(scu, color_item(np.zeros((512, 512, 3), np.uint8), PlanarConfiguration=0))


@provokes("lut-sequence-or-shape")
def _(address: tuple[str, int]) -> None:
    scu, _ = with_look_up(address, {})
    with scu:
        pass


@provokes("lut-data")
def _(address: tuple[str, int]) -> None:
    scu, _ = with_look_up(address, table(256, 0, 12, [0] * 255))
    with scu:
        pass


@provokes("lut-data")
def _(address: tuple[str, int]) -> None:
    scu, _ = with_look_up(address, table(256, 0, 10, [0] * 255 + [1024]))
    with scu:
        pass


@provokes("lut-image-bits")
def _(address: tuple[str, int]) -> None:
    scu, uid = with_look_up(address, table(4096, 0, 12, list(range(4096))))
    with scu:
        film(scu, **referring(uid))


@provokes("lut-unknown")
def _(address: tuple[str, int]) -> None:
    with Scu(address) as scu:
        film(scu, **referring(generate_uid()))


@provokes("lut-on-session")
def _(address: tuple[str, int]) -> None:
    scu, uid = with_look_up(address, {"PresentationLUTShape": "IDENTITY"})
    with scu:
        film(scu, session=referring(uid))


@provokes("lut-in-use")
def _(address: tuple[str, int]) -> None:
    scu, uid = with_look_up(address, {"PresentationLUTShape": "IDENTITY"})
    with scu:
        film(scu, **referring(uid))
        scu.association.send_n_delete(PresentationLUT, uid)


@provokes("uid", mode="strict")
def _(address: tuple[str, int]) -> None:
    with RawScu(address, [META], syntax=ImplicitVRLittleEndian) as scu:
        scu.ask("create", BasicFilmSession, "1.2.03.4", context=META)
        scu.release()


@provokes("uid-in-use")
def _(address: tuple[str, int]) -> None:
    with Scu(address) as scu:
        scu.create_session()
        scu.create_film(uid=scu.session_uid)


@provokes("class-not-on-context", mode="strict")
def _(address: tuple[str, int]) -> None:
    with Scu(address, contexts=WITH_LUT) as scu:
        shape = attributes(PresentationLUTShape="IDENTITY")
        scu.association.send_n_create(shape, PresentationLUT, generate_uid(), meta_uid=META)


@provokes("service-not-of-class", mode="strict")
def _(address: tuple[str, int]) -> None:
    with Scu(address) as scu:
        scu.association.send_n_create(None, Printer, PrinterInstance, meta_uid=META)


@provokes("second-session")
def _(address: tuple[str, int]) -> None:
    with Scu(address) as scu:
        scu.create_session()
        scu.create_session()


@provokes("no-film-session")
def _(address: tuple[str, int]) -> None:
    with Scu(address) as scu:
        scu.session_uid = generate_uid()
        scu.create_film()


@provokes("wrong-session-reference")
def _(address: tuple[str, int]) -> None:
    with Scu(address) as scu:
        scu.create_session()
        scu.session_uid = generate_uid()
        scu.create_film()


@provokes("wrong-session-reference")
def _(address: tuple[str, int]) -> None:
    with Scu(address) as scu:
        scu.create_session()
        reference = attributes(ReferencedSOPClassUID=META, ReferencedSOPInstanceUID=scu.session_uid)
        scu.create_film(ReferencedFilmSessionSequence=[reference])


@provokes("lut-unknown")
def _(address: tuple[str, int]) -> None:
    scu, uid = with_look_up(address, {"PresentationLUTShape": "IDENTITY"})
    with scu:
        reference = referring(uid)
        reference["ReferencedPresentationLUTSequence"][0].ReferencedSOPClassUID = META
        film(scu, **reference)


@provokes("wrong-box-class")
def _(address: tuple[str, int]) -> None:
    with Scu(address, contexts=(META, COLOR)) as scu:
        scu.create_session()
        scu.create_film()
        item = color_item(np.zeros((16, 16, 3), np.uint8))
        image = attributes(ImageBoxPosition=1, BasicColorImageSequence=[item])
        scu.association.send_n_set(image, BasicColorImageBox, scu.boxes[0], meta_uid=COLOR)


@provokes("not-alive")
def _(address: tuple[str, int]) -> None:
    with Scu(address) as scu:
        film(scu)
        before = scu.boxes[0]
        scu.create_film()
        scu.set_image(1, image_item(GRAY), box=before)


@provokes("not-a-term", "went-on-after-failure", mode="strict")
def _(address: tuple[str, int]) -> None:
    with Scu(address) as scu:
        scu.create_session()
        uid = generate_uid()
        scu.create_film(uid=uid, FilmSizeID="14X17")
        scu.print_film(uid=uid)


@provokes("never-printed")
def _(address: tuple[str, int]) -> None:
    with Scu(address) as scu:
        scu.create_session()
        scu.create_film()
        scu.set_image(1, image_item(GRAY))


@provokes("session-without-film-box")
def _(address: tuple[str, int]) -> None:
    with Scu(address) as scu:
        scu.create_session()
        scu.print_session()


@provokes("action-type")
def _(address: tuple[str, int]) -> None:
    with Scu(address) as scu:
        scu.create_session()
        scu.create_film()
        scu.set_image(1, image_item(GRAY))
        scu.print_film(action=2)


@provokes("action-information")
def _(address: tuple[str, int]) -> None:
    with Scu(address) as scu:
        scu.create_session()
        scu.create_film()
        scu.set_image(1, image_item(GRAY))
        information = attributes(NumberOfCopies="1")
        scu.association.send_n_action(information, 1, BasicFilmBox, scu.film_uid, meta_uid=META)


@provokes("no-default-transfer-syntax")
def _(address: tuple[str, int]) -> None:
    with Scu(address, contexts=(META,), syntaxes=(ExplicitVRLittleEndian,)) as scu:
        film(scu)


def raw_film(scu: RawScu) -> tuple[str, str]:
    """A film, printed; film session and film box."""
    session, box = generate_uid(), generate_uid()
    scu.ask("create", BasicFilmSession, session, context=META)
    reference = attributes(ReferencedSOPClassUID=BasicFilmSession, ReferencedSOPInstanceUID=session)
    film_box = attributes(ImageDisplayFormat="STANDARD\\1,1", ReferencedFilmSessionSequence=[reference])
    made = scu.ask("create", BasicFilmBox, box, film_box, context=META)
    uid = made.dataset.ReferencedImageBoxSequence[0].ReferencedSOPInstanceUID
    image = attributes(ImageBoxPosition=1, BasicGrayscaleImageSequence=[image_item(GRAY)])
    scu.ask("set", BasicGrayscaleImageBox, uid, image, context=META)
    scu.ask("action", BasicFilmBox, box, context=META)
    return session, box


@provokes("event-refused")
def _(address: tuple[str, int]) -> None:
    with RawScu(address, [META, PrintJob], syntax=ImplicitVRLittleEndian, confirm=False) as scu:
        raw_film(scu)
        for _ in range(3):  # pending, printing, done
            event = scu.wait_for_event().command
            refusal = {
                "AffectedSOPClassUID": event["AffectedSOPClassUID"],
                "CommandField": 0x8100,
                "MessageIDBeingRespondedTo": event["MessageID"],
                "CommandDataSetType": 0x0101,
                "Status": 0x0110,
            }
            scu.socket.sendall(scu._command(refusal, scu.contexts[PrintJob]))
        scu.release()


@provokes("event-not-answered")
def _(address: tuple[str, int]) -> None:
    with RawScu(address, [META, PrintJob], syntax=ImplicitVRLittleEndian, confirm=False) as scu:
        session, box = raw_film(scu)
        scu.wait_for_event()
        scu.ask("delete", BasicFilmBox, box, context=META)
        scu.ask("delete", BasicFilmSession, session, context=META)
        scu.release()


def test_an_event_that_crosses_the_release_need_not_be_answered() -> None:
    def scenario(address: tuple[str, int]) -> None:
        with RawScu(address, [META, PrintJob], syntax=ImplicitVRLittleEndian, confirm=False) as scu:
            _, box = raw_film(scu)
            scu.wait_for_event()
            scu.ask("delete", BasicFilmBox, box, context=META)
            scu.release()

    assert codes(report(dialogue(scenario)), "error", "warning") == set()


@pytest.mark.parametrize("provocation", _PROVOCATIONS, ids=lambda each: "+".join(sorted(each.codes)))
def test_a_kind_of_finding_is_provoked(provocation: Provocation) -> None:
    found = report(dialogue(provocation.scenario, provocation.mode, provocation.profile))
    expected = {code for code in provocation.codes if KINDS[code].severity != "note"}
    assert codes(found, "error", "warning") == expected
    assert provocation.codes <= codes(found) <= provocation.codes | _EVERYWHERE
    assert_refusals_are_explained(found)
    assert found.ok == ("error" not in {KINDS[code].severity for code in provocation.codes})


def test_a_long_pause_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(association, "_PAUSE", 0.0)

    def scenario(address: tuple[str, int]) -> None:
        with Scu(address, contexts=(META,)) as scu:
            film(scu)

    found = report(dialogue(scenario))
    assert "long-pause" in codes(found)
    assert not any(each.code == "long-pause" and "Session" in each.request for each in found.findings)


def test_what_other_imagers_refuse_is_told_where_there_is_nothing_else_to_say() -> None:
    def scenario(address: tuple[str, int]) -> None:
        with Scu(address, contexts=(META,)) as scu:
            film(scu, display_format="STANDARD\\2,1", image={"Polarity": "NORMAL"})

    found = report(dialogue(scenario), "iherestricted")
    (flaw,) = [each for each in found.findings if each.code == "refused-elsewhere"]
    assert flaw.request == "N-CREATE Basic Film Box"
    assert flaw.imagers["iherestricted"].startswith("0x0106 refused")


def test_every_kind_is_provoked_by_a_test_or_by_a_wrong_client() -> None:
    here = {code for each in _PROVOCATIONS for code in each.codes} | {"long-pause", "refused-elsewhere"}
    clients = {code for path in WRONG.glob("*.py") for code in client(path.stem).FINDINGS}
    assert here | clients == KINDS.keys()


def test_kinds_say_what_there_is_to_say() -> None:
    assert len(KINDS) == sum(len(group) for group in GROUPS.values())
    for kind in KINDS.values():
        assert kind.title
        assert kind.fix.endswith(".")
        assert kind.why.endswith(".")
        assert kind.clause == "ours" or kind.clause.startswith("PS3.")
