"""Which jobs a page is asked for, in its address."""

from datetime import date
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Path, Query
from pydantic import Field

from printscp.desk.records import JobFilter
from printscp.errors import SetupError

STATES = ("open", "HELD", "PENDING", "PRINTING", "DONE", "FAILURE")

WHICH = r"^(latest|[0-9]{1,10})$"
Which = Annotated[str, Path(pattern=WHICH)]
FilmNumber = Annotated[int, Path(ge=1, le=9999)]
Imager = Annotated[str, Query(max_length=64)]  # a printer profile whose answers are told; none where empty
Before = Annotated[int | None, Query(ge=1, le=2**31)]
These = Annotated[list[Annotated[int, Field(ge=1, lt=2**31)]], Query(alias="job", max_length=100)]
_Title = Annotated[str, Query(max_length=64)]


async def _asked(
    printer: _Title = "", calling: _Title = "", state: _Title = "", day: _Title = ""
) -> JobFilter:
    """The filter of an address, in which a form leaves empty what it does not ask for."""
    if state and state not in STATES:
        raise SetupError(f"state: one of {', '.join(STATES)}")
    try:
        when = date.fromisoformat(day) if day else None
    except ValueError:
        raise SetupError("day: a date as 2026-11-22") from None
    return JobFilter(printer, calling, state, when)


Asked = Annotated[JobFilter, Depends(_asked)]


def address_of(asked: JobFilter, **more: object) -> str:
    """The query of an address that asks for the same, with the question mark; empty where it asks for all."""
    day = asked.day.isoformat() if asked.day else ""
    said = {"printer": asked.printer, "calling": asked.calling, "state": asked.state, "day": day, **more}
    query = urlencode({name: value for name, value in said.items() if value not in ("", None)})
    return f"?{query}" if query else ""
