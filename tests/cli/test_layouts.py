"""`printscp layouts`: what there is, and what it looks like."""

import json
import re
from pathlib import Path

import pytest
from cli.command import one_clear_line, run
from PIL import Image


def test_layouts_are_listed(tmp_path: Path) -> None:
    (tmp_path / "film_sizes.toml").write_text("[WARD]\nwidth_mm = 200\nheight_mm = 100\n")
    told = run("layouts", "--layouts", tmp_path).stdout
    for words in (
        r"14INX17IN +355.6 x 431.8 +14.00 x 17.00",
        "WARD +200 x 100",
        r"CUSTOM\\1 .*one large image",
    ):
        assert re.search(words, told), words
    for words in ("STANDARD\\C,R", "SUPERSLIDE", "COMBINED", "imager17", "0.20 to 3.10 OD"):
        assert words in told
    listed = json.loads(run("layouts", "--layouts", tmp_path, "--json").stdout)
    assert {"term": "WARD", "width_mm": 200, "height_mm": 100} in listed["film_sizes"]
    assert "imager17" in [printer["name"] for printer in listed["printers"]]


def test_a_printer_profile_is_shown_in_full() -> None:
    told = run("layouts", "imager17").stdout
    for words in ("320 dpi", "0.20 to 3.10 OD, 2000 and 10 cd/m2", "PROCESSOR, MAGAZINE", "14INX17IN"):
        assert words in told
    assert json.loads(run("layouts", "imager17", "--json").stdout)["min_density"] == 20


def test_a_layout_is_drawn(tmp_path: Path) -> None:
    film = ("--film-size", "14INX17IN", "--orientation", "LANDSCAPE", "--format", "ROW\\2,1")
    text = ("--annotation", "LABEL", "--resolution", "HIGH")
    done = run("layouts", "--draw", tmp_path / "film.png", *film, *text)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    with Image.open(tmp_path / "film.png") as picture:
        assert picture.width > picture.height


@pytest.mark.slow
def test_layouts_say_what_is_wrong(tmp_path: Path) -> None:
    one_clear_line(run("layouts", "nonesuch"), "nonesuch", "imager17")
    one_clear_line(run("layouts", "--layouts", tmp_path / "none"), "layouts", "none")
    draw = ("layouts", "--draw", tmp_path / "film.png")
    one_clear_line(run(*draw, "--film-size", "99INX99IN"), "imager17", "99INX99IN", "14INX17IN")
    one_clear_line(run(*draw, "--format", "ROW\\0"), "imager17", "STANDARD")
    one_clear_line(run("layouts", "--draw", tmp_path / "film.nonesuch"), "film.nonesuch")
    one_clear_line(
        run("layouts", "--draw", tmp_path / "no" / "film.png"), "film.png: No such file or directory\n"
    )
    one_clear_line(run("layouts", "--format", "ROW\\2"), "ImageDisplayFormat", "--draw")
