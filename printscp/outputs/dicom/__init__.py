"""A DICOM printer: films go on to a real imager, as they were accepted or as one rendered image each.

A film that the imager has accepted is printed by it: `Claim.hold` is asked right before the N-ACTION, and the
UIDs of its print jobs are remembered right after its answer. Between the two lies a window that the protocol
has no means to close: a worker that dies there, or an answer that is lost, has the film printed once more.

An imager without the Print Job SOP Class has done all it will say when it has answered.
"""

import logging
import re
import ssl
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ModelWrapValidatorHandler, model_validator
from pydicom.dataset import Dataset
from pydicom.uid import UID

from printscp.client.association import (
    ClientError,
    Failed,
    NotOffered,
    PrintAssociation,
    PrinterEvent,
    Rejected,
    Unreachable,
    attributes,
)
from printscp.errors import SetupError
from printscp.film.sheet import Sheet
from printscp.film.uids import (
    BASIC_COLOR_PRINT_MANAGEMENT_META,
    BASIC_GRAYSCALE_PRINT_MANAGEMENT_META,
    PRINT_JOB,
)
from printscp.outputs.dicom.film import Film, original, rendered
from printscp.outputs.dicom.session import CREATE_SESSION, FilmSession, classes
from printscp.outputs.output import Claim, Condition, NotReady, Progress, Refused, Sent, Stage, Ticket
from printscp.render.page import ColorPage, Page

_METAS = BASIC_GRAYSCALE_PRINT_MANAGEMENT_META, BASIC_COLOR_PRINT_MANAGEMENT_META
_SAME_SIZE = 0.01  # of a length
_CODE_STRING = re.compile(r"[A-Z0-9_ ]{1,16}")
_NO_SUCH_INSTANCE, _NOT_AUTHORIZED, _TOO_LARGE = 0x0112, 0x0124, 0xC603
_FULL, _BUSY = (0xC601, 0xC602), (0x0213,)
# Execution Status Info of what is refused for good (PS3.3 C.13.8.1); of the rest it is UNKNOWN.
_INFO = dict.fromkeys((0x0105, 0x0106, 0x0120, 0x0121, _TOO_LARGE, 0xC613), "INVALID PAGE DES")
_INFO[0xC605] = "INSUFFIC MEMORY"
# Event Type IDs of the Print Job (PS3.4 H.4.5.2.1), and its Execution Status.
_EVENTS = {1: Stage.WAITING, 2: Stage.PRINTING, 3: Stage.DONE, 4: Stage.FAILED}
_STATUSES = {
    "PENDING": Stage.WAITING,
    "PRINTING": Stage.PRINTING,
    "DONE": Stage.DONE,
    "FAILURE": Stage.FAILED,
}
# Of several jobs the first of these counts.
_ORDER = Stage.FAILED, Stage.PRINTING, Stage.WAITING, Stage.DONE

log = logging.getLogger(__name__)


def _ae_title(value: str) -> str:
    title = value.strip()
    if not 1 <= len(title) <= 16 or "\\" in title or not title.isascii() or not title.isprintable():
        raise ValueError("an AE title has 1 to 16 printable ASCII characters and no backslash")
    return title


_AETitle = Annotated[str, AfterValidator(_ae_title)]


