"""What went over associations, as a printer tells of it."""

import threading

from printscp.transcript import Step, Transcript

_ENDS = ("A-RELEASE", "A-ABORT")


class Heard:
    """A listener that keeps what it is told: steps, and of each job the transcript as it last was."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.association: Transcript
        self.jobs: dict[str, Transcript] = {}
        self.at_print: dict[str, Transcript] = {}
        self._told = threading.Condition()

    def step(self, transcript: Transcript, step: Step) -> None:
        self.association = transcript
        self.steps.append(step)

    def printed(self, uid: str, transcript: Transcript) -> None:
        self.at_print.setdefault(uid, transcript)
        with self._told:
            self.jobs[uid] = transcript
            self._told.notify_all()

    def whole(self, uid: str) -> Transcript:
        """The transcript of a job, once its association is over."""
        with self._told:
            over = self._told.wait_for(lambda: self.jobs[uid].steps[-1].service in _ENDS, 20)
        assert over, "the association did not end"
        return self.jobs[uid]

    def ended(self, transcript: Transcript) -> None:
        pass
