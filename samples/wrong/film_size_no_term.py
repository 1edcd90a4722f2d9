"""A film size in words of its own.

The term is 14INX17IN. Printers refuse the film box with 0x0106, or take the film that they have loaded with
0x0116.
"""

from pydicom.dataset import Dataset
from right import PrintScu, main

FINDINGS = ("not-a-term",)


class WrongScu(PrintScu):
    def film_box_attributes(self) -> Dataset:
        attributes = super().film_box_attributes()
        attributes.FilmSizeID = "14X17"
        return attributes


if __name__ == "__main__":
    main(WrongScu)
