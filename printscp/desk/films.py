"""Films to be looked at: pages in tiles, under a densitometer, and as documents."""

import math
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from hashlib import blake2s
from threading import Lock

import numpy as np

from printscp import __version__
from printscp.delivery import page_of
from printscp.desk import documents
from printscp.desk.documents import KINDS, Kind
from printscp.desk.house import House
from printscp.desk.pages import TILE, Pages, Pyramid, level_count, pyramid
from printscp.desk.records import Box, Bytes, Profile, Reading, SeenAnnotation, SeenFilm, SeenImage, Tile
from printscp.desk.thumbnails import DRAWN, Thumbnails
from printscp.errors import Away, NoSuchJob, NotPossible, SetupError
from printscp.film.geometry import Rectangle
from printscp.film.job import Job
from printscp.film.sheet import Sheet, SheetImage
from printscp.render.omissions import not_rendered
from printscp.render.page import ColorPage, Density, Page
from printscp.render.resample import placement
from printscp.render.tone import OD_UNIT

__all__ = ["KINDS", "Films", "Kind"]

_KEPT_BYTES = 384 << 20  # of pages: four of 17 x 17 inches at 320 dpi
_KNOWN = 256  # sheets whose geometry is remembered
_LARGEST_APERTURE = 10.0  # mm
_MOST_SAMPLES = 20_000  # of a profile
_MM_PER_INCH = 25.4
_HUNDREDTH = 100  # of OD, the unit of densities of a sheet


