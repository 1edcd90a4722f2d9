"""Line pairs and checkerboards, which show what a printer resolves."""

import numpy as np

from printscp.qa.patterns.canvas import Box, Canvas


def down(canvas: Canvas, box: Box, thickness: int, values: tuple[int, int]) -> None:
    """Vertical lines, so many pixels thick, of two P-values in turn."""
    _fill(canvas, box, values, np.arange(box.width)[None, :] // thickness)


def across(canvas: Canvas, box: Box, thickness: int, values: tuple[int, int]) -> None:
    """Horizontal lines, so many pixels thick, of two P-values in turn."""
    _fill(canvas, box, values, np.arange(box.height)[:, None] // thickness)


def checks(canvas: Canvas, box: Box, thickness: int, values: tuple[int, int]) -> None:
    """A checkerboard of squares so many pixels wide."""
    y, x = np.arange(box.height)[:, None] // thickness, np.arange(box.width)[None, :] // thickness
    _fill(canvas, box, values, x + y)


def _fill(canvas: Canvas, box: Box, values: tuple[int, int], number: np.ndarray) -> None:
    canvas.pixels[box.top : box.bottom, box.left : box.right] = np.where(number % 2, values[1], values[0])
