"""The test images are DICOM, printable, always the same, and show what they are meant to show."""

import sys
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread

from printscp.client.images import PrintImage, read_images

sys.path.insert(0, str(Path(__file__).parents[2] / "samples"))

import make_samples

SIZE = 128


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("samples")
    return {path.stem: path for path in make_samples.make_samples(folder, SIZE)}


def only_image(path: Path) -> PrintImage:
    (image,) = read_images(path)
    return image


def test_every_sample_prints_and_names_no_patient(paths: dict[str, Path]) -> None:
    for path in paths.values():
        assert [image.pixels.ndim for image in read_images(path)] == [2] * (4 if "frame" in path.stem else 1)
        assert str(dcmread(path).PatientName) == "PHANTOM^SYNTHETIC"


def test_samples_are_the_same_at_every_run(paths: dict[str, Path], tmp_path: Path) -> None:
    again = make_samples.make_samples(tmp_path, SIZE)
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in paths.values()]


def test_ramp_keeps_its_twelve_bits(paths: dict[str, Path]) -> None:
    pixels = only_image(paths["02-ramp-12bit"]).pixels
    assert np.array_equal(pixels[0], np.rint(np.linspace(0, 4095, SIZE)))
    assert len(np.unique(pixels[-1])) == 32


def test_gray_steps_hold_every_tenth_and_the_two_insets(paths: dict[str, Path]) -> None:
    pixels = only_image(paths["03-gray-steps"]).pixels
    percents = {0, 5, 95, 100, *range(0, 101, 10)}
    assert {round(percent / 100 * 4095) for percent in percents} <= set(pixels.ravel().tolist())


def test_monochrome1_prints_like_monochrome2(paths: dict[str, Path]) -> None:
    plain, inverted = (only_image(paths[name]).pixels for name in ("07-ct-phantom", "08-phantom-monochrome1"))
    assert np.abs(plain.astype(int) - inverted).max() <= 1


def test_aspect_variant_has_half_the_rows(paths: dict[str, Path]) -> None:
    image = only_image(paths["06-geometry-aspect-2-1"])
    assert (image.pixels.shape, image.pixel_aspect) == ((SIZE // 2, SIZE), (2, 1))


def test_real_images_are_there_and_print() -> None:
    real = make_samples.real_images()
    assert len(real) == 4
    assert all(only_image(path).pixels.max() == 4095 for path in real)
