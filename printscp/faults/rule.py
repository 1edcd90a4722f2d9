"""Rules: when a fault happens, and with what parameters."""

from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_data_element

from printscp.faults.fault import (
    ANY_EVENT,
    ANY_REQUEST,
    COMMAND_KEYWORDS,
    OF_ALL,
    PARAMETERS,
    REASONS,
    Fault,
    Kind,
    Reason,
)
from printscp.faults.terms import OF_JOBS, TERMS, USUAL_STATUS

_NUMBERS = ("IS", "US", "SS", "UL", "SL", "US or SS")  # VRs
_TITLE = "AE titles that it is for, with * and ? as wildcards"


def _status(value: Any) -> Any:
    return int(value, 16) if isinstance(value, str) else value


class FaultRule(BaseModel):
    """When a fault happens. What does not belong to its fault is refused; ``name`` is that of the fault where
    it is not given."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field("", max_length=64, pattern=r"^[A-Za-z0-9._ -]*$")
    fault: Fault
    printer: str = Field("*", description=_TITLE)
    calling: str = Field("*", description=_TITLE)
    at: str = ""
    after: int = Field(0, ge=0)
    times: int = Field(0, ge=0)
    when: Literal["before", "instead", "after"] = "instead"
    info: str = ""
    films: int = Field(0, ge=0)
    seconds: float = Field(0.0, ge=0, le=86400)
    status: Annotated[int, BeforeValidator(_status)] = Field(0, ge=0, le=0xFFFF)
    comment: str = Field("", max_length=64)
    reason: str = "no-reason-given"
    result: Literal["", "permanent", "transient"] = ""
    keywords: tuple[str, ...] = ()
    values: dict[str, str | int | float | list[str] | list[int]] = Field(default_factory=dict)
    printing: bool = True
    printer_status: Literal["", "WARNING", "FAILURE"] = ""
    data: Literal["", "none", "half", "garbage"] = ""

    @model_validator(mode="before")
    @classmethod
    def _of_its_fault(cls, given: Any) -> Any:
        said = given.get("fault") if isinstance(given, dict) else None
        fault = next((each for each in Fault if each == said), None)
        if fault is None:
            return given  # which is said in its own words
        possible = keys_of(fault)
        for key in given:
            if key in cls.model_fields and key not in possible:
                raise ValueError(f"{key}: {fault} has no such key; it has {', '.join(possible)}")
        for key in (*(("at",) if "at" in possible else ()), *fault.kind.value.needed):
            if key not in given and key not in fault.presets and not (key == "at" and _at_once(fault)):
                raise ValueError(f"{key}: is missing: {PARAMETERS[key]}")
        return {"name": str(fault), **fault.presets, **given}

    @model_validator(mode="after")
    def _makes_sense(self) -> "FaultRule":
        steps = self.fault.kind.value.steps
        if self.at and not any(covers(self.at, step) for step in steps):
            raise ValueError(f"at: {self.at} is none of {', '.join((ANY_REQUEST, ANY_EVENT, *steps))}")
        if self.after and not self.at and self.kind is Kind.STATE:
            raise ValueError("after: at: is missing: without a step there is nothing to count")
        if self.info and self.info not in (TERMS if self.fault.kind is Kind.JOB else USUAL_STATUS):
            job = ", which only jobs have" if self.info in OF_JOBS else ""
            raise ValueError(f"info: {self.info} is no term of PS3.3 C.13.9.1{job}: see printscp fault kinds")
        if self.reason not in REASONS:
            raise ValueError(f"reason: {self.reason} is none of {', '.join(REASONS)}")
        for keyword in (*self.keywords, *self.values):
            tag = tag_for_keyword(keyword)
            if tag is None or (tag >> 16 == 0 and keyword not in COMMAND_KEYWORDS):
                raise ValueError(f"{keyword}: is no keyword of PS3.6 that answers have")
        if "CommandField" in self.keywords:
            raise ValueError("keywords: without CommandField there would be no message")
        for keyword, value in self.values.items():
            _check_value(keyword, value)
        if self.kind is Kind.SILENCE and self.when == "after":
            raise ValueError("when: silence after the answer is none: before or instead")
        if not self.comment.isprintable() or not self.at.isprintable():
            raise ValueError("comment, at: printable characters only")
        return self

    @property
    def kind(self) -> Kind:
        return self.fault.kind

    def is_for(self, printer: str, calling: str) -> bool:
        """Whether it is for a printer and an SCU of these AE titles."""
        return _fits(printer, self.printer) and _fits(calling, self.calling)

    def status_at(self, step: str) -> int:
        """Of a refusal: the status that is answered."""
        return self.status or _STATUSES.get((self.fault, step)) or _STATUSES.get((self.fault, ""), 0)

    @property
    def rejection(self) -> Reason:
        """Of a rejection."""
        reason = REASONS[self.reason]
        return reason._replace(result={"permanent": 1, "transient": 2}.get(self.result, reason.result))

    def table(self) -> dict[str, Any]:
        """What a file has to say of it: all but presets and defaults."""
        needed = {key: self.model_dump(mode="json")[key] for key in self.kind.value.needed}
        said = self.model_dump(mode="json", exclude_defaults=True) | needed
        presets = self.fault.presets
        return {key: value for key, value in said.items() if getattr(self, key) != presets.get(key)}


_STATUSES = {
    (Fault.QUEUE_FULL, "film-session.action"): 0xC601,
    (Fault.QUEUE_FULL, "film-box.action"): 0xC602,
    (Fault.QUEUE_FULL, ""): 0x0213,
    (Fault.OUT_OF_MEMORY, "image-box.set"): 0xC605,
    (Fault.OUT_OF_MEMORY, ""): 0x0213,
}


def keys_of(fault: Fault) -> tuple[str, ...]:
    """The keys that a rule of this fault may have."""
    kind = fault.kind.value
    own = (key for key in kind.parameters if key not in fault.presets or key in _MAY_BE_OTHER)
    at = ("at",) if kind.steps else ()
    return (*OF_ALL, *at, *(("after",) if kind.counted else ()), "times", *own)


_MAY_BE_OTHER = ("at", "info", "reason", "comment")


def covers(pattern: str, step: str) -> bool:
    """Whether a step is meant by what a rule is ``at``."""
    event = step.endswith(".event")
    if pattern == ANY_EVENT:
        return event
    if pattern == ANY_REQUEST:
        return not event and step not in ("associate", "release")
    return fnmatchcase(step, pattern)


def _at_once(fault: Fault) -> bool:
    """It need not be at a step."""
    return fault.kind is Kind.STATE


def _fits(title: str, pattern: str) -> bool:
    return fnmatchcase(title, pattern.replace("[", "[[]"))


def _check_value(keyword: str, value: Any) -> None:
    tag = tag_for_keyword(keyword) or 0
    vr = dictionary_VR(tag).partition(" ")[0]
    if vr in ("SQ", "OB", "OW", "UN", "AT"):
        raise ValueError(f"{keyword}: values of VR {vr} cannot be given")
    if keyword in COMMAND_KEYWORDS and not isinstance(value, int if vr == "US" else str):
        raise ValueError(f"{keyword}: {value!r} is no value of VR {vr}")
    stream = DicomBytesIO()
    stream.is_little_endian, stream.is_implicit_VR = True, True
    try:
        write_data_element(stream, DataElement(tag, vr, value))
    except Exception as error:
        raise ValueError(f"{keyword}: {value!r} is no value of VR {vr}") from error


def as_written(keyword: str, text: str) -> int | str:
    """What a text stands for as the value of an attribute: a number, in either base, where its VR is one."""
    tag = tag_for_keyword(keyword)
    if tag is None or dictionary_VR(tag) not in _NUMBERS:
        return text
    try:
        return int(text, 16 if text.startswith("0x") else 10)
    except ValueError:
        return text
