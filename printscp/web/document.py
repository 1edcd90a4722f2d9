"""Writes docs/api.md, of the OpenAPI document: ``python -m printscp.web.document > docs/api.md``."""

import json
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI

from printscp.web import api, metrics, stream
from printscp.web.api.asking import ALWAYS
from printscp.web.description import TEXT, describe
from printscp.web.problem import KINDS

_HOST = "http://127.0.0.1:11180"
_ARGUMENTS = {
    "job": "latest",
    "film": "1",
    "other": "latest",
    "printer": "PRINTSCP",
    "number": "1",
    "name": "out-of-film",
    "kind": "pdf",
    "level": "0",
    "column": "0",
    "row": "0",
}

_HEAD = f"""# The API

{TEXT}
The OpenAPI document is at `/api/v1/openapi.json`; this page is made of it. The examples do not log in: add
`-H "Authorization: Bearer $TOKEN"` where users are asked who they are (see `printscp users token`).

    curl -s {_HOST}/api/v1/jobs/latest                    # what became of the last job
    curl -s '{_HOST}/api/v1/changes?since=0&wait=30'      # wait for something to happen
    curl -sN {_HOST}/api/v1/events                        # or be told, as it does
    curl -sOJ {_HOST}/api/v1/jobs/latest/films/1/documents/pdf
"""


def described() -> FastAPI:
    """An application that has the API alone, to be asked for its OpenAPI document."""
    app = FastAPI(title="printscp", openapi_url=None)
    for router in (api.router, stream.router, metrics.router):
        app.include_router(router)
    describe(app)
    return app


def example_of(path: str, operation: dict[str, Any]) -> tuple[str, Any]:
    """What an operation's example asks for, and the body that it sends, None for none."""
    example = operation["x-example"]
    names = iter(part for part in path.split("/") if part.startswith("{"))
    for name in names:
        path = path.replace(name, quote(example.get(name[1:-1], _ARGUMENTS[name[1:-1]])))
    return path + example.get("query", ""), example.get("body")


def document() -> str:
    """docs/api.md."""
    made = described().openapi()
    return "\n".join([_HEAD, *_operations(made), *_schemas(made), *_problems()]) + "\n"


def _operations(made: dict[str, Any]) -> Iterator[str]:
    for tag in made["tags"]:
        yield f"## {tag['name'].capitalize()}\n\n{tag['description']}\n"
        for path, operations in made["paths"].items():
            for method, operation in operations.items():
                if tag["name"] in operation["tags"]:
                    yield from _operation(method.upper(), path, operation)


def _operation(method: str, path: str, operation: dict[str, Any]) -> Iterator[str]:
    yield f"### {operation['summary']}\n\n`{method} {path}`\n\n{operation['description']}\n"
    asked = [*_parameters(operation)]
    if asked:
        yield "\n".join(["| Parameter | | |", "|---|---|---|", *asked]) + "\n"
    where, body = example_of(path, operation)
    words = ["curl -s", *([f"-X {method}"] if method != "GET" else [])]
    if body is not None:
        words.append(f"-H 'Content-Type: application/json' -d '{json.dumps(body)}'")
    yield f"    {' '.join(words)} '{_HOST}{where}'\n"
    yield f"{_answer(operation)}\n"


def _parameters(operation: dict[str, Any]) -> Iterator[str]:
    for each in operation.get("parameters", ()):
        if each["in"] != "path" or each["name"] not in ("job", "film", "printer", "number"):
            where = "" if each["in"] == "query" else f" ({each['in']})"
            text = each.get("description", "")
            yield f"| `{each['name']}`{where} | {_allowed(each['schema'])} | {text} |"
    if "requestBody" in operation:
        for content in operation["requestBody"]["content"].values():
            yield f"| the body | {_allowed(content['schema'])} | |"


def _answer(operation: dict[str, Any]) -> str:
    said, problems = [], []
    for status, answer in operation["responses"].items():
        content = answer.get("content", {})
        if "application/problem+json" in content:
            problems.append(status)
        elif "application/json" in content:
            said.append(f"{status}: {_allowed(content['application/json']['schema'])}")
        else:
            said.append(f"{status}: {', '.join(f'`{each}`' for each in content) or 'nothing'}")
    own = sorted(set(problems) - {str(KINDS[each].status) for each in ALWAYS})
    beyond = f" Problems beyond those of every operation: {', '.join(own)}." if own else ""
    return f"Answers {'; '.join(said)}.{beyond}"


def _allowed(schema: dict[str, Any]) -> str:
    """What a schema allows, in a few words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_allowed(each) for each in schema["anyOf"]))
    if "enum" in schema:
        return ", ".join(f"`{each}`" for each in schema["enum"] if each != "")
    if "const" in schema:
        return f"`{schema['const']}`"
    kind = schema.get("type", "anything")
    if kind == "array":
        count = f"{schema['maxItems']} " if schema.get("minItems", 0) == schema.get("maxItems") else ""
        return f"list of {count}{_allowed(schema.get('items', {}))}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"{_allowed(schema['additionalProperties'])} by name"
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    span = f" {low} to {schema['maximum']}" if low is not None and "maximum" in schema else ""
    default = f", {schema['default']}" if schema.get("default") not in (None, "", []) else ""
    return f"{schema.get('format', kind)}{span}{default}"


def _schemas(made: dict[str, Any]) -> Iterator[str]:
    yield "## What answers hold\n"
    for name, schema in sorted(made["components"]["schemas"].items()):
        text = " ".join(schema.get("description", "").split("\n\n")[0].split()).replace("``", "`")
        yield f"### {name}\n\n{text}\n"
        if "enum" in schema:
            yield ", ".join(f"`{each}`" for each in schema["enum"]) + "\n"
        fields = schema.get("properties", {})
        if fields:
            rows = [
                f"| `{field}` | {_allowed(of)} | {of.get('description', '')} |"
                for field, of in fields.items()
            ]
            yield "\n".join(["| | | |", "|---|---|---|", *rows]) + "\n"


def _problems() -> Iterator[str]:
    yield "## Problems\n"
    always = ", ".join(str(status) for status in sorted({KINDS[each].status for each in ALWAYS}))
    yield f"Every operation may answer {always}; beyond those each says what it may answer.\n"
    yield "Of answers whose status is 400 or above, by their `type`, which is `/problems/` and the name:\n"
    rows = [f"| `{name}` | {each.status} | {each.title} | {each.to_do} |" for name, each in KINDS.items()]
    yield "\n".join(["| Name | Status | What it is | To do |", "|---|---|---|---|", *rows])


if __name__ == "__main__":
    sys.stdout.write(document())
