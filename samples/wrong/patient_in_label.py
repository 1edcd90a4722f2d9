"""The patient's name in Film Session Label.

The label stands in lists of jobs and in every event of the job. What shall be on the film belongs into the
pixels or into an annotation box.
"""

from pydicom.dataset import Dataset
from right import PrintScu, main

FINDINGS = ("patient-data-in-label",)


class WrongScu(PrintScu):
    def session_attributes(self) -> Dataset:
        attributes = super().session_attributes()
        attributes.FilmSessionLabel = "DOE^JANE 1961-03-04"
        return attributes


if __name__ == "__main__":
    main(WrongScu)
