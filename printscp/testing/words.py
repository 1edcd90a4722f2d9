"""What a bench printer has to tell of its SCUs, in words: for a test that fails, mostly.

No attribute's value is among them but what the printer itself said: those of the SCU may name a patient.
"""

from collections.abc import Iterable, Iterator

from pydicom.uid import UID

from printscp.film.statuses import MEANINGS, category
from printscp.lint import Finding, Severity
from printscp.transcript import Sender, Step, Transcript
from printscp.transcript.words import title

_MOST = 60  # steps of an association; of more the last ones are told


def dialogue_in_words(transcript: Transcript) -> Iterator[str]:
    """A line for the association, and one for each of its steps that asks or ends."""
    yield (
        f"{transcript.calling} > {transcript.called or transcript.printer}: printer {transcript.printer} "
        f"({transcript.profile}, {transcript.mode})"
    )
    refused = [each for each in transcript.contexts if not each.accepted]
    if refused:
        yield f"  not accepted: {', '.join(_class_name(each.abstract_syntax) for each in refused)}"
    steps = list(transcript.steps)
    answers = {step.answers: step for step in steps if step.answers}
    told = [step for step in steps if not step.answers]
    if len(told) > _MOST:
        yield f"  {len(told) - _MOST + transcript.dropped} steps before"
    for step in told[-_MOST:]:
        yield f"  {step.number:>4}  {step.at:8.3f} s  {_step(transcript, step, answers.get(step.number))}"


def finding_in_words(finding: Finding) -> str:
    """Two lines: what is wrong, and what to do."""
    where = f"step {finding.step}, {finding.request}" if finding.step else finding.request
    about = f", {finding.attribute}" if finding.attribute else ""
    clause = f" ({finding.clause})" if finding.clause else ""
    return (
        f"{finding.severity.upper()} {finding.code}: {where}{about}: {finding.message}{clause}\n"
        f"      to do: {finding.fix}"
    )


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Errors before warnings before notes."""
    order = list(Severity)
    return sorted(findings, key=lambda finding: order.index(finding.severity))


def status_in_words(status: int) -> str:
    """As "0x0106 invalid attribute value"."""
    return f"0x{status:04X} {MEANINGS.get(status, category(status).lower())}"


def _step(transcript: Transcript, step: Step, answer: Step | None) -> str:
    said = f"{'' if step.sender is Sender.SCU else 'printer: '}{title(transcript, step)}"
    fault = next((each.fault for each in (answer, step) if each and each.fault), "")
    if answer is not None and answer.status is not None:
        said += f"  ->  {status_in_words(answer.status)}"
        comment = str(answer.command.get("ErrorComment") or "")
        said += f": {comment}" if comment else ""
    elif step.is_request:
        said += "  ->  no answer"
    said += f" ({step.note})" if step.note else ""
    return f"{said}  [fault {fault}]" if fault else said


def _class_name(uid: str) -> str:
    return UID(uid).name.removesuffix(" SOP Class")
