"""The Print Management SCU: sends films to a DICOM printer (PS3.4 Annex H)."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from types import TracebackType
from typing import Self

from pydicom.dataset import Dataset
from pydicom.uid import UID, generate_uid

from printscp.client.association import ClientError, PrintAssociation, attributes, reference
from printscp.client.images import PrintImage
from printscp.film.uids import (
    BASIC_FILM_BOX,
    BASIC_FILM_SESSION,
    BASIC_GRAYSCALE_IMAGE_BOX,
    BASIC_GRAYSCALE_PRINT_MANAGEMENT_META,
)

_META = BASIC_GRAYSCALE_PRINT_MANAGEMENT_META
_GRIDS = ((1, 1), (1, 2), (2, 2), (2, 3), (3, 3), (3, 4), (4, 4), (4, 5))


@dataclass(frozen=True)
class FilmRequest:
    """What a film is to be like; ``None`` leaves it to the printer.

    The first three are attributes of the Basic Film Session, the others of the Basic Film Box, with the
    standard's defined terms as values.
    """

    display_format: str
    copies: int = 1
    priority: str = "MED"
    medium: str | None = None
    film_size: str | None = None
    orientation: str | None = None
    magnification: str | None = None

    def session(self) -> Dataset:
        """The data set of the film session N-CREATE."""
        return attributes(NumberOfCopies=self.copies, PrintPriority=self.priority, MediumType=self.medium)

    def film_box(self, session: UID) -> Dataset:
        """The data set of the film box N-CREATE."""
        return attributes(
            ImageDisplayFormat=self.display_format,
            FilmOrientation=self.orientation,
            FilmSizeID=self.film_size,
            MagnificationType=self.magnification,
            ReferencedFilmSessionSequence=reference(BASIC_FILM_SESSION, session),
        )


class PrintClient:
    """An association with a printer, for as long as the ``with`` block lasts.

    ``timeout`` is in seconds, for each of: connecting, the answer to the association request, and the answer
    to each message. ``warnings`` collects what the printer answered with a warning status, step by step.
    """

    def __init__(
        self,
        host: str,
        port: int,
        called_ae_title: str = "ANY-SCP",
        calling_ae_title: str = "PRINTSCP_SCU",
        timeout: float = 30,
    ) -> None:
        self._association = PrintAssociation(host, port, called_ae_title, calling_ae_title, [_META], timeout)
        self._session: tuple[UID, Dataset] | None = None

    @property
    def warnings(self) -> list[str]:
        return self._association.warnings

    def __enter__(self) -> Self:
        """Associate.

        Raises:
            ClientError: no connection, no association, or one without Basic Grayscale Print Management.
        """
        self._association.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Delete the film session and release; abort where something other than the printer went wrong."""
        try:
            if kind is None or issubclass(kind, ClientError):
                self._drop_session()
        finally:
            self._association.__exit__(kind, error, trace)

    def print_film(
        self,
        images: Sequence[PrintImage],
        request: FilmRequest,
        on_image: Callable[[], None] | None = None,
    ) -> None:
        """Print one film, ``images`` in the order of its image boxes; ``on_image`` is called after each one.

        Returns when the printer has accepted the film. A film session is kept from one call to the next for
        as long as copies, priority and medium stay the same. A failing N-DELETE is a warning only: the film
        is accepted by then, and an error would have it printed again.

        Raises:
            ClientError: the printer refused a step or did not answer; this film is not printed.
        """
        session = self._session_for(request)
        film_box = generate_uid()
        answer = self._association.create(
            "N-CREATE of the film box", BASIC_FILM_BOX, film_box, request.film_box(session), _META
        )
        boxes = [box.ReferencedSOPInstanceUID for box in answer.get("ReferencedImageBoxSequence") or []]
        try:
            if len(images) > len(boxes):
                raise ClientError(f"{request.display_format} has no room for {len(images)} images")
            for position, (image, box) in enumerate(zip(images, boxes, strict=False), 1):
                self._set_image(position, image, box)
                if on_image is not None:
                    on_image()
            self._association.print("print (N-ACTION)", BASIC_FILM_BOX, film_box, _META)
        except ClientError:
            self._delete("N-DELETE of the film box", BASIC_FILM_BOX, film_box)
            raise
        self._delete("N-DELETE of the film box", BASIC_FILM_BOX, film_box)

    def _session_for(self, request: FilmRequest) -> UID:
        wanted = request.session()
        if self._session is not None and self._session[1] != wanted:
            self._drop_session()
        if self._session is None:
            session = generate_uid()
            self._association.create(
                "N-CREATE of the film session", BASIC_FILM_SESSION, session, wanted, _META
            )
            self._session = session, wanted
        return self._session[0]

    def _drop_session(self) -> None:
        if self._session is not None:
            self._delete("N-DELETE of the film session", BASIC_FILM_SESSION, self._session[0])
            self._session = None

    def _set_image(self, position: int, image: PrintImage, box: UID) -> None:
        width = image.requested_width_mm
        values = attributes(
            ImageBoxPosition=position,
            RequestedImageSize=None if width is None else f"{width:.10g}",
            BasicGrayscaleImageSequence=[image.sequence_item()],
        )
        step = f"N-SET of image {position} ({image.source})"
        self._association.set(step, BASIC_GRAYSCALE_IMAGE_BOX, box, values, _META)

    def _delete(self, step: str, sop_class: UID, instance: UID) -> None:
        try:
            if self._association.stands:
                self._association.delete(step, sop_class, instance, _META)
        except ClientError as error:
            self.warnings.append(str(error))


def grid(images: int) -> tuple[int, int]:
    """Columns and rows of the smallest grid for so many images, 4 x 5 at most: more need several films."""
    return next((size for size in _GRIDS if size[0] * size[1] >= images), _GRIDS[-1])


def films(images: Iterable[PrintImage], per_film: int) -> Iterator[list[PrintImage]]:
    """``images`` in lists of ``per_film``, the last one maybe shorter."""
    remaining = iter(images)
    while film := list(islice(remaining, per_film)):
        yield film
