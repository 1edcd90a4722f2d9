"""Positions are counted from 0.

Image Box Position counts from 1, and repeats the place that the box has in the list that the printer
returned. Printers refuse it with 0x0106. DCMTK's server does not look; one that went by the position alone
would put each image into its neighbour's box.
"""

from pydicom.dataset import Dataset
from right import PrintScu, main

FINDINGS = ("wrong-position",)


class WrongScu(PrintScu):
    def image_box_attributes(self, position: int) -> Dataset:
        attributes = super().image_box_attributes(position)
        attributes.ImageBoxPosition = position - 1
        return attributes


if __name__ == "__main__":
    main(WrongScu)
