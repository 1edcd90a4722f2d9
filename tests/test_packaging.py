"""A wheel, installed elsewhere into an empty environment, prints a film from another folder, and shows it."""

import html
import json
import re
import subprocess
import sys
import urllib.request
import venv
import zipfile
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


def get(url: str) -> str:
    asked = urllib.request.Request(url, headers={"Accept-Language": "de"})
    with urllib.request.urlopen(asked, timeout=60) as answer:
        content: bytes = answer.read()
    return content.decode()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_wheel_prints_a_film(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(sys.executable, "-m", "build", "--wheel", "--outdir", tmp_path, ROOT)
    (wheel,) = tmp_path.glob("*.whl")
    licenses = [name for name in zipfile.ZipFile(wheel).namelist() if "/licenses/" in name]
    assert len(licenses) == 3  # ours, those of the fonts, and of the libraries of the page
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
    with serving.Server(Path("spool"), Path("films"), "--web", "--web-port", "0") as server:
        assert server.process.stdout is not None
        light_box = server.process.stdout.readline().removeprefix("light box on ").strip()
        run(printscp, "send", *server.address, CT)
        told = run(printscp, "jobs", "show", "latest", "--follow", "--json", "--spool", "spool")
        page = get(f"{light_box}films/latest")
        assert '<html lang="de"' in page  # of the catalogue
        assert "Dichte" in page
        for asset in sorted(set(re.findall(r'(?:src|href)="/(static/[^"]+)"', page))):
            assert get(light_box + html.unescape(asset))
    job = json.loads(told.splitlines()[-1])
    assert job["status"] == "DONE"
    (film,) = Path("films").glob("[!.]*")
    assert job["outputs"] == [str(film)]
    assert film.read_bytes().startswith(b"%PDF-1.7")
    assert run(printscp, "render", "latest", "--spool", "spool", "--to", "again") == f"again/{film.name}\n"
    assert Path("again", film.name).read_bytes() == film.read_bytes()
