"""The film box does not say to which film session it belongs.

There is one session on an association, so it seems needless; it is mandatory all the same. Printers answer
0x0120.
"""

from pydicom.dataset import Dataset
from right import PrintScu, main

FINDINGS = ("missing-attribute",)


class WrongScu(PrintScu):
    def film_box_attributes(self) -> Dataset:
        attributes = super().film_box_attributes()
        del attributes.ReferencedFilmSessionSequence
        return attributes


if __name__ == "__main__":
    main(WrongScu)
