"""The films that the benchmarks print: smooth shapes with noise, the same in every run."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import UID

from printscp.film.uids import BASIC_FILM_SESSION


@dataclass(frozen=True)
class Film:
    """``columns x rows`` boxes, each with an image of ``shape`` (rows, columns)."""

    columns: int
    rows: int
    shape: tuple[int, int]
    bits: int
    film_size: str = "14INX17IN"
    resolution: str = "STANDARD"
    session_uid: UID = field(default=UID("1.2.826.0.1.3680043.8.498.1"), repr=False)
    film_box_uid: UID = field(default=UID("1.2.826.0.1.3680043.8.498.2"), repr=False)

    @property
    def name(self) -> str:
        rows, columns = self.shape
        return f"{self.columns * self.rows} x {columns}x{rows}, {self.bits} bits"

    def session(self) -> Dataset:
        """Data set of the N-CREATE of the film session."""
        return _dataset(NumberOfCopies=1, PrintPriority="MED")

    def film_box(self) -> Dataset:
        """Data set of the N-CREATE of the film box."""
        session = _dataset(
            ReferencedSOPClassUID=BASIC_FILM_SESSION, ReferencedSOPInstanceUID=self.session_uid
        )
        return _dataset(
            ImageDisplayFormat=f"STANDARD\\{self.columns},{self.rows}",
            FilmOrientation="PORTRAIT",
            FilmSizeID=self.film_size,
            MagnificationType="CUBIC",
            RequestedResolutionID=self.resolution,
            ReferencedFilmSessionSequence=[session],
        )

    def images(self) -> list[Dataset]:
        """Data sets of the N-SETs of the image boxes, in the order of their positions."""
        return [
            _dataset(ImageBoxPosition=position, BasicGrayscaleImageSequence=[self._image(position)])
            for position in range(1, self.columns * self.rows + 1)
        ]

    def _image(self, seed: int) -> Dataset:
        rows, columns = self.shape
        wide = self.bits > 8
        item = _dataset(
            SamplesPerPixel=1,
            PhotometricInterpretation="MONOCHROME2",
            Rows=rows,
            Columns=columns,
            BitsAllocated=16 if wide else 8,
            BitsStored=self.bits,
            HighBit=self.bits - 1,
            PixelRepresentation=0,
        )
        pixels = _pixels(rows, columns, self.bits, seed).astype("<u2" if wide else "u1")
        item.add_new("PixelData", "OW" if wide else "OB", pixels.tobytes())
        return item


FILMS = (
    Film(4, 5, (512, 512), 8),
    Film(1, 1, (5120, 4096), 12),
    Film(2, 2, (2048, 2048), 12),
)


def _pixels(rows: int, columns: int, bits: int, seed: int) -> NDArray[np.float32]:
    """A round body with waves in it and a black background, and a detector's noise of 1 %."""
    y, x = np.ogrid[-1 : 1 : rows * 1j, -1 : 1 : columns * 1j]
    waves = 0.55 + 0.2 * np.sin(5 * x + seed) * np.cos(4 * y) + 0.1 * np.sin(17 * (x + y) + seed)
    image = np.where(x * x + y * y < 0.9, waves, 0.02).astype(np.float32)
    image += np.random.default_rng(seed).standard_normal((rows, columns), np.float32) * 0.01
    return np.clip(image, 0, 1) * ((1 << bits) - 1)


def _dataset(**attributes: object) -> Dataset:
    dataset = Dataset()
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset
