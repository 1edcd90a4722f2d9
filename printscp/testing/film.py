"""A film as a bench printer took it: what was asked for, what is in force, and what the film looks like."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from isal import isal_zlib
from numpy.typing import NDArray
from PIL import Image as Picture
from pydicom.dataset import Dataset

from printscp.catalog import Catalog
from printscp.film.geometry import Rectangle
from printscp.film.job import ExecutionStatus, Job
from printscp.film.profile import PrinterProfile
from printscp.film.sheet import Order, Sheet, SheetImage
from printscp.lint import Finding, Report, grade
from printscp.render.compose import compose
from printscp.render.omissions import not_rendered
from printscp.render.page import ColorPage, Page
from printscp.render.resample import Placement, placement, samples
from printscp.render.samples import sample_table
from printscp.render.text import drawn
from printscp.render.tone import OD_UNIT
from printscp.testing.spool import Accepted
from printscp.transcript import Transcript
from printscp.transcript.films import Asked, AskedFilm, films_of, image_dataset

_MM_PER_INCH = 25.4
_NO_DENSITY = "a color film has no densities: its `page.srgb` has red, green and blue"


@dataclass(frozen=True)
class Area:
    """A part of the film in mm, from its top left corner."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class Placed:
    """Where an image is on the film, in printer ``pixels`` and in ``mm``, and which ``part`` of it that is,
    in its own pixels."""

    part: Rectangle
    pixels: Rectangle
    mm: Area


@dataclass(frozen=True, eq=False)
class FilmImage:
    """An image of a film.

    ``pixels`` are as they were sent: rows x columns of uint8 or uint16, or rows x columns x 3 of uint8, read
    only. ``dataset`` is that of the N-SET, pixel data and all; it is empty where the dialogue was so long
    that its beginning is lost. ``sheet`` has what is in force.
    """

    position: int
    pixels: NDArray[Any] = field(repr=False)
    dataset: Dataset = field(repr=False)
    placement: Placed
    sheet: SheetImage = field(repr=False)


