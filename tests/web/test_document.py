"""docs/api.md says what the API does."""

import re
from pathlib import Path

from printscp.web.document import described, document
from printscp.web.problem import KINDS

COMMITTED = Path(__file__).parents[2] / "docs" / "api.md"


def test_the_page_is_current() -> None:
    assert COMMITTED.read_text(encoding="utf-8") == document(), (
        "run: python -m printscp.web.document > docs/api.md"
    )


def test_the_page_has_each_operation_and_each_problem() -> None:
    text = COMMITTED.read_text(encoding="utf-8")
    operations = [
        f"`{method.upper()} {path}`"
        for path, found in described().openapi()["paths"].items()
        for method in found
    ]
    assert len(operations) > 40
    for each in operations:
        assert text.count(f"\n{each}\n") == 1
    for name, kind in KINDS.items():
        assert text.count(f"\n| `{name}` | {kind.status} |") == 1


def test_each_link_of_the_page_leads_somewhere() -> None:
    text = COMMITTED.read_text(encoding="utf-8")
    headings = {heading.lower().replace(" ", "-") for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= headings


def test_the_document_knows_who_may_ask_and_says_which_values_are_allowed() -> None:
    made = described().openapi()
    assert {"bearer", "session"} == set(made["components"]["securitySchemes"])
    for path, operations in made["paths"].items():
        for operation in operations.values():
            assert operation["security"] == (
                [] if path in ("/healthz", "/readyz") else [{"bearer": []}, {"session": []}]
            )
            for each in operation.get("parameters", ()):
                assert _bounded(each["schema"]), f"{path}: {each['name']}"


def _bounded(schema: dict[str, object]) -> bool:
    """A number has two ends, a text a pattern or a length, a list a length."""
    several = schema.get("anyOf")
    if isinstance(several, list):
        return all(_bounded(each) for each in several)
    kind = schema.get("type")
    if kind in ("integer", "number"):
        return {"minimum", "maximum"} <= set(schema)
    if kind == "string":
        return bool({"pattern", "maxLength", "enum", "const", "format"} & set(schema))
    return kind == "null" or "maxItems" in schema
