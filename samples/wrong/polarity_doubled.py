"""MONOCHROME1, and Polarity REVERSE as well.

Both turn black and white round, so the film looks as if neither had been sent: no printer can tell, and the
film is a negative of what was meant.
"""

from pydicom.dataset import Dataset
from right import PrintScu, main

FINDINGS = ("polarity-doubled",)


class WrongScu(PrintScu):
    def image_box_attributes(self, position: int) -> Dataset:
        attributes = super().image_box_attributes(position)
        attributes.Polarity = "REVERSE"
        return attributes

    def image(self, position: int) -> Dataset:
        item = super().image(position)
        item.PhotometricInterpretation = "MONOCHROME1"
        return item


if __name__ == "__main__":
    main(WrongScu)
