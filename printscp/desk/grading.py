"""Has a capture graded: what was wrong with what its SCU sent."""

import zlib
from collections.abc import Iterable

from printscp.capture import Capture
from printscp.catalog import Catalog
from printscp.errors import NotPossible
from printscp.lint import Report, grade


def graded(capture: Capture, catalog: Catalog, imagers: Iterable[str]) -> Report:
    """What was wrong with it; ``imagers`` names printer profiles whose answers are told.

    Raises:
        SetupError: there is no such profile.
        NotPossible: the dialogue is not kept.
    """
    dialogue = capture.said
    asked = [catalog.profile(each) for each in imagers]
    return grade(dialogue, catalog.profile(dialogue.profile), asked, _images(capture))


def _images(capture: Capture) -> dict[tuple[int, int], bytes]:
    """Pixels of more than 8 bits of the films that are still there, by length and CRC-32."""
    images: dict[tuple[int, int], bytes] = {}
    for number in range(1, capture.films + 1):
        try:
            sheet = capture.film(number)
        except NotPossible:
            continue
        for image in sheet.images:
            if image.samples_per_pixel == 1 and image.bits_stored > 8:
                pixels = bytes(image.pixels)
                images[len(pixels), zlib.crc32(pixels)] = pixels
    return images
