"""The faults there are, and what they have in common."""

from collections.abc import Mapping
from enum import Enum, StrEnum
from typing import Any, NamedTuple, Self

COMMAND_KEYWORDS = (
    *("AffectedSOPClassUID", "AffectedSOPInstanceUID", "CommandField", "MessageID", "EventTypeID"),
    *("MessageIDBeingRespondedTo", "Status", "ErrorComment", "OffendingElement", "AttributeIdentifierList"),
    "ActionTypeID",
)
"""Elements of the command set that a fault can take away or change, the Command Field only to another."""
REQUESTS = (
    *(f"film-session.{verb}" for verb in ("create", "set", "action", "delete")),
    *(f"film-box.{verb}" for verb in ("create", "set", "action", "delete")),
    *("image-box.set", "annotation-box.set", "presentation-lut.create", "presentation-lut.delete"),
    *("printer.get", "printer-configuration.get", "print-job.get", "echo"),
)
"""Steps that are requests of the SCU."""
EVENTS = ("print-job.event", "printer.event")
"""Steps that are event reports of the printer."""
STEPS = ("associate", *REQUESTS, *EVENTS, "release")
_ANSWERED = tuple(step for step in REQUESTS if step != "echo")
ANY_REQUEST, ANY_EVENT = "any", "event"


class _Kind(NamedTuple):
    name: str
    parameters: tuple[str, ...] = ()
    needed: tuple[str, ...] = ()
    steps: tuple[str, ...] = STEPS
    counted: bool = True  # it happens at a step, and `after` and `times` count


class Kind(Enum):
    """What faults have in common: how they are made, their parameters and the steps they can be at."""

    STATE = _Kind("state", ("info", "seconds"))
    SUPPLY = _Kind("supply", ("films", "info", "printer_status", "seconds"), ("films",), (), counted=False)
    JOB = _Kind("job", ("info", "printing"), (), ())
    REFUSAL = _Kind("refusal", ("status", "comment"), ("status",), _ANSWERED)
    REJECTION = _Kind("rejection", ("reason", "result"), (), ("associate",))
    DELAY = _Kind("delay", ("seconds",), ("seconds",))
    ABORT = _Kind("abort", ("when",))
    RESET = _Kind("reset", ("when",))
    HANG_UP = _Kind("hang-up", ("when",))
    SILENCE = _Kind("silence", ("when",))
    GARBAGE = _Kind("garbage", ("when",))
    HALF = _Kind("half")
    MISSING = _Kind("missing", ("keywords",), ("keywords",), (*REQUESTS, *EVENTS))
    WRONG = _Kind("wrong", ("values",), ("values",), (*REQUESTS, *EVENTS))
    DATA_SET = _Kind("data set", (), (), (*_ANSWERED, *EVENTS))
    CONTEXT = _Kind("context", (), (), (*REQUESTS, *EVENTS))
    REPEAT = _Kind("repeat", (), (), (*REQUESTS, *EVENTS))
    OVERTAKEN = _Kind("overtaken", (), (), EVENTS)

    @property
    def breaks(self) -> bool:
        """What is to be sent does not get there."""
        return self in _BREAKING


_BREAKING = (Kind.ABORT, Kind.RESET, Kind.HANG_UP, Kind.SILENCE, Kind.GARBAGE, Kind.HALF)
_NO_UID = "1.2.3.4.5.6.7.8.9"  # no printer's


def _fault(
    name: str, kind: Kind, does: str, cause: str, **presets: Any
) -> tuple[str, Kind, str, str, Mapping[str, Any]]:
    return name, kind, does, cause, presets


