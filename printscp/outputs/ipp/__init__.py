"""A printer that speaks IPP, or a CUPS queue: a job is one document, on film of its exact size.

Whether the printer has the film is asked before anything is sent. The printer gives the job its id before it
gets the document, and the id is kept with the job's UUID: a printer that was switched off and on counts from
one again. So a job is sent once: one whose document did not arrive is cancelled there before it is sent
again. Films may come out twice where a printer knows no Create-Job, has forgotten a job that it ended, or
does not tell how much of a document it has (job-k-octets) when its sender died in the last moment.

Of a CUPS queue its own word counts: a job that its printer aborts at once, or forgets when it is switched off
in the middle of it, CUPS may count as printed. Of the second there is a remark; a printer that is addressed
direct has neither.

Job priorities are 80 for HIGH, 50 for MED and 20 for LOW. A printer that wants a password, or denies this
host, is one to be mended: films wait.
"""

import re
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

from printscp.errors import SetupError
from printscp.outputs.ipp.job import IppJob, IppPrinter, Operation, on_the_way
from printscp.outputs.ipp.message import Attributes, Group, IppClient, Message, Tag, one
from printscp.outputs.ipp.printer import Fit, size_words
from printscp.outputs.output import Claim, Condition, NotReady, Progress, Refused, Sent, Ticket
from printscp.outputs.pwg import upright
from printscp.outputs.spooled import DocumentTable, SpooledDocument, check_document
from printscp.render.page import ColorPage, Page

_MIME_TYPES = {
    "pdf": "application/pdf",
    "postscript": "application/postscript",
    "tiff": "image/tiff",
    "pwg": "image/pwg-raster",
}
_PRIORITIES = {"HIGH": 80, "MED": 50, "LOW": 20}
_PIECE = 1 << 16
_STOPPED = 1.0  # seconds without sending anything, after which the job may be another's
_NAME_LENGTH = 255  # bytes (RFC 8011 5.1.3)
# Of these a film that is not as ordered would come, or too many, or too few.
_NEEDED = {"media-col", "media", "copies", "print-scaling"}


class Settings(BaseModel):
    """A printer that speaks IPP."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    uri: str = Field(description="ipp://HOST/PATH or ipps://HOST/PATH, of a printer or a CUPS queue.")
    document: DocumentTable | None = Field(
        None,
        description="Table of a file type and its keys: what the printer gets. Where none is given, PDF of 8 "
        "bits, or PWG raster where the printer has no PDF.",
    )
    at_once: int = Field(1, ge=1, description="Jobs that the printer may have at once.")
    ca: Path | None = Field(None, description="PEM file of who issued the printer's certificate, for ipps.")
    verify: bool = Field(True, description="Whether a printer's certificate must be trusted, for ipps.")
    timeout: float = Field(30.0, gt=0, le=3600, description="Seconds to wait for the printer.")
    user: str = Field(
        "printscp", min_length=1, max_length=_NAME_LENGTH, description="Who owns the jobs there."
    )

    @field_validator("document")
    @classmethod
    def _document_with_a_name(cls, table: dict[str, Any] | None) -> dict[str, Any] | None:
        if table is not None and table["type"] not in _MIME_TYPES:
            raise ValueError(f"type: {table['type']!r} is none of {', '.join(_MIME_TYPES)}")
        return table

    @field_validator("uri")
    @classmethod
    def _uri_of_a_printer(cls, uri: str) -> str:
        try:
            where = urlsplit(uri)
            good = where.scheme in ("ipp", "ipps") and bool(where.hostname) and where.port != 0
        except ValueError:
            good = False
        if not good or not uri.isascii() or not uri.isprintable() or " " in uri:
            raise ValueError("is not like ipp://HOST/PATH or ipps://HOST/PATH")
        if "@" in where.netloc:
            raise ValueError("cannot hold a user name or password: let this host print without")
        if where.query or where.fragment:
            raise ValueError("ends with its path: no ? or # behind it")
        return uri

    @property
    def place(self) -> str:
        """The printer's address."""
        return self.uri

    def check(self) -> None:
        """See whether the settings go together; the printer is not asked.

        Raises:
            SetupError: they do not, or a file that they name cannot be read.
        """
        if self.ca is not None:
            try:
                ssl.create_default_context(cafile=self.ca)
            except OSError as error:
                no_pem = isinstance(error, ssl.SSLError)
                why = "holds no PEM certificate" if no_pem else error.strerror
                raise SetupError(f"ca {self.ca}: {why}") from error
        if self.document is not None:
            try:
                check_document(self.document)
            except SetupError as error:
                raise SetupError(f"document: {error}") from error

    def begin(self, ticket: Ticket) -> "IppDocument":
        """Start a document.

        Raises:
            NotReady: the printer is not.
            Refused: it takes no document that we can make.
        """
        return IppDocument(self, ticket, self._printer)

    def follow(self, remote: str) -> Progress:
        """Ask what became of a job. One whose document did not arrive is cancelled, and GONE.

        Raises:
            NotReady: the printer does not say.
        """
        return IppJob(self._printer, remote).progress()

    def cancel(self, remote: str) -> None:
        """Have the printer drop a job.

        Raises:
            NotReady: it cannot be reached.
        """
        IppJob(self._printer, remote).cancel()

    @property
    def _printer(self) -> IppPrinter:
        return IppPrinter(IppClient(self.uri, self.timeout, self.ca, self.verify), self.user)