class Settings(BaseModel):
    """A DICOM printer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field(min_length=1, description="Host of the printer.")
    port: int = Field(104, ge=1, le=65535, description="Its port.")
    called: _AETitle = Field(description="AE title of the printer.")
    calling: _AETitle = Field("PRINTSCP", description="AE title that calls it, which it may have to know.")
    film: Literal["original", "page"] = Field(
        "original",
        description="original: films go on with the layout and the pixels that came; page: each film is one "
        "image, rendered here.",
    )
    bits: Literal[8, 12] = Field(12, description="Of a gray sample of a page.")
    magnification: Literal["NONE", "REPLICATE", "BILINEAR", "CUBIC"] = Field(
        "NONE",
        description="Of a page. NONE: pixel by pixel, for a profile with the printer's own pixel matrix; a "
        "larger page is refused by the printer. The others fill its film.",
    )
    timeout: float = Field(30.0, gt=0, description="Seconds to wait for the printer at each step.")
    at_once: int = Field(1, ge=0, description="Jobs sent to it at once; 0: any number.")
    tls: bool = Field(False, description="Whether to talk over TLS.")
    ca: Path | None = Field(None, description="PEM file of what vouches for the printer, not the system's.")
    certificate: Path | None = Field(None, description="PEM file of a certificate to show.")
    key: Path | None = Field(None, description="PEM file of its private key.")

    @model_validator(mode="wrap")
    @classmethod
    def _of_sheets(cls, table: Any, handler: ModelWrapValidatorHandler[Self]) -> "Settings":
        """Films as they came are taken as sheets, which only an output that says so gets."""
        settings = handler(table)
        if settings.film == "original" and not isinstance(settings, OriginalSettings):
            return OriginalSettings.model_construct(settings.model_fields_set, **dict(settings))
        return settings

    @model_validator(mode="after")
    def _with_tls(self) -> Self:
        if not self.tls and (self.ca or self.certificate or self.key):
            raise ValueError("ca, certificate, key: go with tls = true")
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate: goes with its key, and that with it")
        return self

    @property
    def place(self) -> str:
        """AE title and address of the printer."""
        return f"{self.called} at {self.host}:{self.port}"

    def check(self) -> None:
        """See whether the files for TLS can be used.

        Raises:
            SetupError: they cannot.
        """
        _ = self._context

    def begin(self, ticket: Ticket) -> "Pages":
        """Start a document; the printer is called when it is whole."""
        return Pages(self, ticket)

    def follow(self, remote: str) -> Progress:
        """What became of print jobs, by their UIDs.

        A job that the printer does not know any more has ended: the standard lets a printer forget it once
        an end was reported, and nothing else (PS3.4 H.4.5). It counts as done, since to send it again would
        print it twice wherever a printer forgets soon, as most do.

        Raises:
            NotReady: the printer cannot be asked for now.
        """
        try:
            with self.associate([*_METAS, PRINT_JOB]) as association:
                state = _state(association)
                jobs = [_job(association, uid) for uid in remote.split()]
        except ClientError as error:
            raise _not_ready(error, self) from error
        stage, info, words = min(jobs, key=lambda each: _ORDER.index(each[0]))
        return Progress(stage, info, words, _condition(*state, self))

    def cancel(self, remote: str) -> None:
        """DICOM has no way to cancel a print job: the printer goes on with it."""
        log.warning("the printer cannot be told to cancel: it prints", extra={"output": self.place})

    def associate(self, wanted: list[UID]) -> PrintAssociation:
        """An association that proposes SOP classes, to be entered."""
        return PrintAssociation(
            self.host, self.port, self.called, self.calling, wanted, self.timeout, self._context
        )

    @cached_property
    def _context(self) -> ssl.SSLContext | None:
        if not self.tls:
            return None
        try:
            context = ssl.create_default_context(cafile=self.ca)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            if self.certificate is not None:
                context.load_cert_chain(self.certificate, self.key)
        except (OSError, ssl.SSLError) as error:
            raise SetupError(f"TLS files: {error.strerror or error}") from error
        return context


class OriginalSettings(Settings):
    """A DICOM printer that gets films as they were accepted."""

    def begin_sheets(self, ticket: Ticket) -> "Sheets":
        """Start a document; the printer is called when it is whole."""
        return Sheets(self, ticket)


class _Films:
    """The films of a job on their way; those of many wait in files, since films are large."""

    def __init__(self, settings: Settings, ticket: Ticket) -> None:
        self._settings = settings
        self._ticket = ticket
        self._films: list[Film] = []

    def finish(self, claim: Claim) -> Sent:
        """Send and print them.

        Raises:
            NotReady: the printer cannot take them for now.
            Refused: the printer does not take them; the message has its Error Comment.
            ClaimLost
        """
        settings = self._settings
        try:
            with settings.associate(classes(self._films)) as association:
                status, info = _state(association)
                session = FilmSession(association, self._order(), claim)
                if status != "FAILURE":
                    session.print(self._films)
        except ClientError as error:
            raise _in_terms(error, settings) from error
        if status == "FAILURE":
            raise NotReady(_condition(status, info, settings))
        remarks = [*session.remarks, *association.warnings]
        if status != "NORMAL":
            remarks.append(f"printer reports {status}, {info}")
        return self._sent(session.jobs, association.events, remarks)

    def _order(self) -> Dataset:
        """What the film session asks for."""
        ticket = self._ticket
        return attributes(
            NumberOfCopies=ticket.copies,
            PrintPriority=ticket.priority,
            MediumType=ticket.medium,
            FilmDestination=ticket.destination,
            FilmSessionLabel=ticket.label or None,
            OwnerID=ticket.owner or None,
        )

    def _sent(self, jobs: list[str], events: list[PrinterEvent], remarks: list[str]) -> Sent:
        """What there is to say of films that are accepted, by the last event of each of their jobs.

        Raises:
            Refused: one has failed. It was confirmed, and the printer may know no more of it.
        """
        last = {event.instance: event for event in events if event.sop_class == PRINT_JOB}
        stages = {uid: _EVENTS.get(last[uid].kind) if uid in last else None for uid in jobs}
        for uid, stage in stages.items():
            if stage is Stage.FAILED:
                said = last[uid].dataset.get("ExecutionStatusInfo")
                words = f"{self._settings.place}: print job failed: {said or 'no reason given'}"
                raise Refused(_term(said, "UNKNOWN"), words)
        open_jobs = [uid for uid, stage in stages.items() if stage is not Stage.DONE]
        return Sent(self._settings.place, " ".join(open_jobs), tuple(dict.fromkeys(remarks)))

    def _keep(self, film: Film) -> None:
        self._films.append(film if self._ticket.films == 1 else film.on_disk())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._films.clear()


class Sheets(_Films):
    """Films as they were accepted."""

    def add(self, sheet: Sheet) -> None:
        """Take the next film.

        Raises:
            OSError: no room for it among the temporary files.
        """
        self._keep(original(sheet))


class Pages(_Films):
    """Films as rendered pages, all of one size."""

    def __init__(self, settings: Settings, ticket: Ticket) -> None:
        super().__init__(settings, ticket)
        self._size: tuple[float, float] | None = None

    def add(self, page: Page | ColorPage) -> None:
        """Take the next page.

        Raises:
            OSError: no room for it among the temporary files.
            Refused: it is of another size than the first, of which alone the Film Size ID is known.
        """
        width, height = sorted(page.size_points)
        first = self._size or (width, height)
        if abs(width - first[0]) > _SAME_SIZE * first[0] or abs(height - first[1]) > _SAME_SIZE * first[1]:
            words = 'films of several sizes in one job cannot go as pages: set film = "original"'
            raise Refused("INVALID PAGE DES", f"{self._settings.place}: {words}")
        self._size = first
        settings = self._settings
        self._keep(rendered(page, self._ticket.film_size, settings.bits, settings.magnification))


# --- what the printer says -------------------------------------------------------------------------------


def _state(association: PrintAssociation) -> tuple[str, str]:
    """Printer Status and its info; NORMAL where the printer does not tell."""
    context = next((each for each in _METAS if association.offers(each)), None)
    if context is None:
        return "NORMAL", "NORMAL"
    try:
        return association.printer(context)
    except Failed:
        return "NORMAL", "NORMAL"


def _condition(status: str, info: str, settings: Settings) -> Condition:
    """Of an output: a printer that stands still is a WARNING, since films are taken, and wait for it."""
    if status == "NORMAL":
        return Condition()
    words = f"{settings.place}: printer reports {status}, {info or 'and no reason'}"
    return Condition("WARNING", _term(info, "CHECK PRINTER"), words)


def _job(association: PrintAssociation, uid: str) -> tuple[Stage, str, str]:
    """Stage, info and words of a print job."""
    keywords = ("ExecutionStatus", "ExecutionStatusInfo")
    try:
        found = association.get("N-GET of the print job", PRINT_JOB, uid, keywords)
    except Failed as error:
        if error.status != _NO_SUCH_INSTANCE:
            raise
        return Stage.DONE, "NORMAL", "the printer has no such print job any more: it has ended"
    status, info = found.get("ExecutionStatus"), found.get("ExecutionStatusInfo")
    stage = _STATUSES.get(status, Stage.WAITING)
    quiet = stage is not Stage.FAILED and info in (None, "", "NORMAL", "QUEUED")
    words = "" if quiet else f"printer reports {status}, {info or 'and no reason'}"
    return stage, _term(info, "UNKNOWN" if stage is Stage.FAILED else "NORMAL"), words


def _term(info: Any, instead: str) -> str:
    """A term of the printer, where it is one (VR CS)."""
    term = str(info or "").strip()
    return term if _CODE_STRING.fullmatch(term) else instead


def _in_terms(error: ClientError, settings: Settings) -> NotReady | Refused:
    """What an error says of films."""
    if isinstance(error, NotOffered) and error.sop_class == BASIC_COLOR_PRINT_MANAGEMENT_META:
        words = f"{settings.place}: printer prints no color: send color films elsewhere by a route"
        return Refused("INVALID PAGE DES", words)
    if isinstance(error, Failed) and error.status not in (*_FULL, *_BUSY, _NOT_AUTHORIZED):
        info = _INFO.get(error.status, "UNKNOWN")
        hint = ""
        if error.status in _INFO and error.step != CREATE_SESSION and settings.film == "original":
            hint = '; film = "page" for this output sends films rendered'
        elif error.status == _TOO_LARGE and settings.magnification == "NONE":
            hint = '; magnification = "CUBIC" for this output shrinks pages to fit'
        return Refused(info, f"{_words(error, settings)}{hint}")
    if not isinstance(error, Failed | Unreachable | Rejected | NotOffered):
        return Refused("ELEC SW ERROR", _words(error, settings))
    return _not_ready(error, settings)


def _words(error: ClientError, settings: Settings) -> str:
    """An error, and the printer's address once."""
    known = f"{settings.host}:{settings.port}" in str(error)
    return f"{settings.called if known else settings.place}: {error}"


def _not_ready(error: ClientError, settings: Settings) -> NotReady:
    """The printer cannot be asked, or not now."""
    words = _words(error, settings)
    if isinstance(error, Unreachable):
        return NotReady(Condition("WARNING", "PRINTER OFFLINE", words))
    if isinstance(error, Failed) and error.status in _FULL:
        return NotReady(Condition("WARNING", "PRINT BUFF FULL", words))
    if isinstance(error, Rejected) and error.transient:
        return NotReady(Condition("WARNING", "PRINTER BUSY", words))
    if isinstance(error, Failed) and error.status != _NOT_AUTHORIZED:
        return NotReady(Condition("WARNING", "PRINTER BUSY", words))
    if not isinstance(error, NotOffered):
        words += f"; check the AE titles: called {settings.called}, calling {settings.calling}"
    return NotReady(Condition("WARNING", "CHECK PRINTER", words))
