"""Films: their geometry, tiles of density, readings and files."""

import re
from typing import Annotated, Literal

from fastapi import Path, Query, Request
from fastapi.responses import Response
from isal import igzip

from printscp.desk.records import Profile, Reading, SeenFilm
from printscp.web.access import Noted, Viewer
from printscp.web.api.asking import (
    OF_FILMS,
    FilmNumber,
    JobNumber,
    PatientViewer,
    attachment,
    example,
    media,
    operations,
)
from printscp.web.context import TheDesk

router = operations("films")

_OCTETS = "application/octet-stream"
_FILES = ("application/pdf", "application/postscript", "image/tiff", "image/png", "application/zip")
_OF_THIS_HOST = ("127.0.0.1", "::1")
_GZIP = re.compile(r"(?:^|[, ])gzip *(?:$|,|; *q=(?:1|0[.]0*[1-9]))", re.IGNORECASE)
_LARGEST = 1_000_000  # pixel of any film

Pixel = Annotated[int, Query(ge=0, le=_LARGEST, description="In printer pixels, from the top left.")]
FilmKind = Annotated[
    Literal["pdf", "postscript", "tiff", "png", "dicom", "capture"],
    Path(description="`dicom`: a zip of what was sent; `capture`: what `printscp jobs export` writes."),
]
JobKind = Annotated[
    Literal["pdf", "postscript", "tiff", "dicom", "capture"],
    Path(description="As of a film; a PNG has one film."),
]


@router.get(
    "/jobs/{job}/films/{film}", summary="See a film's geometry", responses=OF_FILMS, openapi_extra=example()
)
def get_film(desk: TheDesk, visitor: Viewer, note: Noted, job: JobNumber, film: FilmNumber) -> SeenFilm:
    """Its size, densities, image and annotation boxes, and the levels of its tiles."""
    found = desk.films.film(job, film, private=visitor.private)
    note("film seen", job=found.job, film=film)
    return found


@router.get(
    "/jobs/{job}/films/{film}/thumbnail",
    summary="See a small picture of a film",
    response_class=Response,
    responses=OF_FILMS | media("image/jpeg", "image/png", "image/webp"),
    openapi_extra=example(),
)
def get_thumbnail(desk: TheDesk, visitor: Viewer, job: JobNumber, film: FilmNumber) -> Response:
    """As on a light box, 320 pixels on the longer side; without patient data 160, and without text."""
    found = desk.films.thumbnail(job, film, private=visitor.private)
    return Response(found.content, media_type=found.media_type)


@router.get(
    "/jobs/{job}/films/{film}/tiles/{level}/{column}/{row}",
    summary="Get a tile of a film",
    response_class=Response,
    responses=OF_FILMS | media(_OCTETS),
    openapi_extra=example(),
)
def get_tile(
    request: Request,
    desk: TheDesk,
    visitor: PatientViewer,
    note: Noted,
    job: JobNumber,
    film: FilmNumber,
    level: Annotated[int, Path(ge=0, le=30, description="0 is one tile, the last level is full resolution.")],
    column: Annotated[int, Path(ge=0, le=_LARGEST)],
    row: Annotated[int, Path(ge=0, le=_LARGEST)],
) -> Response:
    """Its pixels, row by row: of gray film optical density in 0.0001 OD, 16 bits, little endian; of color
    film 8 bits each of red, green and blue. `X-Rows` and `X-Columns` say how many. Compressed by gzip for
    those who take that, but on this host."""
    tile = desk.films.tile(job, film, level, column, row)
    note("film seen", job=int(job), film=film)
    content = tile.content
    headers = {"X-Rows": str(tile.rows), "X-Columns": str(tile.columns), "Vary": "Accept-Encoding"}
    if _pays(request):
        content = igzip.compress(content, compresslevel=1, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return Response(content, media_type=_OCTETS, headers=headers)


def _pays(request: Request) -> bool:
    """Whether a tile is there sooner when it is compressed: by no network it is not (`records.Tile`)."""
    taken = _GZIP.search(request.headers.get("accept-encoding", ""))
    host = request.client.host if request.client else ""
    return taken is not None and host not in _OF_THIS_HOST


@router.get(
    "/jobs/{job}/films/{film}/reading",
    summary="Read a density",
    responses=OF_FILMS,
    openapi_extra=example("?x=100&y=100"),
)
def get_reading(
    desk: TheDesk,
    visitor: PatientViewer,
    note: Noted,
    job: JobNumber,
    film: FilmNumber,
    x: Pixel,
    y: Pixel,
    aperture_mm: Annotated[
        float, Query(ge=0, le=10, allow_inf_nan=False, description="Diameter of a round aperture; 0: none.")
    ] = 0.0,
) -> Reading:
    """A place of the film under the densitometer."""
    found = desk.films.reading(job, film, x, y, aperture_mm)
    note("film seen", job=int(job), film=film)
    return found


@router.get(
    "/jobs/{job}/films/{film}/profile",
    summary="Read densities along a line",
    responses=OF_FILMS,
    openapi_extra=example("?x1=10&y1=100&x2=150&y2=100"),
)
def get_profile(
    desk: TheDesk,
    visitor: PatientViewer,
    note: Noted,
    job: JobNumber,
    film: FilmNumber,
    x1: Pixel,
    y1: Pixel,
    x2: Pixel,
    y2: Pixel,
    limit: Annotated[int, Query(ge=2, le=10_000, description="At most so many densities.")] = 2000,
) -> Profile:
    """Evenly spaced from one pixel to the other; of gray film only."""
    found = desk.films.profile(job, film, (x1, y1), (x2, y2), limit)
    note("film seen", job=int(job), film=film)
    return found


@router.get(
    "/jobs/{job}/films/{film}/documents/{kind}",
    summary="Download a film",
    response_class=Response,
    responses=OF_FILMS | media(*_FILES, "application/x-tar"),
    openapi_extra=example(),
)
def get_film_document(
    desk: TheDesk, visitor: PatientViewer, note: Noted, job: JobNumber, film: FilmNumber, kind: FilmKind
) -> Response:
    """As a file; patient data are in it."""
    found = desk.films.document(job, film, kind)
    note("film taken", job=int(job), film=film, kind=kind)
    return attachment(found)


@router.get(
    "/jobs/{job}/documents/{kind}",
    summary="Download all films of a job",
    response_class=Response,
    responses=OF_FILMS | media(*_FILES, "application/x-tar"),
    openapi_extra=example(),
)
def get_job_document(
    desk: TheDesk, visitor: PatientViewer, note: Noted, job: JobNumber, kind: JobKind
) -> Response:
    """As one file; patient data are in it."""
    found = desk.films.document(job, None, kind)
    note("job taken", job=int(job), kind=kind)
    return attachment(found)
