"""Min Density 0 and Max Density 255, as if they were gray values.

They are hundredths of OD. Printers take them for 0.00 and 2.55 OD, the first of which no film has: the
answer is 0xB605, at which some SCUs stop, and the film lacks its deepest blacks. Weasis sends them by
default.
"""

from pydicom.dataset import Dataset
from right import PrintScu, main

FINDINGS = ("density-gray-values",)


class WrongScu(PrintScu):
    def film_box_attributes(self) -> Dataset:
        attributes = super().film_box_attributes()
        attributes.MinDensity, attributes.MaxDensity = 0, 255
        return attributes


if __name__ == "__main__":
    main(WrongScu)
