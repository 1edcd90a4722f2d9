"""The backslash of Image Display Format is lost.

In most languages a backslash in a string has to be written twice: here the format ends up with character 1
in place of backslash and 1. Printers refuse the film box with 0x0106.
"""

from pydicom.dataset import Dataset
from right import PrintScu, main

FINDINGS = ("backslash-lost",)


class WrongScu(PrintScu):
    def film_box_attributes(self) -> Dataset:
        attributes = super().film_box_attributes()
        attributes.ImageDisplayFormat = "STANDARD\1,2"
        return attributes


if __name__ == "__main__":
    main(WrongScu)
