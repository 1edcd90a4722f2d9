"""Films of a printer in memory as captures: what was printed, with the dialogue that led to it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from peers.bench import Bench
from peers.heard import Heard
from peers.scu import META, Scu
from pynetdicom.sop_class import BasicAnnotationBox, PresentationLUT

from printscp.capture import Capture

CONTEXTS = (META, PresentationLUT, BasicAnnotationBox)
CREATED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@contextmanager
def taking() -> Iterator[Callable[..., Capture]]:
    """A function that has an SCU print by a function given, and captures the last job of it."""
    heard = Heard()
    bench = Bench(listener=heard)

    def take(talk: Callable[[Scu], object], name: str = "job 1", **options: object) -> Capture:
        with Scu(bench.address, **({"contexts": CONTEXTS} | options)) as scu:  # type: ignore[arg-type]
            talk(scu)
        job = bench.spool.jobs[-1]
        dialogue = heard.whole(job.uid)
        sheets = job.sheets
        return Capture(name, job.uid, CREATED, job.order, len(sheets), lambda n: sheets[n - 1], dialogue)

    yield take
    bench.close()
