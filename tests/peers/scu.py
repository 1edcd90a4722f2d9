"""A print SCU on pynetdicom that says exactly what a test wants it to say."""

import socket
from typing import Any, Self

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian, generate_uid
from pynetdicom import AE, evt
from pynetdicom.sop_class import (
    BasicAnnotationBox,
    BasicColorImageBox,
    BasicColorPrintManagementMeta,
    BasicFilmBox,
    BasicFilmSession,
    BasicGrayscaleImageBox,
    BasicGrayscalePrintManagementMeta,
    PresentationLUT,
    Printer,
    PrinterConfigurationRetrieval,
    PrinterInstance,
    PrintJob,
    Verification,
)

from printscp.client.reactor import hold, let_go, notice_end

META = BasicGrayscalePrintManagementMeta
COLOR = BasicColorPrintManagementMeta
# With Print Job events may come, and one that crosses the release of pynetdicom loses that: see `peers.raw`.
EVERYTHING = (
    META,
    COLOR,
    Printer,
    PrintJob,
    BasicAnnotationBox,
    PresentationLUT,
    PrinterConfigurationRetrieval,
    Verification,
)
Reply = tuple[Dataset, Dataset | None]


def attributes(**values: Any) -> Dataset:
    """A data set of keyword arguments."""
    dataset = Dataset()
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return dataset


def image_item(pixels: np.ndarray, **changes: Any) -> Dataset:
    """The item of a Basic Grayscale Image Sequence: uint8 pixels make 8 bits, uint16 make 12."""
    wide = pixels.dtype.itemsize == 2
    item = attributes(
        SamplesPerPixel=1,
        PhotometricInterpretation="MONOCHROME2",
        Rows=pixels.shape[0],
        Columns=pixels.shape[1],
        BitsAllocated=16 if wide else 8,
        BitsStored=12 if wide else 8,
        HighBit=11 if wide else 7,
        PixelRepresentation=0,
    )
    data = pixels.tobytes()
    item.add_new("PixelData", "OW" if wide else "OB", data + b"\0" * (len(data) % 2))
    for keyword, value in changes.items():
        if value is None:
            delattr(item, keyword)
        else:
            setattr(item, keyword, value)
    return item


def color_item(pixels: np.ndarray, **changes: Any) -> Dataset:
    """The item of a Basic Color Image Sequence, of rows x columns x 3."""
    item = image_item(
        np.ascontiguousarray(np.moveaxis(pixels, 2, 0)),
        SamplesPerPixel=3,
        PhotometricInterpretation="RGB",
        Rows=pixels.shape[0],
        Columns=pixels.shape[1],
    )
    item.PlanarConfiguration = 1
    for keyword, value in changes.items():
        setattr(item, keyword, value)
    return item


