"""The UID of the Meta SOP Class in the command.

The Meta SOP Class is negotiated; the requests name the single class. Printers answer 0x0118.
"""

from pydicom.uid import generate_uid
from right import META, PrintScu, main

FINDINGS = ("meta-class-in-command",)


class WrongScu(PrintScu):
    def create_session(self) -> None:
        self.session = generate_uid()
        self.create(META, self.session, self.session_attributes())


if __name__ == "__main__":
    main(WrongScu)
