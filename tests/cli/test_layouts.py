"""`printscp layouts`: what there is, and what it looks like."""

import json
import re
from pathlib import Path

from cli.command import Command, one_clear_line
from PIL import Image


def test_layouts_are_listed(tmp_path: Path, ask: Command) -> None:
    (tmp_path / "film_sizes.toml").write_text("[WARD]\nwidth_mm = 200\nheight_mm = 100\n")
    told = ask("layouts", "--layouts", tmp_path).out
    for words in (
        r"14INX17IN +355.6 x 431.8 +14.00 x 17.00",
        "WARD +200 x 100",
        r"CUSTOM\\1 .*one large image",
    ):
        assert re.search(words, told), words
    for words in ("STANDARD\\C,R", "SUPERSLIDE", "COMBINED", "imager17", "0.20 to 3.10 OD"):
        assert words in told
    listed = json.loads(ask("layouts", "--layouts", tmp_path, "--json").out)
    assert {"term": "WARD", "width_mm": 200, "height_mm": 100} in listed["film_sizes"]
    assert "imager17" in [printer["name"] for printer in listed["printers"]]


def test_a_printer_profile_is_shown_in_full(ask: Command) -> None:
    told = ask("layouts", "imager17").out
    for words in ("320 dpi", "0.20 to 3.10 OD, 2000 and 10 cd/m2", "PROCESSOR, MAGAZINE", "14INX17IN"):
        assert words in told
    assert json.loads(ask("layouts", "imager17", "--json").out)["min_density"] == 20


def test_a_layout_is_drawn(tmp_path: Path, ask: Command) -> None:
    film = ("--film-size", "14INX17IN", "--orientation", "LANDSCAPE", "--format", "ROW\\2,1")
    text = ("--annotation", "LABEL", "--resolution", "HIGH")
    done = ask("layouts", "--draw", tmp_path / "film.png", *film, *text)
    assert (done.code, done.out) == (0, ""), done.err
    with Image.open(tmp_path / "film.png") as picture:
        assert picture.width > picture.height


def test_layouts_say_what_is_wrong(tmp_path: Path, ask: Command) -> None:
    one_clear_line(ask("layouts", "nonesuch"), "nonesuch", "imager17")
    one_clear_line(ask("layouts", "--layouts", tmp_path / "none"), "layouts", "none")
    draw = ("layouts", "--draw", tmp_path / "film.png")
    one_clear_line(ask(*draw, "--film-size", "99INX99IN"), "imager17", "99INX99IN", "14INX17IN")
    one_clear_line(ask(*draw, "--format", "ROW\\0"), "imager17", "STANDARD")
    one_clear_line(ask("layouts", "--draw", tmp_path / "film.nonesuch"), "film.nonesuch")
    one_clear_line(
        ask("layouts", "--draw", tmp_path / "no" / "film.png"), "film.png: No such file or directory\n"
    )
    one_clear_line(ask("layouts", "--format", "ROW\\2"), "ImageDisplayFormat", "--draw")
