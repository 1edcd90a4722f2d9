"""The API, version 1: everything that the page can do."""

from fastapi import APIRouter

from printscp.web.api import faults, films, inspection, jobs, me, printers

router = APIRouter()
for _each in (jobs, films, inspection, printers, faults, me):
    router.include_router(_each.router)
