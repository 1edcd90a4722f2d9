"""The pages, each with the parts that change in it."""

from fastapi import APIRouter

from printscp.web.pages import actions, compare, faults, film, preferences, printers, queue, unprinted, wall

router = APIRouter()
for page in (wall, film, compare, queue, actions, printers, faults, unprinted, preferences):
    router.include_router(page.router)
