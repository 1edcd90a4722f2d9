"""A print SCU that does it right: the others in this folder differ from it in one place each.

    python right.py HOST PORT [AE_TITLE]

It prints a film of two images, 8 bits each, through a Presentation LUT, and looks at each answer.
"""

import sys
from collections.abc import Sequence

from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian, generate_uid
from pynetdicom import AE, evt
from pynetdicom.sop_class import (
    BasicFilmBox,
    BasicFilmSession,
    BasicGrayscaleImageBox,
    BasicGrayscalePrintManagementMeta,
    PresentationLUT,
    Printer,
    PrinterInstance,
)

from printscp.client.reactor import hold, let_go, notice_end

FINDINGS: tuple[str, ...] = ()
META = BasicGrayscalePrintManagementMeta
WARNINGS = (0x0107, 0x0116)  # and all of 0xBxxx: done, but not quite as asked


class Refused(Exception):
    """The printer did not do it."""


def data_set(**values: object) -> Dataset:
    """A data set of keyword arguments."""
    made = Dataset()
    for keyword, value in values.items():
        setattr(made, keyword, value)
    return made


def reference(sop_class: str, instance: str) -> Dataset:
    """The item of a sequence that refers to an instance."""
    return data_set(ReferencedSOPClassUID=sop_class, ReferencedSOPInstanceUID=instance)


class PrintScu:
    """Each method is one step of printing a film; the wrong clients replace one of them."""

    contexts: Sequence[str] = (META, PresentationLUT)
    transfer_syntaxes: Sequence[str] = (ExplicitVRLittleEndian, ImplicitVRLittleEndian)
    rows, columns = 512, 512

    def __init__(self, host: str, port: int, called: str = "PRINTSCP") -> None:
        entity = AE("RIGHT")
        for context in self.contexts:
            entity.add_requested_context(context, list(self.transfer_syntaxes))
        # No event can come without Print Job, so pynetdicom's thread has nothing to serve: it could only take
        # an answer for a request.
        held = [(evt.EVT_ESTABLISHED, hold)]
        self.association = entity.associate(host, port, ae_title=called, evt_handlers=held)
        if not self.association.is_established:
            raise SystemExit("the printer did not take the association")
        self.session = self.film_box = self.look_up = UID("")
        self.image_boxes: list[UID] = []

    def print_films(self) -> None:
        """A whole film, and the end of the association."""
        try:
            self.status()
            self.create_look_up()
            self.create_session()
            self.create_film_box()
            self.set_images()
            self.print_film_box()
            self.delete()
        except Refused as refused:
            print(refused)
        finally:
            notice_end(self.association)
            self.association.release()
            let_go(self.association)

    def status(self) -> None:
        """Printer Status: is there film in it?"""
        self.done(
            "status",
            self.association.send_n_get([0x21100010, 0x21100020], Printer, PrinterInstance, meta_uid=META),
        )

    def create_look_up(self) -> None:
        """IDENTITY: pixel values are P-values."""
        self.look_up = generate_uid()
        self.create(PresentationLUT, self.look_up, self.look_up_attributes(), meta=None)

    def create_session(self) -> None:
        self.session = generate_uid()
        self.create(BasicFilmSession, self.session, self.session_attributes())

    def create_film_box(self) -> None:
        """The answer lists the image boxes, in the order of their positions."""
        self.film_box = generate_uid()
        made = self.create(BasicFilmBox, self.film_box, self.film_box_attributes())
        self.image_boxes = [box.ReferencedSOPInstanceUID for box in made.ReferencedImageBoxSequence]

    def set_images(self) -> None:
        for position in range(1, len(self.image_boxes) + 1):
            self.set_image(position)

    def set_image(self, position: int) -> None:
        attributes = self.image_box_attributes(position)
        box = self.image_boxes[position - 1]
        self.done(
            "image", self.association.send_n_set(attributes, BasicGrayscaleImageBox, box, meta_uid=META)
        )

    def print_film_box(self) -> None:
        self.done(
            "print", self.association.send_n_action(None, 1, BasicFilmBox, self.film_box, meta_uid=META)
        )

    def delete(self) -> None:
        """The film box, and what it referred to."""
        self.association.send_n_delete(BasicFilmBox, self.film_box, meta_uid=META)
        self.association.send_n_delete(BasicFilmSession, self.session, meta_uid=META)
        self.association.send_n_delete(PresentationLUT, self.look_up)

    def look_up_attributes(self) -> Dataset:
        return data_set(PresentationLUTShape="IDENTITY")

    def session_attributes(self) -> Dataset:
        return data_set(NumberOfCopies="1", PrintPriority="MED")

    def film_box_attributes(self) -> Dataset:
        return data_set(
            ImageDisplayFormat="STANDARD\\1,2",
            FilmOrientation="PORTRAIT",
            FilmSizeID="14INX17IN",
            MagnificationType="CUBIC",
            MaxDensity=300,
            BorderDensity="BLACK",
            Trim="NO",
            ReferencedFilmSessionSequence=[reference(BasicFilmSession, self.session)],
            ReferencedPresentationLUTSequence=[reference(PresentationLUT, self.look_up)],
        )

    def image_box_attributes(self, position: int) -> Dataset:
        return data_set(
            ImageBoxPosition=position, Polarity="NORMAL", BasicGrayscaleImageSequence=[self.image(position)]
        )

    def image(self, position: int) -> Dataset:
        """A ramp from black to white."""
        item = data_set(
            SamplesPerPixel=1,
            PhotometricInterpretation="MONOCHROME2",
            Rows=self.rows,
            Columns=self.columns,
            BitsAllocated=8,
            BitsStored=8,
            HighBit=7,
            PixelRepresentation=0,
        )
        line = bytes(255 * column // (self.columns - 1) for column in range(self.columns))
        item.add_new("PixelData", "OB", line * self.rows)
        return item

    def create(self, sop_class: str, instance: str, attributes: Dataset, meta: str | None = META) -> Dataset:
        answer = self.association.send_n_create(attributes, sop_class, instance, meta_uid=meta)
        return self.done("create", answer)

    def done(self, what: str, answer: tuple[Dataset, Dataset | None]) -> Dataset:
        """The data set of an answer.

        Raises:
            Refused: neither success nor a warning.
        """
        said, attributes = answer
        code = said.get("Status")
        if code is None:
            raise Refused(f"{what}: no answer")
        if code != 0 and code not in WARNINGS and code >> 12 != 0xB:
            raise Refused(f"{what}: 0x{code:04X} {said.get('ErrorComment', '')}")
        return attributes or Dataset()


def main(scu: type[PrintScu]) -> None:
    """Run as a program: HOST PORT, and the AE title of the printer if it matters."""
    host, port, *called = sys.argv[1:]
    scu(host, int(port), *called).print_films()


if __name__ == "__main__":
    main(PrintScu)
