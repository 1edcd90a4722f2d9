"""What other printers answer to the same requests: each is asked, with no spool behind it."""

from collections.abc import Sequence
from datetime import datetime

from pydicom.dataset import Dataset
from pydicom.uid import UID, ImplicitVRLittleEndian

from printscp.errors import MistypedArgument, PrintError
from printscp.film.attributes import SUCCESS
from printscp.film.dialogue import Dialogue
from printscp.film.exchange import Answer, Request, Values
from printscp.film.job import ExecutionStatus, Job
from printscp.film.memory import MemoryBudget
from printscp.film.printer import Draft, Fate, Printer
from printscp.film.profile import PrinterProfile
from printscp.film.service import contexts, perform
from printscp.film.sheet import BytesLike, Order, Sheet
from printscp.film.statuses import MEANINGS, category
from printscp.lint.case import Case, class_name
from printscp.transcript import Step, Transcript
from printscp.transcript.renaming import Renaming

_MUCH = 1 << 50  # bytes
TAKEN = "taken"
"""Of a request that is answered with success."""
NOT_REACHED = "not reached"
"""Begins what is said of requests that would not come: after one that was refused, or for an instance that
the printer did not make."""


class _Draft:
    """Keeps nothing."""

    def put(self, position: int, pixels: BytesLike) -> None:
        pass

    def keep(self, sheet: Sheet) -> None:
        pass

    def discard(self) -> None:
        pass


class _Spool:
    """Takes every job, and prints none."""

    def __init__(self, began: datetime) -> None:
        self._began = began
        self._jobs: dict[str, Order] = {}

    def draft(self) -> Draft:
        return _Draft()

    def submit(self, uid: str, order: Order, drafts: Sequence[Draft], fate: Fate | None = None) -> None:
        self._jobs[uid] = order

    def find(self, uid: str) -> Job | None:
        order = self._jobs.get(uid)
        if order is None:
            return None
        return Job(
            id=1,
            uid=uid,
            status=ExecutionStatus.PENDING,
            status_info="QUEUED",
            info="",
            order=order,
            films=(),
            remarks=(),
            created=self._began,
            finished=None,
            confirmed=False,
            deliveries=(),
        )

    def confirm(self, uid: str) -> None:
        self._jobs.pop(uid, None)

    def release(self, fault: str) -> None:
        pass


class Imager:
    """A printer of a profile, on an association with the contexts of a transcript."""

    def __init__(self, profile: PrinterProfile, transcript: Transcript) -> None:
        self.name = profile.name
        offered = contexts(profile.color)
        self._contexts = {
            context.abstract_syntax
            for context in transcript.contexts
            if context.abstract_syntax in offered
            and (ImplicitVRLittleEndian in context.proposed or not profile.implicit_vr_only)
        }
        self._renaming = Renaming()
        self._refused_at = 0
        self._dialogue = Dialogue(
            Printer(
                name=profile.name[:16],
                profile=profile,
                mode=profile.mode,
                software_version="",
                budget=MemoryBudget(_MUCH),
                spool=_Spool(transcript.began),
                job_events=False,
            ),
            transcript.calling,
            frozenset(UID(each) for each in self._contexts),
            lambda _: None,
        )

    def answer(self, case: Case, sent: Dataset | None) -> str:
        """What the printer answers, in words; ``sent`` is the data set, which is changed, or None where it
        cannot be decoded."""
        if self._refused_at:
            return f"{NOT_REACHED}: refused at step {self._refused_at}"
        if str(case.step.instance) in self._renaming.absent:
            return f"{NOT_REACHED}: it makes no such {class_name(case.step.sop_class)}"
        if case.step.service == "C-ECHO":
            return TAKEN
        if case.context not in self._contexts:
            self._refused_at = case.step.number
            return "rejects the presentation context"
        try:
            if sent is None:
                raise PrintError("data set cannot be decoded")
            answer = perform(self._dialogue, case.verb, self._request(case, sent))
        except PrintError as error:
            self._refused_at = case.step.number
            return _said(error.status, error.comment)
        except Exception:  # what it makes of a request that it did not foresee is not known
            self._refused_at = case.step.number
            return "not known"
        self._learn(case, answer)
        self._dialogue.between_requests()
        return _said(answer.status, answer.comment)

    def close(self) -> None:
        self._dialogue.close()

    def _request(self, case: Case, sent: Dataset) -> Request:
        self._renaming.apply(sent)
        step = case.step
        recorded = str(step.instance)
        if not step.sop_class or (not recorded and case.verb != "create"):
            raise MistypedArgument("the command lacks an element")
        instance = UID(self._renaming.uid(recorded)) if recorded else None
        return Request(
            UID(case.context),
            step.sop_class,
            instance,
            sent,
            step.command.get("ActionTypeID"),
            _tags(step),
        )

    def _learn(self, case: Case, answer: Answer) -> None:
        if case.answer is None:
            return
        recorded = str(case.answer.instance or case.step.instance)
        here = str(answer.instance or "")
        self._renaming.learn(recorded, case.returned, here, _references(answer.values))


def _tags(step: Step) -> tuple[int, ...]:
    asked = step.command.get("AttributeIdentifierList") or ()
    return tuple(asked) if isinstance(asked, (list, tuple)) else (int(asked),)


def _references(values: Values | None) -> Dataset:
    """The sequences of an answer that name instances."""
    dataset = Dataset()
    for keyword, value in (values or {}).items():
        if keyword.startswith("Referenced") and isinstance(value, list):
            items = []
            for each in value:
                item = Dataset()
                item.ReferencedSOPClassUID = each["ReferencedSOPClassUID"]
                item.ReferencedSOPInstanceUID = each["ReferencedSOPInstanceUID"]
                items.append(item)
            setattr(dataset, keyword, items)
    return dataset


def _said(status: int, comment: str) -> str:
    """A status as people read it."""
    if status == SUCCESS:
        return TAKEN
    outcome = "refused" if category(status) == "Failure" else "warning"
    text = comment or MEANINGS.get(status, "unknown status")
    return f"0x{status:04X} {outcome}: {text}"
