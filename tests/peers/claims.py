"""Claims for tests of outputs."""


class Held:
    """The claim of a worker, which nobody disputes; it keeps what it is to remember."""

    remote = place = ""

    def hold(self) -> None:
        """It holds."""

    def remember(self, remote: str, place: str = "") -> None:
        self.remote, self.place = remote, place
