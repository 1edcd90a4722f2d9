"""A Presentation LUT with 1024 entries.

It has to have an entry for each value that a pixel may have: 256 for 8 bits stored, 4096 for 12. Printers
refuse it with 0x0106, or interpolate.
"""

from pydicom.dataset import Dataset
from right import PrintScu, data_set, main

FINDINGS = ("lut-descriptor",)


class WrongScu(PrintScu):
    def look_up_attributes(self) -> Dataset:
        item = data_set(LUTExplanation="straight")
        item.add_new("LUTDescriptor", "US", [1024, 0, 12])
        item.add_new("LUTData", "OW", b"".join(int.to_bytes(4 * n, 2, "little") for n in range(1024)))
        return data_set(PresentationLUTSequence=[item])


if __name__ == "__main__":
    main(WrongScu)
