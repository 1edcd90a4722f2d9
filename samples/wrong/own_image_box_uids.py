"""UIDs of image boxes made up by the SCU.

Image boxes are made by the printer, together with their film box, and their UIDs are in its answer.
Printers answer 0x0112.
"""

from pydicom.uid import generate_uid
from right import PrintScu, main

FINDINGS = ("unknown-instance",)


class WrongScu(PrintScu):
    def create_film_box(self) -> None:
        super().create_film_box()
        self.image_boxes = [generate_uid() for _ in self.image_boxes]


if __name__ == "__main__":
    main(WrongScu)
