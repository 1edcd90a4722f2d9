"""Attributes of the image sent along with its pixels.

The print service has no place for them. Tolerant printers ignore them, those that go by the letter refuse
the image with 0x0105; and the patient's name was sent for nothing.
"""

from pydicom.dataset import Dataset
from right import PrintScu, main

FINDINGS = ("patient-attribute", "unexpected-attribute")


class WrongScu(PrintScu):
    def image_box_attributes(self, position: int) -> Dataset:
        attributes = super().image_box_attributes(position)
        attributes.PatientName, attributes.PatientID = "DOE^JANE", "4711-0815"
        attributes.Modality, attributes.BodyPartExamined = "CT", "CHEST"
        return attributes


if __name__ == "__main__":
    main(WrongScu)
