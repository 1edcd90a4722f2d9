"""What README tells people to type does what it says."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest
from peers.server import PRINTSCP, Server

README = Path(__file__).parent.parent / "README.md"


@pytest.mark.slow
def test_three_commands_lead_from_nothing_to_a_report(tmp_path: Path) -> None:
    block = README.read_text(encoding="utf-8").split("## For quality assurance")[1].split("```")[1]
    serve, send, verify = (shlex.split(line, comments=True) for line in block.strip().splitlines())
    assert serve == ["printscp", "serve"]
    with Server(tmp_path / "printscp-spool", tmp_path / "films") as server:
        sent = [str(server.address[1]) if word == "11112" else word for word in send]
        for command in (sent, verify):
            done = subprocess.run(
                [PRINTSCP, *command[1:]], cwd=tmp_path, capture_output=True, text=True, timeout=60
            )
            assert done.returncode == 0, done.stderr
    assert "wedge-32" in done.stdout
    report = next(word for word in verify if word.endswith(".pdf"))
    assert re.match(rb"%PDF-1\.\d", (tmp_path / report).read_bytes())
