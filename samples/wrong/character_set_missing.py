"""An umlaut in the label of the film, and no Specific Character Set.

The bytes are Latin-1, which nobody has said. What is printed in place of the umlaut is up to the printer.
"""

from pydicom.dataset import Dataset
from right import PrintScu, main

FINDINGS = ("character-set-missing",)


class WrongScu(PrintScu):
    def session_attributes(self) -> Dataset:
        attributes = super().session_attributes()
        attributes.add_new("FilmSessionLabel", "LO", "Röntgen 2".encode("latin-1"))
        return attributes


if __name__ == "__main__":
    main(WrongScu)
