"""The Print Management SCU: sends films to a DICOM printer (PS3.4 Annex H)."""

import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice
from types import TracebackType
from typing import Any, Self

from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian, generate_uid
from pynetdicom import evt
from pynetdicom.ae import ApplicationEntity
from pynetdicom.association import Association
from pynetdicom.events import Event
from pynetdicom.pdu_primitives import A_ASSOCIATE
from pynetdicom.status import PRINT_JOB_MANAGEMENT_SERVICE_CLASS_STATUS, code_to_category

from printscp.client.images import PrintImage
from printscp.client.reactor import hold, let_go, notice_end
from printscp.errors import SetupError
from printscp.film.uids import (
    BASIC_FILM_BOX,
    BASIC_FILM_SESSION,
    BASIC_GRAYSCALE_IMAGE_BOX,
    BASIC_GRAYSCALE_PRINT_MANAGEMENT_META,
)

_PRINT = 1
_GRIDS = ((1, 1), (1, 2), (2, 2), (2, 3), (3, 3), (3, 4), (4, 4), (4, 5))


class ClientError(SetupError):
    """The printer cannot be reached, or refused: the message says at which step, and what it answered."""


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
        return _dataset(NumberOfCopies=self.copies, PrintPriority=self.priority, MediumType=self.medium)

    def film_box(self, session: UID) -> Dataset:
        """The data set of the film box N-CREATE."""
        return _dataset(
            ImageDisplayFormat=self.display_format,
            FilmOrientation=self.orientation,
            FilmSizeID=self.film_size,
            MagnificationType=self.magnification,
            ReferencedFilmSessionSequence=[
                _dataset(ReferencedSOPClassUID=BASIC_FILM_SESSION, ReferencedSOPInstanceUID=session)
            ],
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
        self.warnings: list[str] = []
        self._address = host, port
        self._titles = called_ae_title, calling_ae_title
        self._timeout = timeout
        self._association: Association
        self._session: tuple[UID, Dataset] | None = None
        self._message_ids = count(1)

    def __enter__(self) -> Self:
        """Associate.

        Raises:
            ClientError: no connection, no association, or one without Basic Grayscale Print Management.
        """
        called, calling = self._titles
        try:
            entity = ApplicationEntity(calling)
            entity.connection_timeout = entity.acse_timeout = entity.dimse_timeout = self._timeout
            # Decoding the next image may take a while, and an idle association is none the worse for it.
            entity.network_timeout = None
            entity.add_requested_context(
                BASIC_GRAYSCALE_PRINT_MANAGEMENT_META, [ExplicitVRLittleEndian, ImplicitVRLittleEndian]
            )
            self._association = entity.associate(
                *self._address,
                ae_title=called,
                max_pdu=0,
                evt_handlers=[
                    (evt.EVT_CONN_OPEN, _send_at_once),
                    (evt.EVT_ESTABLISHED, hold),
                    (evt.EVT_N_EVENT_REPORT, _confirm),
                ],
            )
        except OSError as error:
            raise ClientError(f"cannot connect to {self._where()}: {error.strerror}") from error
        except ValueError as error:
            raise ClientError(str(error)) from error
        if not self._association.is_established:
            raise ClientError(self._why_not())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Delete the film session and release; abort where something other than the printer went wrong."""
        try:
            if kind is None or issubclass(kind, ClientError):
                self._drop_session()
                self._association.release()
            else:
                self._association.abort()
        finally:
            let_go(self._association)

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
        answer = self._exchange(
            "N-CREATE of the film box", "create", request.film_box(session), BASIC_FILM_BOX, film_box
        )
        boxes = [box.ReferencedSOPInstanceUID for box in answer.get("ReferencedImageBoxSequence") or []]
        try:
            if len(images) > len(boxes):
                raise ClientError(f"{request.display_format} has no room for {len(images)} images")
            for position, (image, box) in enumerate(zip(images, boxes, strict=False), 1):
                self._set_image(position, image, box)
                if on_image is not None:
                    on_image()
            self._exchange("print (N-ACTION)", "action", None, _PRINT, BASIC_FILM_BOX, film_box)
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
            self._exchange("N-CREATE of the film session", "create", wanted, BASIC_FILM_SESSION, session)
            self._session = session, wanted
        return self._session[0]

    def _drop_session(self) -> None:
        if self._session is not None:
            self._delete("N-DELETE of the film session", BASIC_FILM_SESSION, self._session[0])
            self._session = None

    def _set_image(self, position: int, image: PrintImage, box: UID) -> None:
        dataset = _dataset(ImageBoxPosition=position, BasicGrayscaleImageSequence=[image.sequence_item()])
        step = f"N-SET of image {position} ({image.source})"
        self._exchange(step, "set", dataset, BASIC_GRAYSCALE_IMAGE_BOX, box)

    def _delete(self, step: str, sop_class: UID, instance: UID) -> None:
        try:
            if self._association.is_established:
                self._exchange(step, "delete", sop_class, instance)
        except ClientError as error:
            self.warnings.append(str(error))

    def _exchange(self, step: str, verb: str, *arguments: Any) -> Dataset:
        """Send a request with pynetdicom's ``send_n_VERB`` and return the data set of its answer.

        Raises:
            ClientError: a failure status, or no answer.
        """
        send = getattr(self._association, f"send_n_{verb}")
        try:
            answer = send(
                *arguments,
                msg_id=next(self._message_ids) & 0xFFFF,
                meta_uid=BASIC_GRAYSCALE_PRINT_MANAGEMENT_META,
            )
        except (RuntimeError, ValueError) as error:
            raise ClientError(f"{step}: {error}") from error
        # N-DELETE has a status only, the other services a status and a data set.
        status, dataset = answer if isinstance(answer, tuple) else (answer, None)
        if "Status" not in status:
            notice_end(self._association)
            if self._association.is_established:
                raise ClientError(f"{step}: no answer in {self._timeout:g} s")
            raise ClientError(f"{step}: connection lost")
        category = code_to_category(status.Status)
        if category == "Warning":
            self.warnings.append(f"{step}: {_in_words(status)}")
        elif category != "Success":
            raise ClientError(f"{step}: {_in_words(status)}")
        return dataset or Dataset()

    def _where(self) -> str:
        return "{}:{}".format(*self._address)

    def _why_not(self) -> str:
        """Why the association was not established."""
        where = self._where()
        # A printer that rejects faster than pynetdicom looks whether it is connected seems not to be there;
        # what it said waits in the queue.
        answer = self._association.acceptor.primitive or self._association.dul.receive_pdu()
        if isinstance(answer, A_ASSOCIATE) and answer.result:
            return f"{where}: association rejected: {answer.reason_str}"
        if isinstance(answer, A_ASSOCIATE):
            return f"{where}: printer does not offer Basic Grayscale Print Management"
        # The local port is known from the moment that a connection stands.
        local = self._association.requestor.address_info
        if local is not None and local.port:
            return f"{where}: no answer to the association request"
        return f"cannot connect to {where}"


def grid(images: int) -> tuple[int, int]:
    """Columns and rows of the smallest grid for so many images, 4 x 5 at most: more need several films."""
    return next((size for size in _GRIDS if size[0] * size[1] >= images), _GRIDS[-1])


def films(images: Iterable[PrintImage], per_film: int) -> Iterator[list[PrintImage]]:
    """``images`` in lists of ``per_film``, the last one maybe shorter."""
    remaining = iter(images)
    while film := list(islice(remaining, per_film)):
        yield film


def _dataset(**attributes: Any) -> Dataset:
    """A data set of the attributes that are not None."""
    dataset = Dataset()
    for keyword, value in attributes.items():
        if value is not None:
            setattr(dataset, keyword, value)
    return dataset


def _in_words(status: Dataset) -> str:
    """A status as code, meaning and Error Comment."""
    _, meaning = PRINT_JOB_MANAGEMENT_SERVICE_CLASS_STATUS.get(status.Status, ("", ""))
    texts = [f"0x{status.Status:04X}", meaning, status.get("ErrorComment")]
    return ", ".join(text for text in texts if text)


def _send_at_once(event: Event) -> None:
    # With Nagle's algorithm every message would wait for the acknowledgement of the one before: 40 ms each.
    transport: Any = event.assoc.dul.socket
    transport.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _confirm(event: Event) -> tuple[int, None]:
    """Take note of an event of the printer (PS3.4 H.4.6.2)."""
    return 0x0000, None
