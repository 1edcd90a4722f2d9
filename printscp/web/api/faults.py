"""Faults that test printers make on purpose."""

from typing import Annotated, Any

from fastapi import Body, Path

from printscp.desk.records import FaultKind, SeenFault
from printscp.web.access import Administrator, Noted, Viewer
from printscp.web.api.asking import example, noted, operations, problems
from printscp.web.context import TheDesk

router = operations("faults")

_SEEN = problems("not-possible", "away", "busy")
_CHANGED = _SEEN | problems("no-such-thing", "role", "cross-site")
_MOST_KEYS = 40  # of a fault's table

FaultName = Annotated[str, Path(alias="name", pattern=r"^[^\x00-\x1F\x7F/]{1,100}$")]


@router.get("/faults", summary="List the faults that are to happen", responses=_SEEN, openapi_extra=example())
def list_faults(desk: TheDesk, visitor: Viewer) -> tuple[SeenFault, ...]:
    """Printers that make none, as those for patients do, answer 409."""
    return desk.faults.all()


@router.get("/faults/kinds", summary="List what faults there are", openapi_extra=example())
def list_fault_kinds(desk: TheDesk, visitor: Viewer) -> tuple[FaultKind, ...]:
    """With the keys that each takes, and the steps at which it can be made; see docs/faults.md."""
    return desk.faults.kinds()


@router.post(
    "/faults",
    summary="Have a fault happen",
    status_code=201,
    responses=_CHANGED,
    openapi_extra=example(body={"fault": "out-of-film", "films": 3}),
)
def add_fault(
    desk: TheDesk,
    visitor: Administrator,
    note: Noted,
    keys: Annotated[dict[str, Any], Body(max_length=_MOST_KEYS)],
) -> SeenFault:
    """The keys are those of its table in the file of faults."""
    with noted(note, "fault added", fault=str(keys.get("fault", ""))[:64]):
        return desk.faults.add(keys)


@router.delete("/faults", summary="Clear all faults", responses=_CHANGED, openapi_extra=example())
def clear_faults(desk: TheDesk, visitor: Administrator, note: Noted) -> tuple[str, ...]:
    """Names of those that are gone."""
    with noted(note, "faults cleared"):
        return desk.faults.clear()


@router.delete("/faults/{name}", summary="Clear a fault", responses=_CHANGED, openapi_extra=example())
def clear_fault(desk: TheDesk, visitor: Administrator, note: Noted, name: FaultName) -> tuple[str, ...]:
    """Its name."""
    with noted(note, "faults cleared", name=name):
        return desk.faults.clear(name)
