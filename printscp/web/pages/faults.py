"""Faults that test printers make on purpose: on, and off."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.datastructures import FormData

from printscp.errors import SetupError
from printscp.web.access import Administrator, Noted, Viewer, Visitor
from printscp.web.api.asking import noted
from printscp.web.context import TheDesk
from printscp.web.rendering import render

router = APIRouter()

_WHOLE = ("after", "times", "films")  # keys whose values are whole numbers
_LONGEST = 500  # characters of a value


async def _form(request: Request) -> FormData:
    return await request.form()


Filled = Annotated[FormData, Depends(_form)]


@router.get("/faults")
def faults(
    request: Request, visitor: Viewer, desk: TheDesk, kind: Annotated[str, Query(max_length=64)] = ""
) -> HTMLResponse:
    """What is to happen, and a form for more."""
    return _page(request, visitor, desk, "faults.html", kind)


@router.get("/_/faults")
def now(request: Request, visitor: Viewer, desk: TheDesk) -> HTMLResponse:
    """What is to happen, alone."""
    return _page(request, visitor, desk, "faults_now.html")


@router.get("/_/faults/keys")
def keys(
    request: Request, visitor: Viewer, desk: TheDesk, kind: Annotated[str, Query(max_length=64)] = ""
) -> HTMLResponse:
    """The fields of a fault."""
    return _page(request, visitor, desk, "faults_keys.html", kind)


@router.post("/faults", response_model=None)
def add(
    request: Request, visitor: Administrator, desk: TheDesk, note: Noted, filled: Filled
) -> HTMLResponse | RedirectResponse:
    """Have a fault happen; what is wrong with it is told beside the form."""
    said = {key: value for key, value in filled.items() if isinstance(value, str)}
    kind = said.get("fault", "")
    try:
        with noted(note, "fault added", fault=kind[:64]) as more:
            more["name"] = desk.faults.add(table_of(said)).name
    except SetupError as error:
        return _page(request, visitor, desk, "faults.html", kind, said, str(error), status=422)
    return RedirectResponse("/faults", 303)


@router.post("/faults/clear")
def clear(
    request: Request,
    visitor: Administrator,
    desk: TheDesk,
    note: Noted,
    name: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Take one back, or all."""
    with noted(note, "faults cleared") as more:
        more["names"] = ", ".join(desk.faults.clear(name or None))
    return RedirectResponse("/faults", 303)


def table_of(said: dict[str, str]) -> dict[str, Any]:
    """The table of a fault, of what a form has: text in each field, empty where nothing is asked for.

    Raises:
        SetupError: a value cannot be what its key takes.
    """
    table: dict[str, Any] = {}
    for key, value in said.items():
        text = value.strip()
        if not text or key == "csrf":
            continue
        if len(text) > _LONGEST:
            raise SetupError(f"{key}: at most {_LONGEST} characters")
        table[key] = _value(key, text)
    return table


def _value(key: str, text: str) -> Any:
    if key in _WHOLE:
        if not (text.isascii() and text.isdecimal()):
            raise SetupError(f"{key}: a whole number, not {text!r}")
        return int(text)
    if key == "seconds":
        try:
            return float(text.replace(",", "."))
        except ValueError:
            raise SetupError(f"seconds: a number, not {text!r}") from None
    if key == "printing":
        return text == "true"
    if key == "keywords":
        return text.replace(",", " ").split()
    if key == "values":
        return dict(_pair(line) for line in text.splitlines() if line.strip())
    return text


def _pair(line: str) -> tuple[str, str]:
    keyword, found, value = line.partition("=")
    if not found:
        raise SetupError(f"values: KEYWORD = VALUE, a line each, not {line.strip()!r}")
    return keyword.strip(), value.strip()


def _page(
    request: Request,
    visitor: Visitor,
    desk: TheDesk,
    template: str,
    kind: str = "",
    said: dict[str, str] | None = None,
    problem: str = "",
    status: int = 200,
) -> HTMLResponse:
    possible = desk.faults.possible
    kinds = desk.faults.kinds() if possible else ()
    chosen = next((each for each in kinds if each.fault == kind), None)
    return render(
        request,
        template,
        visitor,
        status=status,
        possible=possible,
        faults=desk.faults.all() if possible else (),
        kinds=kinds,
        chosen=chosen,
        said=said or {},
        problem=problem,
    )
