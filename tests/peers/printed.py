"""A spool that an SCU has printed to: a film of a test pattern with its dialogue, and one that failed."""

import shutil
from pathlib import Path

from peers.scu import Scu, image_item

from printscp.config import Settings, load
from printscp.printer import FilmPrinter
from printscp.qa.patterns import draw

PATIENT = "Mustermann^Max"


def settings_in(folder: Path) -> Settings:
    """Of a printer with two outputs, which makes faults on purpose and has no workers; all in ``folder``."""
    outputs = [{"type": "pdf", "name": name, "folder": folder / name} for name in ("films", "ward")]
    (folder / "faults.toml").touch()
    return load(
        port=0,
        workers=0,
        spool=folder / "spool",
        qa=folder / "qa",
        outputs=outputs,
        printers=[{"outputs": ["films"]}],
        faults=folder / "faults.toml",
    )


def print_to(folder: Path) -> None:
    """Have job 1 printed, which waits, and an association that comes to none."""
    pixels = draw("smpte", 256, 256, 8).pixels
    with FilmPrinter(settings_in(folder)) as printer:
        with Scu(printer.address) as scu:
            scu.create_session(FilmSessionLabel=PATIENT)
            scu.create_film("STANDARD\\1,1", FilmSizeID="8INX10IN")
            scu.set_image(1, image_item(pixels))
            assert scu.print_film().Status == 0
        with Scu(printer.address) as scu:
            scu.create_session()
            assert scu.create_film("NONSENSE\\1,1")[0].Status != 0


def copied(original: Path, folder: Path) -> Settings:
    """A copy of what `print_to` made, to be steered."""
    shutil.copytree(original, folder, dirs_exist_ok=True)
    return settings_in(folder)
