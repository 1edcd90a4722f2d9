"""Max Density in OD.

Densities are in hundredths of OD, so this one asks for 0.03 OD: a film without any black. Printers refuse
it with 0x0106, or clip it to their own minimum with 0xB605 and give out a blank film.
"""

from pydicom.dataset import Dataset
from right import PrintScu, main

FINDINGS = ("density-in-od",)


class WrongScu(PrintScu):
    def film_box_attributes(self) -> Dataset:
        attributes = super().film_box_attributes()
        attributes.MaxDensity = 3
        return attributes


if __name__ == "__main__":
    main(WrongScu)