class Scu:
    """An association, of the basic grayscale Meta SOP Class unless told otherwise; context manager.

    Each call returns the status data set and the attributes of the answer; no answer is an empty status.
    Requests of the classes of a Meta SOP Class go on the context of ``meta``, others on their own.
    """

    def __init__(
        self,
        address: tuple[str, int],
        called: str = "PRINTSCP",
        calling: str = "TEST_SCU",
        contexts: tuple[str, ...] = (META, Verification),
        meta: str = META,
        syntaxes: tuple[str, ...] = (ExplicitVRLittleEndian, ImplicitVRLittleEndian),
    ) -> None:
        entity = AE(ae_title=calling)
        entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = 20
        for context in contexts:
            entity.add_requested_context(context, list(syntaxes))
        self.meta = meta
        held = [(evt.EVT_ESTABLISHED, hold)]
        self.association = entity.associate(*address, ae_title=called, evt_handlers=held)
        self.session_uid: UID | None = None
        self.film_uid: UID | None = None
        self.boxes: list[UID] = []
        if self.association.is_established:
            connection = self.association.dul.socket.socket
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Self:
        assert self.association.is_established, "the printer did not take the association"
        return self

    def __exit__(self, *_: object) -> None:
        notice_end(self.association)
        self.association.release()
        let_go(self.association)

    def wait_for_the_end(self) -> None:
        """Until the printer has ended the association, or 20 s."""
        let_go(self.association)
        self.association.join(20)

    def echo(self) -> int:
        return int(self.association.send_c_echo().Status)

    def printer(self, *tags: int) -> Reply:
        return self.association.send_n_get(list(tags), Printer, PrinterInstance, meta_uid=self.meta)

    def create_session(self, *, uid: str | None = "", **values: Any) -> Reply:
        """``uid`` None leaves the instance UID to the printer."""
        wanted = generate_uid() if uid == "" else uid
        reply = self._create(attributes(**values), BasicFilmSession, wanted)
        if reply[0].get("Status") in (0, 0x0116):
            self.session_uid = UID(wanted or "")
        return reply

    def create_film(
        self, display_format: str | None = "STANDARD\\1,1", *, uid: str | None = "", **values: Any
    ) -> Reply:
        wanted = generate_uid() if uid == "" else uid
        dataset = attributes(**values)
        if display_format is not None:
            dataset.ImageDisplayFormat = display_format
        if "ReferencedFilmSessionSequence" not in dataset:
            dataset.ReferencedFilmSessionSequence = [
                attributes(ReferencedSOPClassUID=BasicFilmSession, ReferencedSOPInstanceUID=self.session_uid)
            ]
        status, reply = self._create(dataset, BasicFilmBox, wanted)
        if reply is not None and "ReferencedImageBoxSequence" in reply:
            self.film_uid = UID(wanted or "")
            self.boxes = [box.ReferencedSOPInstanceUID for box in reply.ReferencedImageBoxSequence]
        return status, reply

    def set_image(
        self, position: int, item: Dataset | None, *, box: str | None = None, **values: Any
    ) -> Reply:
        """N-SET of one image box; ``item`` None erases."""
        sequence = "BasicColorImageSequence" if self.meta == COLOR else "BasicGrayscaleImageSequence"
        dataset = attributes(
            ImageBoxPosition=position, **{sequence: [] if item is None else [item]}, **values
        )
        return self.set(box or self.boxes[position - 1], dataset)

    def set(self, instance: str, dataset: Dataset, sop_class: str | None = None) -> Reply:
        sop_class = sop_class or (BasicColorImageBox if self.meta == COLOR else BasicGrayscaleImageBox)
        return self.association.send_n_set(dataset, sop_class, instance, meta_uid=self.meta)

    def print_film(self, *, action: int = 1, uid: str | None = None) -> Dataset:
        status, _ = self.association.send_n_action(
            None, action, BasicFilmBox, uid or self.film_uid, meta_uid=self.meta
        )
        return status

    def print_session(self) -> Reply:
        return self.association.send_n_action(None, 1, BasicFilmSession, self.session_uid, meta_uid=self.meta)

    def create_look_up(self, **values: Any) -> tuple[Dataset, UID]:
        """N-CREATE of a Presentation LUT; the status and its UID."""
        uid = generate_uid()
        status, _ = self.association.send_n_create(attributes(**values), PresentationLUT, uid)
        return status, uid

    def annotate(self, position: int, box: str, text: str, **values: Any) -> Reply:
        dataset = attributes(AnnotationPosition=position, TextString=text, **values)
        return self.association.send_n_set(dataset, BasicAnnotationBox, box)

    def job(self, uid: str, *tags: int) -> Reply:
        return self.association.send_n_get(list(tags), PrintJob, uid)

    def delete(self, sop_class: str, instance: str) -> Dataset:
        return self.association.send_n_delete(sop_class, instance, meta_uid=self.meta)

    def print_image(self, pixels: np.ndarray, **film: Any) -> Dataset:
        """A whole film of one image; the status of its N-ACTION."""
        if self.session_uid is None:
            self.create_session()
        self.create_film(**film)
        self.set_image(1, image_item(pixels))
        return self.print_film()

    def _create(self, dataset: Dataset, sop_class: str, instance: str | None) -> Reply:
        return self.association.send_n_create(dataset or None, sop_class, instance, meta_uid=self.meta)
