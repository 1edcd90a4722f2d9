"""The association is aborted where it should be released.

What was accepted is printed. But a film that is still in the making would be gone, and the printer cannot
tell this from a fault.
"""

from right import PrintScu, main

FINDINGS = ("aborted",)


class WrongScu(PrintScu):
    def delete(self) -> None:
        self.association.abort()


if __name__ == "__main__":
    main(WrongScu)
