"""The pages, each with the parts that change in it."""

from fastapi import APIRouter, Depends, Request

from printscp.web.context import TheDesk
from printscp.web.pages import actions, compare, faults, film, preferences, printers, queue, unprinted, wall
from printscp.web.stream import newest


async def _since(request: Request, desk: TheDesk) -> None:
    """What changes from before a page is made is told to it: its stream of events begins there."""
    request.state.since = await newest(desk.changes)


router = APIRouter(dependencies=[Depends(_since)])
for page in (wall, film, compare, queue, actions, printers, faults, unprinted, preferences):
    router.include_router(page.router)
