"""Outputs by name: what is wrong with a table is said by its key."""

from pathlib import Path
from typing import Any

import pytest

from printscp.errors import SetupError
from printscp.outputs.registry import open_output, types


def test_a_module_with_settings_is_a_type() -> None:
    assert {"lpd", "pdf", "png", "postscript", "raw", "sheet", "tiff"} <= set(types())
    assert not {"folder", "output", "registry", "tied"} & set(types())


def test_a_table_is_its_settings() -> None:
    made: Any = open_output({"type": "postscript", "folder": "films", "bits": 12, "encoding": "ascii85"})
    assert (made.folder, made.bits, made.encoding, made.tone) == (Path("films"), 12, "ascii85", "p-value")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"folder": "x"}, "type: is missing"),
        ({"type": "gif", "folder": "x"}, "type: 'gif' is none of "),
        ({"type": "registry", "folder": "x"}, "type: 'registry' is none of"),
        ({"type": "../pdf", "folder": "x"}, "type: '../pdf' is none of"),
        ({"type": "pdf"}, "pdf: folder: Field required"),
        ({"type": "pdf", "folder": "x", "bits": 12}, "pdf: bits: "),
        ({"type": "postscript", "folder": "x", "bits": 16}, "postscript: bits: "),
        ({"type": "png", "folder": "x", "tone": "loud"}, "png: tone: "),
        ({"type": "pdf", "folder": "x", "colour": True}, "pdf: colour: "),
        ({"type": "pdf", "folder": "x", "tone": "curve"}, "pdf: curve: goes with"),
        ({"type": "pdf", "folder": "x", "curve": "c.toml"}, "pdf: curve: goes with"),
        ({"type": "pdf", "folder": "x", "file_name": "film"}, "pdf: file_name: {job} must begin or end"),
        (
            {"type": "pdf", "folder": "x", "file_name": "{owner}-{job}"},
            "pdf: file_name: there is no field {owner}",
        ),
        ({"type": "tiff", "folder": "x", "samples": "density", "bits": 8}, "tiff: samples: "),
        ({"type": "tiff", "folder": "x", "samples": "density", "tone": "lightbox"}, "tiff: samples: "),
    ],
)
def test_an_error_names_the_key(table: dict[str, Any], message: str) -> None:
    with pytest.raises(SetupError) as raised:
        open_output(table)
    assert str(raised.value).startswith(message)
