"""The last row of pixels is missing.

Pixel Data must fill Rows x Columns. Printers refuse the image with 0x0106; DCMTK's server takes it, and the
film shows what came of that.
"""

from pydicom.dataset import Dataset
from right import PrintScu, main

FINDINGS = ("pixel-length",)


class WrongScu(PrintScu):
    def image(self, position: int) -> Dataset:
        item = super().image(position)
        item.PixelData = item.PixelData[: -self.columns]
        return item


if __name__ == "__main__":
    main(WrongScu)
