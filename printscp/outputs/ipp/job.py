"""A printer that is asked by IPP, and the jobs that it has: what its answers mean to films (RFC 8011)."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from enum import IntEnum

from printscp.outputs.ipp.message import (
    Attributes,
    Group,
    IppClient,
    Message,
    NoAnswer,
    NotAdmitted,
    Tag,
    one,
)
from printscp.outputs.ipp.printer import STATE, WANTED, PrinterAnswer
from printscp.outputs.output import Condition, NotReady, Progress, Refused, Stage

_NOT_POSSIBLE, _NOT_FOUND, _GONE, _OLD_VERSION = 0x0404, 0x0406, 0x0407, 0x0503
_INCOMING = "incoming:"
_BUSY_PAUSE = 2.0  # seconds
_JOB = (
    "copies",
    "document-format-supplied",
    "job-k-octets",
    "job-printer-state-message",
    "job-state",
    "job-state-message",
    "job-state-reasons",
    "job-uuid",
    "media-col",
    "number-of-documents",
    "time-at-processing",
)
# A queue of CUPS, whose printer forgot a job in the middle of it, or forgets each as soon as it is printed.
_LOST_SIGHT = "cups-ipp-missing-job-history"
_PERHAPS = "the queue lost sight of the job at its printer, and counts it as printed: look whether it was"
_PENDING, _HELD, _STOPPED, _CANCELED, _ABORTED, _COMPLETED = 3, 4, 6, 7, 8, 9
# Status codes of an answer (RFC 8011 B.1): Printer Status Info, and what they mean.
_WAIT = {
    0x0401: ("CHECK PRINTER", "does not let this host print: allow it there"),
    0x0402: ("CHECK PRINTER", "asks for a user name and password: let this host print without"),
    0x0403: ("CHECK PRINTER", "does not let this host print: allow it there"),
    0x0406: ("CHECK PRINTER", "knows no such printer: correct the uri"),
    0x0502: ("PRINTER BUSY", "is not ready yet"),
    0x0505: ("PRINTER BUSY", "has a temporary error"),
    0x0506: ("PRINTER OFFLINE", "does not accept jobs: let it"),
    0x0507: ("PRINTER BUSY", "is busy"),
}
_REFUSE = {
    0x0408: ("INSUFFIC MEMORY", "finds the document too large"),
    0x040A: ("INVALID PAGE DES", "does not take this document format: choose another document type"),
    0x040B: ("ELEC CONFIG ERR", "does not take what the job asks for"),
    0x0411: ("INVALID PAGE DES", "finds an error in the document: choose another document type"),
}


class Operation(IntEnum):
    """Operations (RFC 8011 5.4.15)."""

    PRINT_JOB = 0x02
    CREATE_JOB = 0x05
    SEND_DOCUMENT = 0x06
    CANCEL_JOB = 0x08
    GET_JOB_ATTRIBUTES = 0x09
    GET_PRINTER_ATTRIBUTES = 0x0B


@contextmanager
def _for_now() -> Iterator[None]:
    """A printer that does not answer a question may do so later."""
    try:
        yield
    except Refused as error:
        raise NotReady(Condition("WARNING", "CHECK PRINTER", str(error))) from error


class IppPrinter:
    """One printer and how to ask it; raises NotReady where it does not answer."""

    def __init__(self, client: IppClient, user: str) -> None:
        self.uri = client.uri
        self._client = client
        self._user = user
        self._version = (2, 0)

    def ask(
        self,
        operation: int,
        more: Attributes,
        job: Attributes | None = None,
        document: Iterable[bytes] | None = None,
    ) -> Message:
        """Send a request; ``more`` are its operation attributes behind those that all have."""
        operations = {
            "attributes-charset": one(Tag.CHARSET, "utf-8"),
            "attributes-natural-language": one(Tag.LANGUAGE, "en"),
            "printer-uri": one(Tag.URI, self.uri),
        }
        head = operations | _job_id(more) | {"requesting-user-name": one(Tag.NAME, self._user)} | more
        groups = ((Group.OPERATION, head), *([(Group.JOB, job)] if job else []))
        request = Message(operation, 1, groups, self._version)
        try:
            answer = self._client.ask(request, document)
        except NoAnswer as error:
            raise NotReady(self._warning("PRINTER OFFLINE", str(error))) from error
        except NotAdmitted as error:
            raise NotReady(self._warning("CHECK PRINTER", str(error))) from error
        if answer.code == _OLD_VERSION and self._version == (2, 0) and document is None:
            self._version = (1, 1)
            return self.ask(operation, more, job)
        return answer

    def describe(self, wanted: tuple[str, ...]) -> PrinterAnswer:
        """What it says of itself."""
        answer = self.ask(
            Operation.GET_PRINTER_ATTRIBUTES, {"requested-attributes": one(Tag.KEYWORD, *wanted)}
        )
        with _for_now():
            self.expect_success(answer)
        return PrinterAnswer(answer)

    def ready(self) -> PrinterAnswer:
        """What it says of itself, if it can print."""
        answer = self.describe(WANTED)
        if answer.stopped:
            condition = answer.condition
            raise NotReady(self._warning(condition.info, condition.words))
        if not answer.accepting:
            raise NotReady(self._warning(*_WAIT[0x0506]))
        if not answer.media:  # a CUPS queue that is new, or an old printer
            raise NotReady(self._warning("CHECK PRINTER", "does not say which sizes of film it has"))
        return answer

    def expect_success(self, answer: Message) -> None:
        """Take a status that is no success for what it means to the job: NotReady or Refused."""
        if answer.code <= 0x00FF:
            return
        said = " ".join(str(words) for words in answer.values(Group.OPERATION, "status-message"))
        behind = f" ({said})" if said else ""
        if answer.code in _WAIT:
            info, words = _WAIT[answer.code]
            pause = _BUSY_PAUSE if info == "PRINTER BUSY" else None
            raise NotReady(self._warning(info, words + behind), pause)
        if answer.code >= 0x0500:
            raise NotReady(self._warning("CHECK PRINTER", f"has error 0x{answer.code:04x}{behind}"))
        info, words = _REFUSE.get(answer.code, ("UNKNOWN", f"refuses with status 0x{answer.code:04x}"))
        unsupported = sorted(answer.names(Group.UNSUPPORTED))
        if answer.code == 0x040B and unsupported:
            info = "REQ MED NOT AVAI" if {"media", "media-col"} & set(unsupported) else info
            words = f"{words}: {', '.join(unsupported)}"
        raise self.refusal(info, words + behind)

    def refusal(self, status_info: str, words: str) -> Refused:
        """It will never print this."""
        return Refused(status_info, f"{self.uri}: {words}")

    def _warning(self, info: str, words: str) -> Condition:
        return Condition("WARNING", info, f"{self.uri}: {words}")


def _job_id(more: Attributes) -> Attributes:
    """Which job: stands right behind the printer (RFC 8011 4.1.5)."""
    return {name: more[name] for name in ("job-id",) if name in more}


class IppJob:
    """A job that a printer has.

    ``remote`` is its id there, its UUID where it has one, and as long as its document is on the way how many
    whole KiB that has: of a connection that breaks some printers take for a document what came so far.
    """

    def __init__(self, printer: IppPrinter, remote: str) -> None:
        self._printer = printer
        number, *more = remote.split()
        self._id = one(Tag.INTEGER, int(number))
        self._uuid = next((each for each in more if not each.startswith(_INCOMING)), "")
        incoming = [each.removeprefix(_INCOMING) for each in more if each.startswith(_INCOMING)]
        self._incoming = int(incoming[0]) if incoming else None

    def ask(self) -> Message:
        """What the printer says of it; any status."""
        wanted = one(Tag.KEYWORD, *_JOB)
        return self._printer.ask(
            Operation.GET_JOB_ATTRIBUTES, {"job-id": self._id, "requested-attributes": wanted}
        )

    def cancel(self) -> None:
        """Drop it, unless it is none of ours any more, or has ended."""
        if self._known(self.ask()):
            answer = self._printer.ask(Operation.CANCEL_JOB, {"job-id": self._id})
            if answer.code not in (_NOT_POSSIBLE, _NOT_FOUND, _GONE):
                with _for_now():
                    self._printer.expect_success(answer)

    def progress(self) -> Progress:
        """How far it is."""
        answer = self.ask()
        if not self._known(answer):
            return Progress(Stage.GONE, words="the printer does not know the job any more")
        states = answer.values(Group.JOB, "job-state")
        state = states[0] if states and isinstance(states[0], int) else 0
        if _without_document(answer, state) or not self._is_whole(answer):
            if state < _CANCELED:
                self.cancel()
            return Progress(Stage.GONE, words="the printer may not have got the whole document")
        printer = self._printer.describe(STATE)
        condition = printer.condition
        if condition.words:
            condition = replace(condition, words=f"{self._printer.uri}: {condition.words}")
        words = _said(answer) or printer.state_message
        if state in (_CANCELED, _ABORTED):
            how = "cancelled" if state == _CANCELED else "aborted"
            reasons = answer.values(Group.JOB, "job-state-reasons")
            info = "INVALID PAGE DES" if "document-format-error" in reasons else "UNKNOWN"
            return Progress(Stage.FAILED, info, f"{how} at the printer ({words})", condition)
        if state == _COMPLETED:
            lost = _LOST_SIGHT in printer.values("printer-state-reasons")
            return Progress(Stage.DONE, words=_PERHAPS if lost else "", condition=condition)
        if printer.waits:
            return Progress(Stage.WAITING, condition.info, condition.words, condition)
        if state == _STOPPED:
            return Progress(Stage.WAITING, "CHECK PRINTER", words or "stopped at the printer", condition)
        if state in (_PENDING, _HELD):
            words = "held at the printer: release it there" if state == _HELD else words
            return Progress(Stage.WAITING, "QUEUED", words, condition)
        return Progress(Stage.PRINTING, words=words, condition=condition)

    def _is_whole(self, answer: Message) -> bool:
        """Its document is, for all that is known."""
        if self._incoming is None:
            return True
        octets = answer.values(Group.JOB, "job-k-octets")
        return bool(octets) and isinstance(octets[0], int) and octets[0] >= max(self._incoming, 1)

    def _known(self, answer: Message) -> bool:
        if answer.code in (_NOT_FOUND, _GONE):
            return False
        with _for_now():
            self._printer.expect_success(answer)
        uuids = answer.values(Group.JOB, "job-uuid")
        return not self._uuid or not uuids or self._uuid == uuids[0]


def on_the_way(remote: str, size: int) -> str:
    """Of a job whose document of ``size`` bytes may not have arrived: what is kept of it meanwhile."""
    return f"{remote} {_INCOMING}{size // 1024}"


def _without_document(answer: Message, state: int) -> bool:
    """Its document did not arrive, and if it has ended, it has printed nothing."""
    waits = {"job-incoming", "job-data-insufficient"} if state in (_PENDING, _HELD) else {"job-incoming"}
    if state < _CANCELED and waits & set(map(str, answer.values(Group.JOB, "job-state-reasons"))):
        return True
    documents = answer.values(Group.JOB, "number-of-documents")
    if documents or state < _CANCELED:
        return documents == [0]
    never = "time-at-processing" in answer.names(Group.JOB)
    never = never and not answer.values(Group.JOB, "time-at-processing")
    return never and not answer.values(Group.JOB, "document-format-supplied")


def _said(job: Message) -> str:
    for name in ("job-printer-state-message", "job-state-message"):
        words = " ".join(str(each) for each in job.values(Group.JOB, name)).strip()
        if words:
            return words
    return ""
