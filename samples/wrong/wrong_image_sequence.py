"""A gray image in the color image sequence.

The film box came on the grayscale Meta SOP Class, so its boxes have Basic Grayscale Image Sequence.
Printers refuse the image with 0x0105 or 0x0120; one that overlooks the sequence has no image for the box.
"""

from pydicom.dataset import Dataset
from right import PrintScu, main

FINDINGS = ("wrong-image-sequence",)


class WrongScu(PrintScu):
    def image_box_attributes(self, position: int) -> Dataset:
        attributes = super().image_box_attributes(position)
        attributes.BasicColorImageSequence = attributes.BasicGrayscaleImageSequence
        del attributes.BasicGrayscaleImageSequence
        return attributes


if __name__ == "__main__":
    main(WrongScu)
