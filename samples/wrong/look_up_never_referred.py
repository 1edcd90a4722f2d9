"""A Presentation LUT is created, and nothing refers to it.

Creating it changes nothing: the film is printed by the printer's own curve, and may look a little different
on each printer. That is hard to see, and hard to find.
"""

from pydicom.dataset import Dataset
from right import PrintScu, main

FINDINGS = ("lut-never-referred",)


class WrongScu(PrintScu):
    def film_box_attributes(self) -> Dataset:
        attributes = super().film_box_attributes()
        del attributes.ReferencedPresentationLUTSequence
        return attributes


if __name__ == "__main__":
    main(WrongScu)