class Film:
    """One film that an SCU has printed.

    ``sheet`` is the film with all that is in force for it, ``order`` what its film session asks for; ``uid``
    is that of the print job, of which this is film ``number`` of ``count``.
    """

    def __init__(
        self, accepted: Accepted, number: int, transcript: Transcript, profile: PrinterProfile
    ) -> None:
        self.uid = accepted.job.uid
        self.number = number
        self.count = len(accepted.sheets)
        self.sheet: Sheet = accepted.sheets[number - 1]
        self.order: Order = accepted.job.order
        self.profile = profile
        self._transcript = transcript
        self._accepted = accepted

    def __repr__(self) -> str:
        # No label and no annotation: they may name a patient.
        sheet = self.sheet
        return (
            f"<Film {self.number} of {self.count} of job {self.job.id}: {sheet.film_size} "
            f"{sheet.orientation} {sheet.display_format}, {len(sheet.images)} images, {self.status}>"
        )

    @property
    def job(self) -> Job:
        """The print job as it is now."""
        return self._accepted.job

    @property
    def status(self) -> ExecutionStatus:
        """Execution Status of the job."""
        return self.job.status

    @property
    def copies(self) -> int:
        return self.order.copies

    @property
    def label(self) -> str:
        """Film Session Label, or empty."""
        return self.order.label

    @property
    def calling(self) -> str:
        """AE title of the SCU."""
        return self.order.originator

    @property
    def printer(self) -> str:
        """AE title of the printer."""
        return self.order.printer_name

    @property
    def film_size(self) -> str:
        return self.sheet.film_size

    @property
    def orientation(self) -> str:
        return self.sheet.orientation

    @property
    def display_format(self) -> str:
        return self.sheet.display_format

    @property
    def annotations(self) -> dict[int, str]:
        """Texts of the annotation boxes that have one, by position."""
        return {each.position: each.text for each in self.sheet.annotations}

    @property
    def session(self) -> Dataset:
        """Attributes of the film session in force when it was printed, as they were answered."""
        return self._asked.session.in_force

    @property
    def session_sent(self) -> Dataset:
        """Attributes of the film session as the SCU sent them, N-CREATE and N-SETs together."""
        return self._asked.session.sent

    @property
    def film_box(self) -> Dataset:
        """Attributes of the film box in force when it was printed, as they were answered."""
        return self._asked.film_box.in_force

    @property
    def film_box_sent(self) -> Dataset:
        """Attributes of the film box as the SCU sent them, N-CREATE and N-SETs together."""
        return self._asked.film_box.sent

    @cached_property
    def _asked(self) -> AskedFilm:
        films = films_of(self.dialogue, self.uid)
        missing = self.count - len(films)
        return films[self.number - 1 - missing] if self.number > missing else AskedFilm(Asked(), Asked())

    @cached_property
    def images(self) -> tuple[FilmImage, ...]:
        """Images by position; boxes that were left empty have none."""
        return tuple(self._image(each) for each in self.sheet.images)

    def image(self, position: int) -> FilmImage:
        """The image of a position.

        Raises:
            LookupError: its box is empty, or there is none.
        """
        for image in self.images:
            if image.position == position:
                return image
        filled = ", ".join(str(image.position) for image in self.images) or "none"
        raise LookupError(f"no image in box {position}: of {len(self.sheet.boxes)} are filled {filled}")

    def _image(self, image: SheetImage) -> FilmImage:
        step = self._asked.images.get(image.position)
        pixels = bytes(image.pixels)
        return FilmImage(
            image.position,
            _pixels(image),
            image_dataset(self.dialogue, step, pixels) if step else Dataset(),
            self._placed(image),
            image,
        )

    def _placed(self, image: SheetImage) -> Placed:
        box = self.sheet.boxes[image.position - 1]
        placed: Placement = placement(image, box, self.sheet.dots_per_inch)
        where, mm = placed.where, self._mm
        area = Area(mm(where.left), mm(where.top), mm(where.width), mm(where.height))
        return Placed(placed.part, where, area)

    def _mm(self, pixels: float) -> float:
        return pixels * _MM_PER_INCH / self.sheet.dots_per_inch

    @property
    def size_mm(self) -> tuple[float, float]:
        """Width and height."""
        return self._mm(self.sheet.width), self._mm(self.sheet.height)

    @cached_property
    def page(self) -> Page | ColorPage:
        """The film as it is rendered; the same of two runs, for the line of its label strip has no clock."""
        title = f"{self.film_size}   {self.calling} > {self.printer}"
        if self.count > 1:
            title = f"film {self.number} of {self.count}   {title}"
        return compose(self.sheet, title, self.label)

    @cached_property
    def drawn(self) -> NDArray[Any]:
        """The page with its texts: rows x columns of uint16 in 0.0001 OD, or of a color film rows x columns
        x 3 of uint8, sRGB."""
        return drawn(self.page)

    @property
    def density(self) -> NDArray[np.float32]:
        """Rows x columns of optical density, texts included.

        Raises:
            ValueError: it is a color film.
        """
        if self.sheet.color:
            raise ValueError(_NO_DENSITY)
        density: NDArray[np.float32] = self.drawn * np.float32(OD_UNIT)
        return density

    def density_at(self, x_mm: float, y_mm: float) -> float:
        """The optical density at a place of the film, from its top left corner.

        Raises:
            ValueError: it is not on the film, or that is in color.
        """
        width, height = self.size_mm
        if not (0 <= x_mm < width and 0 <= y_mm < height):
            raise ValueError(f"{x_mm} x {y_mm} mm is not on a film of {width:.1f} x {height:.1f} mm")
        row, column = (math.floor(mm / self._mm(1)) for mm in (y_mm, x_mm))
        if self.sheet.color:
            raise ValueError(_NO_DENSITY)
        return float(self.drawn[row, column]) * OD_UNIT

    @property
    def dialogue(self) -> Transcript:
        """What led to the film and came of it so far: requests, answers and events with their times."""
        return self._transcript.of_job(self.uid)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What there is to say of each request that led to the film."""
        return self.report().findings

    def report(self, personas: Sequence[str] | Literal["all"] = ()) -> Report:
        """The findings, each with what the printers of ``personas`` (names of printer profiles) answer there.

        Raises:
            SetupError: there is no such profile.
        """
        catalog = Catalog(None)
        names = catalog.profile_names if personas == "all" else personas
        imagers = [catalog.profile(name) for name in names]
        return grade(self.dialogue, self.profile, imagers, self.cut_pixels)

    @property
    def cut_pixels(self) -> dict[tuple[int, int], bytes]:
        """Pixel data of the images as `printscp.lint.grade` takes them: by length and CRC-32."""
        sent = (bytes(image.pixels) for image in self.sheet.images)
        return {(len(each), isal_zlib.crc32(each)): each for each in sent}

    def is_of(self, dialogue: Transcript) -> bool:
        """Whether it was printed on an association."""
        return self._transcript is dialogue

    @property
    def remarks(self) -> tuple[str, ...]:
        """What was ignored, changed or is not to be seen on this film."""
        return (*self.order.remarks, *self.sheet.remarks, *not_rendered(self.sheet, self.order))

    def save(self, path: str | Path) -> Path:
        """Write the film as it looks on a light box, for people: 8 bits, PNG, TIFF or another type that its
        ending names.

        Raises:
            OSError, ValueError
        """
        pixels = self.drawn
        if isinstance(self.page, Page):
            pixels = sample_table(self.page.scale, "lightbox", 8)[pixels]
        resolution = self.sheet.dots_per_inch, self.sheet.dots_per_inch
        Picture.fromarray(pixels).save(path, dpi=resolution)
        return Path(path)


def _pixels(image: SheetImage) -> NDArray[Any]:
    if image.samples_per_pixel == 1:
        return samples(image)
    count = image.rows * image.columns * 3
    values = np.frombuffer(image.pixels, np.uint8, count)
    if image.planar_configuration:
        return np.moveaxis(values.reshape(3, image.rows, image.columns), 0, 2)
    return values.reshape(image.rows, image.columns, 3)