class Films:
    """Films of jobs, which are named by number or ``latest``; the first film of a job is 1.

    Pages are rendered once and kept for a while. Without ``private`` no text that an SCU sent is drawn, and
    nothing is shown but thumbnails too small to read what may be burned into an image.
    """

    def __init__(self, house: House) -> None:
        self._house = house
        self._pages = Pages(_KEPT_BYTES)
        self._thumbnails = Thumbnails(house.settings.spool / "thumbnails")
        self._lock = Lock()
        self._known: OrderedDict[str, Sheet] = OrderedDict()

    def film(self, which: str, film: int, *, private: bool) -> SeenFilm:
        """Its geometry."""
        job = self._house.job(which)
        return _seen(job, film, self._geometry(job, film), private)

    def thumbnail(self, which: str, film: int, *, private: bool) -> Bytes:
        """A small picture, as on a light box: WebP; 320 pixels on the longer side, or 160 without
        ``private``. Kept on disk while its film is."""
        job = self._house.job(which)
        self._check_kept(job, film)
        name = job.films[film - 1].sheet

        def small() -> Page | ColorPage:
            return page_of(job, film, self._house.sheet(job, film), DRAWN)

        content = self._thumbnails.of(name, private, small)
        return Bytes(content, "image/webp", f"film-{job.id}-{film}.webp")

    def tile(self, which: str, film: int, level: int, column: int, row: int) -> Tile:
        """A tile of a level (`SeenFilm`).

        Raises:
            NoSuchJob: there is no such tile.
        """
        job = self._house.job(which)
        page = self._page(job, film)
        part = page.tile(level, column, row)
        if part is None:
            raise NoSuchJob(f"film {film} of job {job.id} has no tile {level}/{column}/{row}")
        rows, columns = part.shape[:2]
        content = part if page.color else part.astype("<u2", copy=False)
        return Tile(content.tobytes(), rows, columns, page.color)

    def reading(self, which: str, film: int, x: int, y: int, aperture_mm: float = 0.0) -> Reading:
        """A place under the densitometer, in printer pixels; aperture 0 to 10 mm, its diameter. The place in
        mm is that of the middle of the pixel; the mean is that of pixels whose middle lies in the aperture.

        Raises:
            SetupError: it is not on the film.
        """
        job = self._house.job(which)
        sheet, page = self._geometry(job, film), self._page(job, film)
        _on_film(sheet, x, y)
        if not 0 <= aperture_mm <= _LARGEST_APERTURE:
            raise SetupError(f"aperture {aperture_mm} mm: is to be 0 to {_LARGEST_APERTURE:g} mm")
        mm = _MM_PER_INCH / sheet.dots_per_inch
        density = mean = p_value = srgb = None
        if page.color:
            red, green, blue = page.full[y, x].tolist()
            srgb = red, green, blue
        else:
            density = float(page.full[y, x]) * OD_UNIT
            mean = _round_mean(np.asarray(page.full, np.uint16), x, y, aperture_mm / mm / 2)
            p_value = float(page.scale.p_value(density))
        return Reading(
            x=x,
            y=y,
            x_mm=(x + 0.5) * mm,
            y_mm=(y + 0.5) * mm,
            density=density,
            mean=mean,
            aperture_mm=aperture_mm,
            p_value=p_value,
            srgb=srgb,
            **_image_at(sheet, x, y),
        )

    def profile(
        self, which: str, film: int, start: tuple[int, int], end: tuple[int, int], limit: int = 2000
    ) -> Profile:
        """Densities along a line between two pixels (x, y); of gray film only. They are those of the pixels
        next to it; where they are more than ``limit``, 2 to 20 000, each is the mean of as many.

        Raises:
            SetupError: the line leaves the film.
            NotPossible: the film is in color.
        """
        job = self._house.job(which)
        sheet = self._geometry(job, film)
        for x, y in (start, end):
            _on_film(sheet, x, y)
        if not 2 <= limit <= _MOST_SAMPLES:
            raise SetupError(f"limit {limit}: is to be 2 to {_MOST_SAMPLES}")
        if sheet.color:
            raise NotPossible(f"film {film} of job {job.id} is in color: it has no densities")
        length = math.dist(start, end)
        pixels = round(length) + 1
        each = -(-pixels // limit)
        groups = -(-pixels // each)
        line = np.rint(np.linspace(start, end, groups * each)).astype(int)
        densities = (
            self._page(job, film).full[line[:, 1], line[:, 0]].reshape(groups, each).mean(axis=1) * OD_UNIT
        )
        length_mm = length * _MM_PER_INCH / sheet.dots_per_inch
        step = length_mm * each / max(1, groups * each - 1)
        return Profile(tuple(densities.tolist()), step, length_mm)

    def document(self, which: str, film: int | None, kind: Kind) -> Bytes:
        """A film, or all films of a job in one document: PDF and PNG of 8 bits as on a light box, PostScript
        of 8 bits in P-values, and TIFF of the densities themselves (of color film, of its colors); a PNG has
        one film. ``dicom`` is a zip of the data sets that were sent for it, pixels and all, ``capture`` what
        ``printscp jobs export`` writes, which is always the whole job.

        Raises:
            NotPossible: it cannot be had in one document, or what was sent is no longer kept.
        """
        job = self._house.job(which)
        numbers: Sequence[int] = range(1, len(job.films) + 1) if film is None else (film,)
        for number in numbers:
            self._check_kept(job, number)
        return documents.document(self._house, job, numbers, kind)

    def drop(self, job: int) -> None:
        """Forget pictures of a job that is gone; where its films cannot be reached, later."""
        with suppress(Away):
            self.tidy()

    def tidy(self) -> None:
        """Forget pictures of films that are given up, in memory and on disk: to be called now and then.

        Raises:
            Away
        """
        with self._house.reached():
            sheets = self._house.spool.sheets.names()
            self._thumbnails.keep(sheets)
        self._pages.keep(sheets)
        with self._lock:
            for sheet in [each for each in self._known if each not in sheets]:
                del self._known[sheet]

    def _page(self, job: Job, film: int) -> Pyramid:
        self._check_kept(job, film)
        return self._pages.of(job.films[film - 1].sheet, lambda: self._rendered(job, film))

    def _rendered(self, job: Job, film: int) -> Pyramid:
        sheet = self._house.sheet(job, film)
        self._remember(job, film, sheet)
        return pyramid(page_of(job, film, sheet))

    def _geometry(self, job: Job, film: int) -> Sheet:
        """The sheet of a film, without its pixels."""
        self._check_kept(job, film)
        with self._lock:
            known = self._known.get(job.films[film - 1].sheet)
        if known is not None:
            return known
        return self._remember(job, film, self._house.sheet(job, film))

    def _remember(self, job: Job, film: int, sheet: Sheet) -> Sheet:
        bare = replace(sheet, images=tuple(replace(image, pixels=b"") for image in sheet.images))
        with self._lock:
            self._known[job.films[film - 1].sheet] = bare
            if len(self._known) > _KNOWN:
                self._known.popitem(last=False)
        return bare

    def _check_kept(self, job: Job, film: int) -> None:
        """What is given up is shown no more.

        Raises:
            NoSuchJob, NotPossible, Away
        """
        self._house.check_film(job, film)
        with self._house.reached():
            kept = job.films[film - 1].sheet in self._house.spool.sheets
        if not kept:
            self._house.sheet(job, film)  # says why


def _seen(job: Job, film: int, sheet: Sheet, private: bool) -> SeenFilm:
    mm = _MM_PER_INCH / sheet.dots_per_inch
    lowest, highest = (each / _HUNDREDTH for each in sheet.printer_density)
    known = f"{__version__} {job.id} {job.films[film - 1].sheet}"  # what is drawn of a job never changes
    return SeenFilm(
        job=job.id,
        film=film,
        films=len(job.films),
        version=blake2s(known.encode(), digest_size=8).hexdigest(),
        color=sheet.color,
        film_size=sheet.film_size,
        orientation=sheet.orientation,
        display_format=sheet.display_format,
        dots_per_inch=sheet.dots_per_inch,
        width=sheet.width,
        height=sheet.height,
        width_mm=sheet.width * mm,
        height_mm=sheet.height * mm,
        levels=level_count(sheet.width, sheet.height),
        tile=TILE,
        min_density=lowest,
        max_density=highest,
        illumination=float(sheet.illumination),
        reflected_ambient_light=float(sheet.reflected_ambient_light),
        images=_seen_images(sheet),
        annotations=tuple(
            SeenAnnotation(each.position, _box(each.where), each.text if private else "")
            for each in sheet.annotations
        ),
        remarks=(*sheet.remarks, *not_rendered(sheet, job.order)) if private else (),
    )


def _seen_images(sheet: Sheet) -> tuple[SeenImage, ...]:
    images = {image.position: image for image in sheet.images}
    return tuple(
        _seen_image(sheet, position, box, images.get(position))
        for position, box in enumerate(sheet.boxes, start=1)
    )


def _seen_image(sheet: Sheet, position: int, box: Rectangle, image: SheetImage | None) -> SeenImage:
    if image is None:
        return SeenImage(position, _box(box), None, None, None, None, None, None)
    placed = placement(image, box, sheet.dots_per_inch)
    return SeenImage(
        position,
        _box(box),
        _box(placed.where),
        (image.rows, image.columns),
        image.bits_stored,
        placed.where.width / placed.part.width,
        None if sheet.color else image.min_density / _HUNDREDTH,
        None if sheet.color else image.max_density / _HUNDREDTH,
    )


def _box(where: Rectangle) -> Box:
    return Box(where.left, where.top, where.width, where.height)


def _on_film(sheet: Sheet, x: int, y: int) -> None:
    if not (0 <= x < sheet.width and 0 <= y < sheet.height):
        raise SetupError(f"{x}, {y} is not on the film of {sheet.width} x {sheet.height} printer pixels")


def _round_mean(density: Density, x: int, y: int, radius: float) -> float:
    """Mean density, in OD, of what lies of a round aperture on the film; ``radius`` in printer pixels."""
    reach = int(radius)
    top, left = max(0, y - reach), max(0, x - reach)
    part = density[top : y + reach + 1, left : x + reach + 1]
    rows, columns = np.ogrid[top - y : top - y + part.shape[0], left - x : left - x + part.shape[1]]
    return float(part[rows**2 + columns**2 <= radius**2].mean()) * OD_UNIT


def _image_at(sheet: Sheet, x: int, y: int) -> dict[str, int | None]:
    """Which image box a printer pixel is in, and which pixel of its image."""
    pixel = Rectangle(x, y, 1, 1)
    found = next((n for n, box in enumerate(sheet.boxes, start=1) if box.holds(pixel)), None)
    image = next((each for each in sheet.images if each.position == found), None)
    across = down = None
    if found is not None and image is not None:
        placed = placement(image, sheet.boxes[found - 1], sheet.dots_per_inch)
        part, where = placed.part, placed.where
        if where.holds(pixel):
            across = part.left + int((x - where.left + 0.5) * part.width / where.width)
            down = part.top + int((y - where.top + 0.5) * part.height / where.height)
    return {"image": found, "image_x": across, "image_y": down}
