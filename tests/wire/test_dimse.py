"""The responder: one answer to each request, whatever is in it."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from peers.scu import attributes, image_item
from peers.spool import MemorySpool
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom.dsutils import encode
from pynetdicom.presentation import PresentationContext

from printscp.catalog import load_profile
from printscp.film.memory import MemoryBudget
from printscp.film.printer import Printer
from printscp.film.profile import Mode
from printscp.film.uids import (
    BASIC_FILM_BOX,
    BASIC_FILM_SESSION,
    BASIC_GRAYSCALE_IMAGE_BOX,
    BASIC_GRAYSCALE_PRINT_MANAGEMENT_META,
)
from printscp.wire import message as wire
from printscp.wire.dimse import Responder
from printscp.wire.message import Message, encode_command

PROFILE = load_profile("imager17")
SYNTAXES = [ImplicitVRLittleEndian, ExplicitVRLittleEndian]
FIELDS = [wire.N_CREATE, wire.N_SET, wire.N_GET, wire.N_ACTION, wire.N_DELETE, wire.C_ECHO, 0x0001, 0x0020]


class Wire:
    """A responder, and a film session with a film box of two images on its association."""

    def __init__(self, syntax: str) -> None:
        self.spool = MemorySpool()
        self.sent: list[Message] = []
        self.context = PresentationContext()
        self.context.context_id = 1
        self.context.abstract_syntax = BASIC_GRAYSCALE_PRINT_MANAGEMENT_META
        self.context.transfer_syntax = [syntax]
        association: Any = SimpleNamespace(
            peer="SCU",
            dul=SimpleNamespace(send=self.sent.append),
            accepted_contexts=[self.context],
            requestor=SimpleNamespace(
                ae_title="SCU",
                primitive=None,
                requested_contexts=[self.context],
                maximum_length=0,
                implementation_class_uid=None,
                implementation_version_name=None,
            ),
        )
        printer = Printer(
            name="FILM",
            profile=PROFILE,
            mode=Mode.TOLERANT,
            software_version="1",
            budget=MemoryBudget(1 << 20),
            spool=self.spool,
        )
        self.responder = Responder(association, printer, event_timeout=10)
        self.syntax = self.context.transfer_syntax[0]
        session = attributes(ReferencedSOPClassUID=BASIC_FILM_SESSION, ReferencedSOPInstanceUID="1.2.3")
        self.create(BASIC_FILM_SESSION, "1.2.3", Dataset())
        self.create(
            BASIC_FILM_BOX,
            "1.2.4",
            attributes(ImageDisplayFormat="STANDARD\\2,1", ReferencedFilmSessionSequence=[session]),
        )
        dialogue = self.responder._dialogue
        assert dialogue.session is not None
        assert dialogue.session.film_box is not None
        self.box = dialogue.session.film_box.image_boxes[0].uid

    def create(self, sop_class: str, instance: str, dataset: Dataset) -> None:
        command = {"AffectedSOPClassUID": sop_class, "AffectedSOPInstanceUID": instance}
        assert self.ask(wire.N_CREATE, command, self.encoded(dataset))["Status"] == 0

    def encoded(self, dataset: Dataset) -> bytes:
        return encode(dataset, self.syntax.is_implicit_VR, True) or b""

    def ask(self, field: int, command: dict[str, Any], data: bytes = b"") -> dict[str, Any]:
        """One request; the command of its one answer, which can be encoded."""
        before = len(self.sent)
        request = {"CommandField": field, "MessageID": 7, **command}
        self.responder.respond(Message(1, request, data), self.context)
        (answer,) = self.sent[before:]
        encode_command(answer.command)
        assert answer.command["CommandField"] == field | wire.RESPONSE
        assert answer.command["MessageIDBeingRespondedTo"] == 7
        assert len(answer.command["ErrorComment"] or "") <= 64
        return answer.command

    def set_image(self, data: bytes) -> dict[str, Any]:
        target = {"RequestedSOPClassUID": BASIC_GRAYSCALE_IMAGE_BOX, "RequestedSOPInstanceUID": self.box}
        return self.ask(wire.N_SET, target, data)


@given(st.sampled_from(SYNTAXES), st.sampled_from(FIELDS), st.binary(max_size=200), st.booleans())
def test_each_request_gets_one_answer_whatever_its_data(
    syntax: str, field: int, data: bytes, aimed: bool
) -> None:
    on = Wire(syntax)
    command = {
        "AffectedSOPClassUID": BASIC_FILM_BOX,
        "RequestedSOPClassUID": BASIC_GRAYSCALE_IMAGE_BOX,
        "RequestedSOPInstanceUID": on.box,
        "ActionTypeID": 1,
    }
    on.ask(field, command if aimed else {}, data)
    # And it is none the worse for it.
    good = attributes(
        ImageBoxPosition=1, BasicGrayscaleImageSequence=[image_item(np.zeros((4, 4), np.uint8))]
    )
    if field != wire.N_DELETE:
        assert on.set_image(on.encoded(good))["Status"] == 0


@given(st.sampled_from(SYNTAXES), st.data())
def test_a_damaged_image_gets_one_answer(syntax: str, data: st.DataObject) -> None:
    on = Wire(syntax)
    item = image_item(np.zeros((200, 100), np.uint8))  # long enough to be read as a view
    encoded = bytearray(on.encoded(attributes(ImageBoxPosition=1, BasicGrayscaleImageSequence=[item])))
    for _ in range(data.draw(st.integers(1, 4))):
        encoded[data.draw(st.integers(0, 250))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.one_of(st.none(), st.integers(0, len(encoded))))
    on.set_image(bytes(encoded[:cut]))
    good = on.encoded(attributes(ImageBoxPosition=1, BasicGrayscaleImageSequence=[item]))
    assert on.set_image(good)["Status"] == 0


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("undefined_length", [False, True])
def test_pixels_arrive_as_they_were_sent(syntax: str, undefined_length: bool) -> None:
    on = Wire(syntax)
    pixels = np.random.default_rng(1).integers(0, 4096, (300, 200), np.uint16)
    dataset = attributes(ImageBoxPosition=1, BasicGrayscaleImageSequence=[image_item(pixels)])
    # Elements that are long and no sequence are none of the printer's business.
    dataset.add_new(0x00091001, "OB", bytes(100_000))
    dataset.add_new(0x00091002, "UN", bytes(100_000))
    dataset["BasicGrayscaleImageSequence"].is_undefined_length = undefined_length
    assert on.set_image(on.encoded(dataset))["Status"] == 0
    target = {"RequestedSOPClassUID": BASIC_FILM_BOX, "RequestedSOPInstanceUID": "1.2.4", "ActionTypeID": 1}
    assert on.ask(wire.N_ACTION, target)["Status"] == 0
    (image,) = on.spool.sheets[0].images
    assert bytes(image.pixels) == pixels.tobytes()


def test_a_command_that_lacks_what_its_service_needs_is_answered() -> None:
    on = Wire(ImplicitVRLittleEndian)
    answer = on.ask(wire.N_SET, {"RequestedSOPClassUID": BASIC_FILM_BOX})
    assert answer["Status"] == 0x0212
    assert "RequestedSOPInstanceUID" in answer["ErrorComment"]
    assert on.ask(0x0001, {"AffectedSOPClassUID": BASIC_FILM_BOX})["Status"] == 0x0211  # C-STORE


def test_responses_and_cancels_are_not_answered() -> None:
    on = Wire(ImplicitVRLittleEndian)
    before = len(on.sent)
    for field in (wire.N_EVENT_REPORT | wire.RESPONSE, wire.C_CANCEL):
        on.responder.respond(Message(1, {"CommandField": field}), on.context)
    assert len(on.sent) == before


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_a_data_set_that_is_cut_short_is_refused(syntax: str) -> None:
    on = Wire(syntax)
    item = image_item(np.zeros((200, 100), np.uint8))
    whole = on.encoded(attributes(ImageBoxPosition=1, BasicGrayscaleImageSequence=[item], Polarity="NORMAL"))
    start = on.encoded(attributes(ImageBoxPosition=1))
    for length in (3, 7, len(start) - 1, len(start) + 5, len(whole) // 2, len(whole) - 1, len(whole) - 7):
        assert on.set_image(whole[:length])["Status"] == 0x0110, length
    assert on.set_image(whole)["Status"] == 0