class IppDocument:
    """A document for a printer that is ready; its format is chosen when the first page is there."""

    def __init__(self, settings: Settings, ticket: Ticket, printer: IppPrinter) -> None:
        self._ticket = ticket
        self._printer = printer
        self._answer = printer.ready()
        self._stack = ExitStack()
        self._spooled: SpooledDocument | None = None
        self._fit: Fit | None = None
        self._type = self._choose_type(settings.document)
        copies = ticket.copies
        if copies > 1 and not self._answer.has("copies", copies):
            raise printer.refusal("ELEC CONFIG ERR", f"does not print {copies} copies: print again instead")

    def _choose_type(self, table: dict[str, Any] | None) -> dict[str, Any]:
        """The table of the document: as configured, else what the printer has."""
        formats = self._answer.values("document-format-supported")
        automatic: list[dict[str, Any]] = [{"type": "pdf", "bits": 8}, {"type": "pwg"}]
        tables = automatic if table is None else [table]
        for each in tables:
            if _MIME_TYPES[each["type"]] in formats:
                return each
        kinds = " or ".join(_MIME_TYPES[each["type"]] for each in tables)
        raise self._printer.refusal(
            "ELEC CONFIG ERR", f"does not take {kinds}, but {', '.join(map(str, formats))}"
        )

    def add(self, page: Page | ColorPage) -> None:
        """Take the next page.

        Raises:
            OSError: no room for it.
            Refused: the printer has no film of its size, or the job has films of several.
        """
        self._check_size(page)
        if self._type["type"] == "pwg" and self._fit is not None and self._fit.turned:
            page = upright(page)
        if self._spooled is None:
            table = self._type | (self._raster(page) if self._type["type"] == "pwg" else {})
            ticket = replace(self._ticket, copies=1)  # the printer makes them
            self._spooled = self._stack.enter_context(SpooledDocument(table, ticket, self._send))
        self._spooled.add(page)

    def _check_size(self, page: Page | ColorPage) -> None:
        """Media are chosen for a whole job: printers put a page of another size on the same film, and cut it
        or make it smaller."""
        width, height = (round(side / 72 * 2540) for side in page.size_points)
        fit = self._answer.fit(width, height)
        if fit is None:
            media = ", ".join(map(str, self._answer.media[:12]))
            raise self._printer.refusal(
                "REQ MED NOT AVAI", f"has no film of {size_words(width, height)}, but {media}"
            )
        if self._fit is None:
            self._fit = fit
        elif {fit.width, fit.height} != {self._fit.width, self._fit.height}:
            raise self._printer.refusal(
                "REQ MED NOT AVAI",
                f"cannot print films of {size_words(self._fit.width, self._fit.height)} and "
                f"{size_words(fit.width, fit.height)} in one job: print each film by itself",
            )

    def _raster(self, page: Page | ColorPage) -> dict[str, Any]:
        """The keys of PWG raster that the printer prints, for pages of such a resolution."""
        keys: dict[str, Any] = {}
        offered = self._answer.dots_per_inch
        if offered:
            finer = [each for each in offered if each >= page.dots_per_inch]
            keys["dots_per_inch"] = finer[0] if finer else offered[-1]
        kinds = self._answer.values("pwg-raster-document-type-supported")
        if kinds and "srgb_8" not in kinds:
            if "sgray_8" not in kinds:
                raise self._printer.refusal(
                    "ELEC CONFIG ERR", "takes PWG raster of neither sgray_8 nor srgb_8"
                )
            keys["colors"] = "gray"
        elif kinds and "sgray_8" not in kinds:
            keys["colors"] = "rgb"
        return {key: value for key, value in keys.items() if key not in self._type}

    def finish(self, claim: Claim) -> Sent:
        """Send it.

        Raises:
            OSError: no room for it.
            NotReady: the printer is not.
            Refused: it does not take it.
            ClaimLost
        """
        assert self._spooled is not None, "a job has at least one film"
        return self._spooled.finish(claim)

    def _send(self, file: Path, claim: Claim) -> Sent:
        job = self._job_attributes()
        operations = self._answer.values("operations-supported")
        claim.hold()
        if operations and Operation.CREATE_JOB not in operations:
            answer = self._printer.ask(
                Operation.PRINT_JOB, self._name() | self._format(), job, _pieces(file, claim)
            )
            remote = self._accepted(answer)
            claim.remember(remote, self._printer.uri)
            self._check_ignored(answer, remote, claim)
        else:
            answer = self._printer.ask(Operation.CREATE_JOB, self._name(), job)
            remote = self._accepted(answer)
            try:
                claim.remember(on_the_way(remote, file.stat().st_size), self._printer.uri)
            except BaseException:
                with suppress(NotReady):
                    IppJob(self._printer, remote).cancel()
                raise
            self._check_ignored(answer, remote, claim)
            self._send_document(file, remote, claim)
        return Sent(self._printer.uri, remote)

    def _send_document(self, file: Path, remote: str, claim: Claim) -> None:
        number = int(remote.split()[0])
        head = {"job-id": one(Tag.INTEGER, number)} | self._format()
        # When no answer comes, the job may print all the same: `follow` tells.
        head |= {"last-document": one(Tag.BOOLEAN, True)}
        answer = self._printer.ask(Operation.SEND_DOCUMENT, head, None, _pieces(file, claim))
        with self._dropped_unless_taken(remote, claim):
            self._printer.expect_success(answer)

    @contextmanager
    def _dropped_unless_taken(self, remote: str, claim: Claim) -> Iterator[None]:
        """A job that the printer, by its own word, does not print as it should is not left there."""
        try:
            yield
        except (NotReady, Refused):
            IppJob(self._printer, remote).cancel()
            claim.remember("")
            raise

    def _accepted(self, answer: Message) -> str:
        """The job's id and UUID."""
        self._printer.expect_success(answer)
        numbers = answer.values(Group.JOB, "job-id")
        if not numbers or not isinstance(numbers[0], int):
            raise NotReady(Condition("WARNING", "CHECK PRINTER", f"{self._printer.uri}: names no job"))
        uuids = answer.values(Group.JOB, "job-uuid")
        if not uuids:
            with suppress(NotReady):
                uuids = IppJob(self._printer, str(numbers[0])).ask().values(Group.JOB, "job-uuid")
        good = [uuid for uuid in uuids[:1] if re.fullmatch(r"urn:uuid:[\w-]+", str(uuid), re.ASCII)]
        return " ".join([str(numbers[0]), *good])

    def _check_ignored(self, answer: Message, remote: str, claim: Claim) -> None:
        """What a printer ignores or replaces it names (RFC 8011 4.1.7), or shows in the job that it has."""
        ignored = _NEEDED & answer.names(Group.UNSUPPORTED)
        job = IppJob(self._printer, remote).ask()
        copies = job.values(Group.JOB, "copies")
        if self._ticket.copies > 1 and copies and copies != [self._ticket.copies]:
            ignored.add("copies")
        assert self._fit is not None
        if self._fit.replaced(job.values(Group.JOB, "media-col")):
            ignored.add("media-col")
        if ignored:
            info = "ELEC CONFIG ERR" if ignored == {"copies"} else "REQ MED NOT AVAI"
            with self._dropped_unless_taken(remote, claim):
                raise self._printer.refusal(info, f"takes the job, but ignores {', '.join(sorted(ignored))}")

    def _name(self) -> Attributes:
        name = self._ticket.title.encode()[:_NAME_LENGTH].decode(errors="ignore")
        return {"job-name": one(Tag.NAME, name)}

    def _format(self) -> Attributes:
        return {"document-format": one(Tag.MIME_TYPE, _MIME_TYPES[self._type["type"]])}

    def _job_attributes(self) -> Attributes:
        """Job Template attributes, of those that the printer knows."""
        answer, ticket = self._answer, self._ticket
        job: Attributes = {}
        if answer.has("copies", ticket.copies):
            job["copies"] = one(Tag.INTEGER, ticket.copies)
        if answer.takes("job-priority"):
            job["job-priority"] = one(Tag.INTEGER, _PRIORITIES.get(ticket.priority, 50))
        for name, keyword in (
            ("print-scaling", "none"),
            ("sides", "one-sided"),
            ("multiple-document-handling", "separate-documents-collated-copies"),
        ):
            if answer.has(name, keyword):
                job[name] = one(Tag.KEYWORD, keyword)
        if answer.has("print-quality", 5):
            job["print-quality"] = one(Tag.ENUM, 5)  # high
        return job | self._medium()

    def _medium(self) -> Attributes:
        assert self._fit is not None
        members = self._answer.values("media-col-supported")
        if self._answer.takes("media-col") and (not members or "media-size" in members):
            size = self._fit.media_col
            return {"media-col": one(Tag.COLLECTION, size)}
        if self._answer.takes("media") and self._fit.name:
            return {"media": one(Tag.KEYWORD, self._fit.name)}
        raise self._printer.refusal("ELEC CONFIG ERR", "lets no job choose the size of its film")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: Any) -> None:
        self._stack.__exit__(*error)


def _pieces(file: Path, claim: Claim) -> Iterator[bytes]:
    """The bytes of a document. Who was stopped on the way, and before the last of it everyone, asks whether
    the job is still theirs: another may have sent it again."""
    asked, left = monotonic(), file.stat().st_size
    with file.open("rb") as stream:
        while piece := stream.read(_PIECE):
            left -= len(piece)
            if left <= 0 or monotonic() - asked > _STOPPED:
                claim.hold()
            asked = monotonic()
            yield piece
