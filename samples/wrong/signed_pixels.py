"""Pixels as the CT scanner stored them: signed.

Pixels to print are unsigned: what the window has made of them. Printers refuse the image with 0x0106; taken
as unsigned, all that is negative would be the brightest.
"""

from pydicom.dataset import Dataset
from right import PrintScu, main

FINDINGS = ("signed-pixels",)


class WrongScu(PrintScu):
    def image(self, position: int) -> Dataset:
        item = super().image(position)
        item.PixelRepresentation = 1
        return item


if __name__ == "__main__":
    main(WrongScu)
