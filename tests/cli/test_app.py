"""The commands together: help, version, and what they do not load."""

import re
import subprocess
import sys
from pathlib import Path

from cli.command import run
from peers.board import Board


def test_version() -> None:
    assert re.fullmatch(r"printscp \d+\.\d+\.\d+\n", run("--version").stdout)


def test_help_tells_defaults_and_warns_of_patient_data() -> None:
    told = " ".join(run("serve", "--help").stdout.split())
    assert "[default: 11112]" in told
    assert "It CONTAINS PATIENT DATA." in told


def test_help_of_jobs_tells_the_exit_codes() -> None:
    told = " ".join(run("jobs", "--help").stdout.split())
    assert "0 done; 1 it cannot be done" in told
    assert "5 (show --follow) the job ended in FAILURE" in told


def test_a_list_of_jobs_does_not_wait_for_what_renders_or_speaks_dicom(tmp_path: Path) -> None:
    board = Board(f"sqlite:///{tmp_path}/jobs.sqlite")
    board.submit("1.2.3")
    board.database.close()
    code = (
        f"import sys; sys.argv[1:] = ['jobs', '--spool', {str(tmp_path)!r}]\n"
        "from printscp.cli import main\n"
        "try: main()\n"
        "finally: print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    head, *_, modules = done.stdout.splitlines()
    assert head == "1 job: 1 PENDING"
    heavy = {
        "numpy",
        "cv2",
        "PIL",
        "pydicom",
        "pynetdicom",
        "reportlab",
        "rich",
        "alembic",
        "isal",
        "obstore",
    }
    assert heavy.isdisjoint(modules.split())
