"""The dialogue of each job is kept with it, and no film waits for that."""

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from peers.scu import Scu, image_item
from sqlalchemy.exc import OperationalError

from printscp.printer import FilmPrinter
from printscp.spool.dialogues import Dialogues
from printscp.spool.folder import Spool
from printscp.transcript import Transcript
from printscp.transcript.file import load

PIXELS = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64)


def print_film(scu: Scu) -> None:
    scu.create_session(FilmSessionLabel="Mustermann^Max")
    scu.create_film("STANDARD\\1,1", FilmSizeID="8INX10IN")
    scu.set_image(1, image_item(PIXELS))
    assert scu.print_film().Status == 0


def kept(folder: Path, number: int) -> Transcript | None:
    spool = Spool(folder)
    content = spool.dialogues.of(number)
    spool.close()
    return None if content is None else load(content)


def test_it_is_kept_when_the_film_is_printed_and_again_at_the_end(
    start_printer: Callable[..., FilmPrinter], tmp_path: Path
) -> None:
    printer = start_printer(workers=0)
    with Scu(printer.address) as scu:
        print_film(scu)
        scu.echo()  # after the job, by the same thread
        before = kept(tmp_path / "spool", 1)
    printer.stop()
    after = kept(tmp_path / "spool", 1)
    assert before is not None
    assert after is not None
    assert before.steps[-1].service == "N-ACTION"
    assert [step.service for step in after.steps[len(before.steps) :]] == ["C-ECHO", "C-ECHO", "A-RELEASE"]
    assert len(Path(tmp_path / "spool" / "jobs.sqlite").read_bytes()) < 200_000


@pytest.mark.parametrize(
    ("fault", "logged"),
    [
        (OperationalError("INSERT", {}, Exception("disk I/O error")), logging.WARNING),
        (RuntimeError("unforeseen"), logging.ERROR),
    ],
)
def test_a_film_is_taken_when_its_dialogue_cannot_be_kept(
    start_printer: Callable[..., FilmPrinter],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    fault: Exception,
    logged: int,
) -> None:
    def fail(*_: object) -> None:
        raise fault

    monkeypatch.setattr(Dialogues, "keep", fail)
    printer = start_printer(workers=0)
    with Scu(printer.address) as scu:
        print_film(scu)
        assert scu.echo() == 0
        assert scu.create_film("STANDARD\\1,1")[0].Status == 0
    printer.stop()
    said = [each for each in caplog.records if each.message == "the dialogue of a job is not kept"]
    assert {each.levelno for each in said} == {logged}
    assert "Mustermann" not in caplog.text
    spool = Spool(tmp_path / "spool")
    [job] = spool.queue.jobs()
    assert spool.has_films(job)
    assert spool.dialogues.of(job.id) is None
    spool.close()
