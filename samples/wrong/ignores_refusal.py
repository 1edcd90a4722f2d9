"""The second image is refused, and the film is printed all the same.

Nobody looked at the answer to the N-SET. The film comes out with an empty box, and nobody knows why.
"""

from pydicom.dataset import Dataset
from pynetdicom.sop_class import BasicGrayscaleImageBox
from right import META, PrintScu, main

FINDINGS = ("pixel-length", "printed-after-failure")


class WrongScu(PrintScu):
    def set_image(self, position: int) -> None:
        attributes = self.image_box_attributes(position)
        self.association.send_n_set(
            attributes, BasicGrayscaleImageBox, self.image_boxes[position - 1], meta_uid=META
        )

    def image(self, position: int) -> Dataset:
        item = super().image(position)
        if position == 2:
            item.PixelData = item.PixelData[: -self.columns]
        return item


if __name__ == "__main__":
    main(WrongScu)