class Fault(StrEnum):
    """The faults there are: name, kind, what it does, what may cause it at a real printer, and presets.

    Presets are parameters whose values make this fault of its kind; ``at`` among them can be given otherwise.
    """

    kind: Kind
    does: str
    cause: str
    presets: Mapping[str, Any]

    def __new__(cls, name: str, kind: Kind, does: str, cause: str, presets: Mapping[str, Any]) -> Self:
        member = str.__new__(cls, name)
        member._value_ = name
        member.kind, member.does, member.cause, member.presets = kind, does, cause, presets
        return member

    PRINTER_WARNING = _fault(
        "printer-warning",
        Kind.STATE,
        "Printer Status is WARNING with `info` as its info: in N-GET, and as an event where printer "
        "events are on. Films are printed all the same.",
        "film runs low, a cover is open, a processor warms up",
        printer_status="WARNING",
        info="SUPPLY LOW",
    )
    PRINTER_FAILURE = _fault(
        "printer-failure",
        Kind.STATE,
        "Printer Status is FAILURE with `info` as its info: in N-GET, and as an event where printer "
        "events are on. Films are taken all the same.",
        "a jam, no film, switched off by the operator",
        printer_status="FAILURE",
        info="FILM JAM",
    )
    OUT_OF_FILM = _fault(
        "out-of-film",
        Kind.SUPPLY,
        "After `films` films the printer is out of film: its status is `printer_status` with `info`, and "
        "jobs are taken and wait as PENDING with that info. It is refilled with as many when `seconds` "
        "are over, or the rule is cleared; then they are printed.",
        "an empty magazine",
        info="SUPPLY EMPTY",
    )
    JOB_FAILURE = _fault(
        "job-failure",
        Kind.JOB,
        "A print is answered with success, and then its job ends in FAILURE with `info`; with `printing` "
        "it is said to print before. The film stays in the spool, and can be reprinted.",
        "a film that is spoiled on its way through the printer",
        info="ELEC SW ERROR",
    )
    QUEUE_FULL = _fault(
        "queue-full",
        Kind.REFUSAL,
        "A print is refused: 0xC601 for a film session, 0xC602 for a film box.",
        "as many jobs wait as the printer can hold",
        at="film-*.action",
        status=0,
        comment="print queue full: try again later",
    )
    OUT_OF_MEMORY = _fault(
        "out-of-memory",
        Kind.REFUSAL,
        "A request is refused for want of memory: 0xC605 for an image, 0x0213 for anything else.",
        "large images of several SCUs at once",
        at="image-box.set",
        status=0,
        comment="no memory now: try again later",
    )
    STATUS = _fault(
        "status",
        Kind.REFUSAL,
        "A request is answered with `status`, and `comment` as the Error Comment. With a failure it is "
        "not carried out, with success or a warning it is.",
        "whatever the SCU is to be ready for",
    )
    REJECT = _fault(
        "reject",
        Kind.REJECTION,
        "An association is rejected for a `reason` of PS3.8 9.3.4; `result` says whether for good.",
        "a printer that is busy, or does not know the SCU",
        at="associate",
        reason="no-reason-given",
    )
    SLOW = _fault(
        "slow",
        Kind.DELAY,
        "An answer takes `seconds` more; the request is carried out before.",
        "a printer that renders while it answers, a slow network",
        at=ANY_REQUEST,
    )
    ABORT = _fault(
        "abort",
        Kind.ABORT,
        "The printer aborts the association.",
        "a printer that restarts, or finds fault with what came",
    )
    RESET = _fault(
        "reset",
        Kind.RESET,
        "The TCP connection is reset.",
        "a crash of the printer, a firewall",
    )
    HANG_UP = _fault(
        "hang-up",
        Kind.HANG_UP,
        "The TCP connection is closed in order, without an A-ABORT.",
        "a printer whose process ended",
    )
    HALF_PDU = _fault(
        "half-pdu",
        Kind.HALF,
        "Half of the first PDU that there is to send is sent, and then nothing more; the connection stays "
        "open.",
        "a printer that hangs, a network that broke",
    )
    GARBAGE = _fault(
        "garbage",
        Kind.GARBAGE,
        "Bytes that are no PDU are sent, and then nothing more; the connection stays open.",
        "a port that is another program's, a broken gateway",
    )
    SILENCE = _fault(
        "silence",
        Kind.SILENCE,
        "Nothing is sent, and the connection stays open. What comes next is answered again, unless the "
        "association was to be accepted or released.",
        "a printer that hangs",
    )
    MISSING_ATTRIBUTES = _fault(
        "missing-attributes",
        Kind.MISSING,
        "An answer or event lacks attributes: `keywords` of its command set or its data set, at any depth.",
        "printers that return less than PS3.4 asks for",
    )
    MISSING_REFERENCES = _fault(
        "missing-references",
        Kind.MISSING,
        "The answer that makes a film box does not name its image boxes.",
        "a printer that takes no more images",
        at="film-box.create",
        keywords=("ReferencedImageBoxSequence",),
    )
    WRONG_ATTRIBUTES = _fault(
        "wrong-attributes",
        Kind.WRONG,
        "Attributes of an answer or event have other values: `values` by keyword, of its command set, or "
        "of its data set at any depth. One that is nowhere is added.",
        "printers that answer something else than was asked",
    )
    WRONG_REFERENCES = _fault(
        "wrong-references",
        Kind.WRONG,
        "The answer that makes a film box names image boxes that are not there.",
        "a printer that mixes up its associations",
        at="film-box.create",
        values={"ReferencedSOPInstanceUID": _NO_UID},
    )
    WRONG_INSTANCE = _fault(
        "wrong-instance",
        Kind.WRONG,
        "An answer or event is about another instance: Affected SOP Instance UID.",
        "a printer that mixes up its associations",
        values={"AffectedSOPInstanceUID": _NO_UID},
    )
    WRONG_MESSAGE_ID = _fault(
        "wrong-message-id",
        Kind.WRONG,
        "An answer is to a message that was never sent: Message ID Being Responded To is 65535.",
        "answers that come late, and are taken for others",
        values={"MessageIDBeingRespondedTo": 65535},
    )
    WRONG_CONTEXT = _fault(
        "wrong-context",
        Kind.CONTEXT,
        "An answer or event comes on a presentation context that was not agreed on.",
        "a printer with a fault in its network layer",
    )
    NO_DATA_SET = _fault(
        "no-data-set",
        Kind.DATA_SET,
        "An answer or event comes without its data set.",
        "printers that answer N-CREATE with a status alone",
        data="none",
    )
    HALF_DATA_SET = _fault(
        "half-data-set",
        Kind.DATA_SET,
        "The data set of an answer or event ends in the middle.",
        "a printer with a fault in its encoder",
        data="half",
    )
    GARBAGE_DATA_SET = _fault(
        "garbage-data-set",
        Kind.DATA_SET,
        "The data set of an answer or event is of bytes at random.",
        "a printer with a fault in its encoder",
        data="garbage",
    )
    ANSWERED_TWICE = _fault(
        "answered-twice",
        Kind.REPEAT,
        "An answer is sent twice.",
        "a printer with a fault in its network layer",
    )
    EVENT_DELAYED = _fault(
        "event-delayed",
        Kind.DELAY,
        "An event report, and those after it, are sent `seconds` later; requests are answered meanwhile.",
        "a printer that asks its films now and then",
        at=ANY_EVENT,
    )
    EVENT_DOUBLED = _fault(
        "event-doubled",
        Kind.REPEAT,
        "An event report is sent once more when it is confirmed.",
        "a printer that missed the confirmation",
        at=ANY_EVENT,
    )
    EVENTS_REVERSED = _fault(
        "events-reversed",
        Kind.OVERTAKEN,
        "An event report is sent after the one that follows it.",
        "a printer that tells of its jobs from several threads",
        at=ANY_EVENT,
    )
    NO_EVENTS = _fault(
        "no-events",
        Kind.SILENCE,
        "Event reports are not sent.",
        "a printer that has none, though it negotiates them",
        at=ANY_EVENT,
        when="instead",
    )


