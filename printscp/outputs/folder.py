"""What the file formats share: their keys, and a document that is a file in a folder."""

import os
from abc import ABC, abstractmethod
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Self

from PIL import ImageCms
from pydantic import BaseModel, ConfigDict, Field, model_validator

from printscp.durable import DurableFile
from printscp.errors import SetupError
from printscp.outputs.curve import read_curve
from printscp.outputs.output import Ticket
from printscp.outputs.rows import Pixels, Rows, color_rows, gray_rows, packed_rows
from printscp.render.page import ColorPage, Page
from printscp.render.samples import PrinterCurve, Samples, Tone, describe, gray_profile, sample_table
from printscp.render.tone import ToneScale


class FolderSettings(BaseModel):
    """Keys of an output that leaves files in a folder. A format adds its own, and which ``bits`` it knows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    folder: Path = Field(description="Folder that gets the files; it is made where there is none.")
    bits: int = Field(8, description="Of a gray sample.")
    tone: Tone = Field(
        "p-value",
        description="What gray samples mean. p-value: even steps look even on the film's light box (PS3.14); "
        "lightbox: its luminance there, as a picture; curve: what a measured printer needs.",
    )
    curve: Path | None = Field(None, description="File of the measured printer curve, for tone = curve.")

    @model_validator(mode="after")
    def _curve_with_its_tone(self) -> Self:
        if (self.tone == "curve") != (self.curve is not None):
            raise ValueError('curve: goes with tone = "curve", and that with it')
        return self

    @property
    def place(self) -> str:
        """The folder."""
        return str(self.folder)

    def check(self) -> None:
        """Make the folder, and see whether it can be used.

        Raises:
            SetupError: it cannot, or the curve cannot be read.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SetupError(f"folder {self.folder}: {error.strerror}") from error
        if not os.access(self.folder, os.W_OK):
            raise SetupError(f"folder {self.folder}: no right to write there")
        _ = self._printer_curve

    def table(self, scale: ToneScale) -> Samples:
        """The sample of each density."""
        return sample_table(scale, self.tone, self.bits, self._printer_curve)

    def fraction(self, scale: ToneScale, density: int) -> float:
        """The sample of a density in 0.0001 OD, as a fraction of full scale."""
        return int(self.table(scale)[density]) / ((1 << self.bits) - 1)

    def profile(self, page: Page | ColorPage) -> bytes:
        """The ICC profile of a page's samples."""
        if isinstance(page, ColorPage):
            return _srgb_profile()
        return gray_profile(page.scale, self.tone, self.bits, self._printer_curve)

    def meaning(self, page: Page | ColorPage) -> str:
        """What the samples of a page mean, in words."""
        if isinstance(page, ColorPage):
            return "Colors are sRGB (IEC 61966-2-1)."
        return describe(page.scale, self.tone, self.bits, self._printer_curve)

    def rows(self, page: Page | ColorPage, pixels: Pixels) -> Rows:
        """The samples of a page's ``pixels``: 8 bits in a byte, 16 in two, those of 12 packed."""
        if isinstance(page, ColorPage):
            return color_rows(pixels)
        table = self.table(page.scale)
        return packed_rows(pixels, table) if self.bits == 12 else gray_rows(pixels, table)

    @cached_property
    def _printer_curve(self) -> PrinterCurve | None:
        return None if self.curve is None else read_curve(self.curve)


class FileDocument(ABC):
    """A document that is one file, ``NAME.suffix``; hidden until it is whole."""

    def __init__(self, folder: Path, ticket: Ticket, suffix: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = DurableFile(folder / f"{ticket.name}.{suffix}")

    def finish(self) -> str:
        """Deliver the file; returns its path.

        Raises:
            OSError: the folder cannot take it for now.
        """
        self._end()
        return str(self._file.commit())

    @abstractmethod
    def _end(self) -> None:
        """Write what stands behind the last page."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.discard()


@lru_cache(maxsize=1)
def _srgb_profile() -> bytes:
    """The ICC profile of colors, without the date at which it was made (ICC.1:2022 7.2.1)."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile[:24] + bytes(12) + profile[36:]
