"""An image larger than its box that may not be scaled.

DECIMATE allows the printer to shrink the image, Magnification Type NONE forbids it. Printers answer 0xC603.
"""

from pydicom.dataset import Dataset
from right import PrintScu, main

FINDINGS = ("image-too-large",)


class WrongScu(PrintScu):
    rows, columns = 16, 8000

    def image_box_attributes(self, position: int) -> Dataset:
        attributes = super().image_box_attributes(position)
        attributes.MagnificationType = "NONE"
        attributes.RequestedDecimateCropBehavior = "DECIMATE"
        return attributes


if __name__ == "__main__":
    main(WrongScu)
