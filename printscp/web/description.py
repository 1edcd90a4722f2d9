"""The OpenAPI document: what the framework knows of the operations, and what it cannot know."""

from typing import Any

from fastapi import FastAPI
from pydantic import TypeAdapter

from printscp.web.problem import Problem

TEXT = """Everything that the light box can do.

Jobs are named by number or `latest`, films of a job from 1. What goes wrong is told as problem details
(RFC 9457), and docs/api.md lists the kinds. Nothing may be stored; nothing in an address names a patient.

Roles: `view` sees; `operate` also holds, releases, cancels, moves, prioritizes, reprints and verifies;
`admin` also purges, makes faults and reads the audit log. POST, PUT and DELETE with a cookie need the header
`X-CSRF-Token`, whose value `GET /api/v1/me` has. HEAD works where GET does.
"""
_SECURITY = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "A token that `printscp users token` made.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "printscp-session-11180",
        "description": "The cookie of a log-in: its name has the port, and by HTTPS begins with `__Host-`.",
    },
}
_TAGS = {
    "jobs": "The queue, seen and steered.",
    "films": "Films as they would hang on a light box: geometry, tiles of density, readings, files.",
    "inspection": "What was sent, what was wrong with it, and whether it came out right.",
    "printers": "Printers, their outputs and their quality.",
    "faults": "Faults that test printers make on purpose.",
    "changes": "What changes, as it does.",
    "me": "Who asks, and who asked for what.",
    "health": "For those who watch over it.",
}
_OPEN = ("/healthz", "/readyz")  # to anybody


def describe(app: FastAPI) -> None:
    """Have an application's OpenAPI document say all that there is to say."""
    framework = app.openapi
    app.description = TEXT
    app.openapi_tags = [{"name": name, "description": text} for name, text in _TAGS.items()]
    app.servers = [{"url": "/"}]

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None or "securitySchemes" not in app.openapi_schema.get("components", {}):
            _complete(framework())
        assert app.openapi_schema is not None
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _complete(document: dict[str, Any]) -> None:
    components = document["components"]
    problem = TypeAdapter(Problem).json_schema(ref_template="#/components/schemas/{model}")
    components["schemas"] |= problem.pop("$defs") | {"Problem": problem}
    for name in ("HTTPValidationError", "ValidationError"):  # the framework's own
        components["schemas"].pop(name, None)
    components["securitySchemes"] = _SECURITY
    _tuples_as_lists(components["schemas"])
    for path, operations in document["paths"].items():
        for operation in operations.values():
            operation["security"] = [] if path in _OPEN else [{name: []} for name in _SECURITY]


def _tuples_as_lists(schema: Any) -> None:
    """In place: many programs that read OpenAPI know no `prefixItems`. Their length stays said."""
    if isinstance(schema, dict):
        kinds = schema.pop("prefixItems", None)
        if kinds is not None:
            distinct = [each for place, each in enumerate(kinds) if each not in kinds[:place]]
            schema["items"] = distinct[0] if len(distinct) == 1 else {"anyOf": distinct}
    for each in schema.values() if isinstance(schema, dict) else schema:
        if isinstance(each, dict | list):
            _tuples_as_lists(each)
