"""Print Job (PS3.4 H.4.5), and what the N-ACTION of film session and film box have in common."""

from typing import ClassVar

from pydicom.uid import UID

from printscp.errors import NoSuchAction, NoSuchArgument, NoSuchSOPInstance
from printscp.film.dialogue import Dialogue
from printscp.film.exchange import Answer, Request, Values, reference
from printscp.film.reply import Reply, pick
from printscp.film.uids import PRINT_JOB

_PRINT = 1

_ATTRIBUTES = (
    Reply("ExecutionStatus", "U/M"),
    Reply("ExecutionStatusInfo", "U/M"),
    Reply("PrintPriority", "U/M"),
    Reply("CreationDate", "U/U"),
    Reply("CreationTime", "U/U"),
    Reply("PrinterName", "U/U"),
    Reply("Originator", "U/U"),
)


class PrintJob:
    """Made by N-ACTION; outlives the association, until the SCU confirms its Done or Failure event."""

    uid = PRINT_JOB
    tables: ClassVar = {"get": _ATTRIBUTES}

    @staticmethod
    def get(dialogue: Dialogue, request: Request) -> Answer:
        dialogue.check_uid(request.instance)
        job = dialogue.printer.spool.find(request.instance or "")
        if job is None:
            dialogue.find(request)  # an instance of another class?
            raise NoSuchSOPInstance("no such print job, or its end was confirmed")
        created = job.created.astimezone()
        values: Values = {
            "ExecutionStatus": str(job.status),
            "ExecutionStatusInfo": job.status_info,
            "PrintPriority": job.order.priority,
            "CreationDate": f"{created:%Y%m%d}",
            "CreationTime": f"{created:%H%M%S}",
            "PrinterName": job.order.printer_name,
            "Originator": job.order.originator,
        }
        return pick(values, _ATTRIBUTES, request, strict=dialogue.strict)


def check_print(dialogue: Dialogue, request: Request) -> list[str]:
    """What is to be said of an N-ACTION that is fit to be carried out.

    Raises:
        NoSuchAction, NoSuchArgument
    """
    if request.action_type != _PRINT:
        raise NoSuchAction(f"Action Type ID {request.action_type} is unknown: 1 prints")
    if request.dataset and dialogue.strict:
        raise NoSuchArgument("print has no action information")
    return ["action information ignored"] if request.dataset else []


def job_reference(dialogue: Dialogue, job: UID) -> Values | None:
    """Referenced Print Job Sequence, only for an SCU that has negotiated Print Job.

    PS3.6 has this keyword for tag (2100,0500); the shorter one is another, retired attribute.
    """
    if PRINT_JOB not in dialogue.services:
        return None
    return {"ReferencedPrintJobSequencePullStoredPrint": [reference(PRINT_JOB, job)]}
