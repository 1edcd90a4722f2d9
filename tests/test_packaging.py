"""A wheel, installed elsewhere into an empty environment, prints a film from another folder."""

import json
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from peers import server as serving
from pydicom.data import get_testdata_file

ROOT = Path(__file__).parent.parent
CT = get_testdata_file("CT_small.dcm", download=False)


def run(*command: object) -> str:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_wheel_prints_a_film(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(sys.executable, "-m", "build", "--wheel", "--outdir", tmp_path, ROOT)
    (wheel,) = tmp_path.glob("*.whl")
    venv.create(tmp_path / "env")
    binaries = tmp_path / "env" / "bin"
    printscp = binaries / "printscp"
    # What is imported is compiled by the first that does so; to compile all takes longer than all the rest.
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    pip = (sys.executable, "-m", "pip", "--python", binaries / "python", "install")
    run(*pip, "--quiet", "--no-compile", "--only-binary", ":all:", wheel)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert "imager17" in run(printscp, "layouts")
    monkeypatch.setattr(serving, "PRINTSCP", str(printscp))
    with serving.Server(Path("spool"), Path("films")) as server:
        run(printscp, "send", *server.address, CT)
        told = run(printscp, "jobs", "show", "latest", "--follow", "--json", "--spool", "spool")
    job = json.loads(told.splitlines()[-1])
    assert job["status"] == "DONE"
    (film,) = Path("films").glob("[!.]*")
    assert job["outputs"] == [str(film)]
    assert film.read_bytes().startswith(b"%PDF-1.7")
    assert run(printscp, "render", "latest", "--spool", "spool", "--to", "again") == f"again/{film.name}\n"
    assert Path("again", film.name).read_bytes() == film.read_bytes()
