"""A report for programs: JSON, and JUnit XML for continuous integration."""

from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree

from printscp.lint.finding import Finding, Graded, Report, Severity

_ASSOCIATION = Graded(0, "association", None)


def report_json(report: Report) -> dict[str, Any]:
    """The report as JSON has it; docs/findings.md lists the keys."""
    return {
        "calling": report.calling,
        "printer": report.printer,
        "profile": report.profile,
        "mode": report.mode,
        "began": report.began.isoformat(),
        "ok": report.ok,
        **{f"{severity}s": report.count(severity) for severity in Severity},
        "requests": [
            {"step": each.step, "request": each.request, "status": each.status} for each in report.requests
        ],
        "findings": [
            {
                "code": each.code,
                "severity": str(each.severity),
                "step": each.step,
                "request": each.request,
                "attribute": each.attribute,
                "message": each.message,
                "clause": each.clause,
                "fix": each.fix,
                "imagers": each.imagers,
            }
            for each in report.findings
        ],
    }


def report_junit(report: Report, name: str, *, warnings_fail: bool = False) -> bytes:
    """The report as JUnit XML: a test case for each request and one for the association, which fails with its
    errors; what does not fail it is its output. ``name`` is that of the suite."""
    failing = {Severity.ERROR, Severity.WARNING} if warnings_fail else {Severity.ERROR}
    suite = ElementTree.Element("testsuite", name=_xml(name), timestamp=report.began.isoformat())
    failures = 0
    known = {each.step for each in report.requests}
    rest = [each for each in report.findings if each.step not in known]
    cases: list[tuple[Graded, Sequence[Finding]]] = [(_ASSOCIATION, rest)]
    cases += [(request, report.of(request.step)) for request in report.requests]
    for request, findings in cases:
        title = f"{request.step}: {request.request}" if request.step else request.request
        case = ElementTree.SubElement(suite, "testcase", classname=_xml(report.profile), name=_xml(title))
        failed = [each for each in findings if each.severity in failing]
        if failed:
            failures += 1
            codes = ", ".join(dict.fromkeys(each.code for each in failed))
            failure = ElementTree.SubElement(case, "failure", message=codes, type=str(failed[0].severity))
            failure.text = _xml("\n\n".join(_words(each) for each in failed))
        told = [each for each in findings if each.severity not in failing]
        if told:
            ElementTree.SubElement(case, "system-out").text = _xml("\n\n".join(_words(each) for each in told))
    suite.set("tests", str(len(cases)))
    suite.set("failures", str(failures))
    suite.set("errors", "0")
    return bytes(ElementTree.tostring(suite, encoding="utf-8", xml_declaration=True)) + b"\n"


def answers(finding: Finding) -> dict[str, list[str]]:
    """What imagers answer, and who they are: most telling first, those that were not reached last."""
    by_answer: dict[str, list[str]] = {}
    for name, said in finding.imagers.items():
        by_answer.setdefault("not reached" if said.startswith("not reached") else said, []).append(name)
    return dict(sorted(by_answer.items(), key=lambda item: (not item[0].startswith("0x"), item[0])))


def _words(finding: Finding) -> str:
    about = f"{finding.attribute}: " if finding.attribute else ""
    lines = [
        f"{finding.severity}: {finding.code}",
        f"{about}{finding.message}",
        f"{finding.clause}. {finding.fix}",
    ]
    return "\n".join(lines + [f"{said}: {', '.join(names)}" for said, names in answers(finding).items()])


def _xml(text: str) -> str:
    """Text without the characters that XML cannot hold."""
    return "".join(
        each if each == "\n" or each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text
    )
