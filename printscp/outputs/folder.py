"""What outputs that leave files in a folder share: their keys, and documents that are files there."""

import errno
import json
import os
from abc import ABC, abstractmethod
from contextlib import suppress
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Self

from PIL import ImageCms
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from printscp.durable import DurableFile, make_folder, mark, publish, read_mark
from printscp.errors import ClaimLost, SetupError
from printscp.outputs.curve import read_curve
from printscp.outputs.file_name import DEFAULT, checked_template, made_name
from printscp.outputs.output import Claim, Progress, Sent, Stage, Ticket, Uncontested
from printscp.outputs.rows import Pixels, Rows, color_rows, gray_rows, packed_rows
from printscp.render.page import ColorPage, Page
from printscp.render.samples import PrinterCurve, Samples, Tone, describe, gray_profile, sample_table
from printscp.render.tone import ToneScale


class FileSettings(BaseModel):
    """Keys of an output that leaves files in a folder, and where they go."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    folder: Path = Field(description="Folder that gets the files; it is made at the start.")
    file_name: Annotated[str, AfterValidator(checked_template)] = Field(
        DEFAULT,
        description="Of a job's files, without their ending: text with the fields {job}, {created}, {date}, "
        "{time} (UTC), {printer}, {originator}, {film_size}, {medium}, {destination}, {priority}, "
        "{copies} and {films}; it begins or ends with {job}, a slash makes folders.",
    )

    @property
    def place(self) -> str:
        """The folder."""
        return str(self.folder)

    @property
    def at_once(self) -> int:
        """Any number of jobs."""
        return 0

    def check(self) -> None:
        """Make the folder, and see whether it can be used.

        Raises:
            SetupError: it cannot.
        """
        try:
            make_folder(self.folder)
        except OSError as error:
            raise SetupError(f"folder {self.folder}: {error.strerror}") from error
        if not os.access(self.folder, os.W_OK):
            raise SetupError(f"folder {self.folder}: no right to write there")

    def follow(self, remote: str) -> Progress:
        """Give the files of a job whose process died their names, those that do not have them yet.

        Raises:
            OSError: the folder cannot be used for now, or it is not the one that the files were written to.
        """
        said = json.loads(remote)
        if read_mark(self.folder) != said["folder"]:
            why = "is another folder than the film was written to: is it a share that is away?"
            raise OSError(errno.ESTALE, why, str(self.folder))
        for hidden, name in said["files"]:
            # What is not there has its name, and may have been taken, with the folder that a template made.
            with suppress(FileNotFoundError):
                publish(self.folder / hidden, self.folder / name)
        return Progress(Stage.DONE)

    def cancel(self, remote: str) -> None:
        """Nothing: a file that is whole goes out."""

    def path(self, ticket: Ticket, suffix: str) -> Path:
        """Where the file of a job goes."""
        name = made_name(self.file_name, ticket)
        return self.folder / name.with_name(f"{name.name}.{suffix}")


class FolderSettings(FileSettings):
    """Keys of an output that leaves pages in a folder. A format adds its own, and which ``bits`` it knows."""

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

    def check(self) -> None:
        """As `FileSettings.check`.

        Raises:
            SetupError: the folder cannot be used, or the curve cannot be read.
        """
        super().check()
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


class FilesDocument:
    """A document of files in a folder, all hidden until the last is whole.

    Whoever empties the folder is to find each file once, and a process may die between giving a file its
    name and saying so. So the hidden names are remembered with the claim first: files that still have them
    then get their names from whoever takes the job over (`FileSettings.follow`), and those that do not had
    them.
    """

    def __init__(self, settings: FileSettings) -> None:
        # Folders of a name template are made, this one only at the start: it may be a share that is away, and
        # what lies in its place, on this disk, is not delivered.
        settings.folder.stat()
        self._folder = settings.folder
        self._files: list[DurableFile] = []
        self._promised = False

    def finish(self, claim: Claim) -> Sent:
        """Deliver the files.

        Raises:
            OSError: the folder cannot take them for now.
            ClaimLost
        """
        for file in self._files:
            file.flush()
        paths = [file.path for file in self._files]
        place = str(paths[0]) if len(paths) == 1 else f"{paths[0]} to {paths[-1].name}"
        if not isinstance(claim, Uncontested):
            self._promise(claim, place)
        for file in self._files:
            publish(file.hidden, file.path)
        return Sent(place)

    def _promise(self, claim: Claim, place: str) -> None:
        """Have whoever may take the job over know what is to be done."""
        names = [[str(each.relative_to(self._folder)) for each in (f.hidden, f.path)] for f in self._files]
        promise = json.dumps({"folder": mark(self._folder), "files": names})
        self._promised = True  # from here on: what becomes of the claim may not be known
        try:
            claim.remember(promise, place)
        except ClaimLost:
            self._promised = False
            raise

    def _begin_file(self, path: Path) -> DurableFile:
        """Start one of the files.

        Raises:
            OSError: the folder cannot take it for now.
        """
        self._files.append(DurableFile(path))
        return self._files[-1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files:
            if not self._promised:
                file.discard()


class FileDocument(FilesDocument, ABC):
    """A document that is one file, ``NAME.suffix``."""

    def __init__(self, settings: FileSettings, ticket: Ticket, suffix: str) -> None:
        super().__init__(settings)
        self._file = self._begin_file(settings.path(ticket, suffix))

    def finish(self, claim: Claim) -> Sent:
        """Deliver the file, as `FilesDocument.finish`."""
        self._end()
        return super().finish(claim)

    @abstractmethod
    def _end(self) -> None:
        """Write what stands behind the last page."""


class FilePerFilm(FilesDocument):
    """A document with a file for each film, ``NAME-1.suffix`` and so on, or ``NAME.suffix`` of only one."""

    def __init__(self, settings: FileSettings, ticket: Ticket, suffix: str) -> None:
        super().__init__(settings)
        self._path = settings.path(ticket, suffix)
        self._films = ticket.films
        make_folder(self._path.parent)

    def _next_file(self) -> DurableFile:
        """That of the next film.

        Raises:
            OSError: the folder cannot take it for now.
        """
        number = f"-{len(self._files) + 1}" if self._films > 1 else ""
        return self._begin_file(self._path.with_stem(self._path.stem + number))


@lru_cache(maxsize=1)
def _srgb_profile() -> bytes:
    """The ICC profile of colors, without the date at which it was made (ICC.1:2022 7.2.1)."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile[:24] + bytes(12) + profile[36:]
