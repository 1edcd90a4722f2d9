"""Several printers of one configuration file: each with its title, its ways and its folder."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from peers.ports import free_port
from peers.raw import RawScu, Said
from peers.scu import META, attributes, image_item
from pydicom.dataset import Dataset
from pynetdicom.sop_class import BasicFilmBox, BasicFilmSession, BasicGrayscaleImageBox, PrintJob
from service.films import print_film

from printscp.config import load
from printscp.errors import SetupError
from printscp.printer import FilmPrinter

CONFIGURATION = """
spool = "{folder}/spool"

[[printers]]
ae_title = "LENIENT"
ports = [0]
output = "{folder}/lenient"

[[printers]]
ae_title = "STRICT"
ports = [0]
mode = "strict"
output = "{folder}/strict"

[[printers]]
ae_title = "UPSTAIRS"
ports = [{port}]
output = "{folder}/upstairs"
"""
NOT_RECOGNIZED = (1, 1, 7)  # result, source and reason of an A-ASSOCIATE-RJ, PS3.8 9.3.4


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FilmPrinter]:
    """Two printers on one port, and one on another."""
    folder = tmp_path_factory.mktemp("house")
    printer = start(folder)
    yield printer
    printer.stop()


def start(folder: Path, tries: int = 5) -> FilmPrinter:
    """Start the printers; a port that was free may be taken by others before it is listened on."""
    file = folder / "printscp.toml"
    file.write_text(CONFIGURATION.format(folder=folder, port=free_port()))
    printer = FilmPrinter(load(file))
    try:
        printer.start()
    except SetupError:
        if tries == 1:
            raise
        return start(folder, tries - 1)
    return printer


@pytest.fixture
def doors(house: FilmPrinter) -> dict[str, tuple[str, int]]:
    """Where each printer is called."""
    return {title: (host, port) for host, port, _, titles in house.addresses for title in titles.split(", ")}


def test_the_doors(doors: dict[str, tuple[str, int]]) -> None:
    assert set(doors) == {"LENIENT", "STRICT", "UPSTAIRS"}
    assert doors["LENIENT"] == doors["STRICT"] != doors["UPSTAIRS"]


def test_a_film_goes_to_the_folder_of_its_printer(
    house: FilmPrinter, doors: dict[str, tuple[str, int]]
) -> None:
    uids: dict[str, str | None] = {}
    for title, door in doors.items():
        with RawScu(door, (META, PrintJob), called=title, confirm=False) as scu:
            uids[title] = print_film(scu)
            scu.release()
    house.wait_for(lambda jobs: all(job.ended for job in jobs), 30)
    for title, uid in uids.items():
        (job,) = [job for job in house.jobs() if job.uid == uid]
        assert (job.status, job.order.printer_name) == ("DONE", title)
        (film,) = map(Path, job.outputs)
        assert film.parent.name == title.lower()
        assert film.is_file()
    # One does not know the jobs of another.
    with RawScu(doors["LENIENT"], (PrintJob,), called="LENIENT") as scu:
        found = {title: scu.ask("get", PrintJob, uid).status for title, uid in uids.items()}
        scu.release()
    assert found == {"LENIENT": 0, "STRICT": 0x0112, "UPSTAIRS": 0x0112}


@pytest.mark.parametrize(
    ("called", "door"),
    [("NOBODY", "LENIENT"), ("PRINTSCP", "UPSTAIRS"), ("UPSTAIRS", "STRICT"), ("STRICT", "UPSTAIRS")],
)
def test_a_title_that_nobody_has_there_is_rejected(
    doors: dict[str, tuple[str, int]], called: str, door: str
) -> None:
    with pytest.raises(ConnectionRefusedError) as rejected:
        RawScu(doors[door], (META,), called=called)
    assert rejected.value.args[0] == NOT_RECOGNIZED


def say(scu: RawScu, what: str) -> Said:
    """Something that is not by the book, on a film box that is."""
    session = {"NumberOfCopies": 1} | ({"PatientName": "DOE^JANE"} if what == "patient attribute" else {})
    created = scu.ask("create", BasicFilmSession, "1.2.3", attributes(**session), context=META)
    if what == "patient attribute":
        return created
    reference = attributes(ReferencedSOPClassUID=BasicFilmSession, ReferencedSOPInstanceUID="1.2.3")
    film: Dataset = attributes(
        ImageDisplayFormat="STANDARD\\1,1",
        FilmSizeID="99INX99IN" if what == "film size" else "8INX10IN",
        MaxDensity=400 if what == "density" else 300,
        ReferencedFilmSessionSequence=[reference],
    )
    created = scu.ask("create", BasicFilmBox, "1.2.3.4", film, context=META)
    if what in ("film size", "density"):
        return created
    if what == "empty film":
        return scu.ask("action", BasicFilmBox, "1.2.3.4", context=META)
    assert what == "10 bits"
    item = image_item(np.zeros((8, 8), np.uint16), BitsStored=10, HighBit=9)
    box = created.dataset.ReferencedImageBoxSequence[0].ReferencedSOPInstanceUID
    image = attributes(ImageBoxPosition=1, BasicGrayscaleImageSequence=[item])
    return scu.ask("set", BasicGrayscaleImageBox, box, image, context=META)


@pytest.mark.parametrize(
    ("what", "lenient", "strict"),
    [
        ("patient attribute", 0, 0x0105),
        ("film size", 0x0116, 0x0106),
        ("density", 0, 0xB605),
        ("empty film", 0, 0xB603),
        ("10 bits", 0, 0x0106),
    ],
)
def test_what_the_one_takes_the_other_does_not(
    doors: dict[str, tuple[str, int]], what: str, lenient: int, strict: int
) -> None:
    statuses = {}
    for title in ("LENIENT", "STRICT"):
        with RawScu(doors[title], (META,), called=title) as scu:
            statuses[title] = say(scu, what).status
            scu.release()
    assert statuses == {"LENIENT": lenient, "STRICT": strict}