class Reason(NamedTuple):
    """Result, source and diagnostic of an A-ASSOCIATE-RJ (PS3.8 9.3.4)."""

    result: int
    source: int
    diagnostic: int


REASONS = {
    "no-reason-given": Reason(1, 1, 1),
    "application-context": Reason(1, 1, 2),
    "calling-ae-title": Reason(1, 1, 3),
    "called-ae-title": Reason(1, 1, 7),
    "no-reason-given-by-acse": Reason(1, 2, 1),
    "protocol-version": Reason(1, 2, 2),
    "temporary-congestion": Reason(2, 3, 1),
    "local-limit": Reason(2, 3, 2),
}
"""All that are not reserved, each with the result that makes sense."""

PARAMETERS = {
    "at": "the step: a name or a pattern with * and ?; `any` is each request, `event` each event report",
    "after": "how many matches are let pass first [default: 0]",
    "times": "how often it happens; 0 is always [default: 0]",
    "when": "`before` a request is carried out, which then never is; `instead` of the answer to what was "
    "carried out; or `after` the answer. An association, its release and an event have nothing to carry out: "
    "`before` is `instead` there [default: instead]",
    "info": "a term of PS3.3 C.13.9.1",
    "films": "how many the magazine holds; 0: none from the start",
    "seconds": "how long",
    "status": 'the status: a number, or "0x0110"',
    "comment": "Error Comment (0000,0902)",
    "reason": ", ".join(f"`{name}`" for name in REASONS),
    "result": "`permanent` or `transient` [default: as the reason has it]",
    "keywords": "a list of keywords",
    "values": "a table of values by keyword",
    "printing": "whether the job is said to print before it fails [default: true]",
    "printer_status": "`WARNING` or `FAILURE` [default: what usually comes with the info]",
}
"""What can be said of a fault, besides `name`, `printer` and `calling`."""

OF_ALL = ("name", "fault", "printer", "calling")
"""Keys that each rule may have."""
