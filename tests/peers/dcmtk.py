"""DCMTK's print client: `dcmpsprt` makes a stored print of images, `dcmprscu` sends it; and its print server,
`dcmprscp`, which keeps each film as a stored print."""

import os
import re
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from peers.ports import free_port
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid
from pynetdicom.sop_class import PresentationLUT

_GENERAL = """\
[[GENERAL]]
[APPLICATION]
LogDirectory = log
LogFile = general.log
LogLevel = INFO
MessagePort = 0
[PRINT]
Spooler = dcmprscu
Server = dcmprscp
Directory = spool
DetailedLog = false
BinaryLog = false
Sleep = 1
DefaultIllumination = 2000
DefaultReflection = 10
DeletePrintJobs = true
AlwaysDeleteTerminateJobs = true
[DATABASE]
Directory = database
[LUT]
Directory = lut
[REPORT]
Directory = reports
[NETWORK]
aetitle = DCMTK_SCU
[[LUT]]
[TABLE]
Description = look-up table of the test
FileName = table.lut
[[COMMUNICATION]]
[FILM]
"""
_PRINTER = {
    "Aetitle": "PRINTSCP",
    "Description": "printer under test",
    "Type": "LOCALPRINTER",
    "BorderDensity": "BLACK\\WHITE\\150",
    "DisableNewVRs": "false",
    "DisplayFormat": "1,1\\2,2\\4,5",
    "EmptyImageDensity": "BLACK\\WHITE\\150",
    "FilmDestination": "MAGAZINE\\PROCESSOR\\BIN_1\\BIN_2",
    "FilmSizeID": "14INX17IN\\8INX10IN",
    "ImplicitOnly": "false",
    "MagnificationType": "REPLICATE\\BILINEAR\\CUBIC",
    "MaxDensity": "300\\320",
    "MaxPDU": "32768",
    "MediumType": "PAPER\\CLEAR FILM\\BLUE FILM",
    "MinDensity": "20",
    "OmitSOPClassUIDFromCreateResponse": "false",
    "PresentationLUTMatchRequired": "false",
    "PresentationLUTinFilmSession": "false",
    "PresentationLUTPreferSCPRendering": "true",
    "ResolutionID": "STANDARD",
    "SmoothingType": "MEDIUM\\SHARP\\SMOOTH",
    "Supports12Bit": "true",
    "SupportsDecimateCrop": "true",
    "SupportsImageSize": "true",
    "SupportsPresentationLUT": "false",
    "SupportsTrim": "true",
}


@dataclass(frozen=True)
class StoredPrint:
    """What `dcmpsprt` made: a film, and the 12-bit values of its images by position."""

    path: Path
    images: tuple[NDArray[np.uint16], ...]


@dataclass(frozen=True)
class Talk:
    """What `dcmprscu` said of its association; it exits with 0 whatever happens."""

    text: str

    @property
    def errors(self) -> list[str]:
        """What it complained of; its warnings are of its own settings."""
        return re.findall(r"^[FE]: (.*)$", self.text, re.MULTILINE)

    @property
    def statuses(self) -> list[int]:
        """Of the printer's answers, in order."""
        return [int(status, 16) for status in re.findall(r"DIMSE Status +: 0x([0-9a-f]{4})", self.text)]


class PrintClient:
    """DCMTK's print client in a folder of its own; ``settings`` are those of its printer."""

    def __init__(self, folder: Path, address: tuple[str, int], **settings: str) -> None:
        self._folder = folder
        _make_folder(folder, _PRINTER | {"Hostname": address[0], "Port": str(address[1])} | settings)

    def set_table(self, bits: int, table: Sequence[int]) -> None:
        """Have a Presentation LUT that ``--plut TABLE`` names."""
        item = Dataset()
        item.add_new("LUTDescriptor", "US", [len(table), 0, bits])
        item.LUTExplanation = "table"
        item.add_new("LUTData", "OW", np.asarray(table, "<u2").tobytes())
        dataset = Dataset()
        dataset.SOPClassUID, dataset.SOPInstanceUID = PresentationLUT, generate_uid()
        dataset.PresentationLUTSequence = [item]
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        dataset.save_as(self._folder / "lut" / "table.lut", enforce_file_format=True)

    def store(self, images: Sequence[Path], *options: str) -> StoredPrint:
        """Make a film of images; ``options`` are dcmpsprt's."""
        before = set(self._folder.glob("database/SP_*.dcm"))
        self._run("dcmpsprt", *options, *map(str, images))
        (path,) = set(self._folder.glob("database/SP_*.dcm")) - before
        hardcopies = map(dcmread, self._folder.glob("database/HG_*.dcm"))
        pixels = {each.SOPInstanceUID: each.pixel_array for each in hardcopies}
        boxes = dcmread(path).ImageBoxContentSequence
        return StoredPrint(
            path.relative_to(self._folder),
            tuple(
                pixels[box.ReferencedImageSequence[0].ReferencedSOPInstanceUID]
                for box in sorted(boxes, key=lambda box: int(box.ImageBoxPosition))
            ),
        )

    def send(self, film: StoredPrint, *options: str) -> Talk:
        """Print a film; ``options`` are dcmprscu's."""
        return Talk(self._run("dcmprscu", "+d", *options, str(film.path)))

    def _run(self, program: str, *arguments: str) -> str:
        command = [program, "-c", "dcmpstat.cfg", "-p", "FILM", *arguments]
        done = subprocess.run(
            command,
            cwd=self._folder,
            env=os.environ | {"TCP_NODELAY": "1"},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return done.stdout + done.stderr


@dataclass(frozen=True)
class KeptFilm:
    """A film as `dcmprscp` keeps it: its stored print, and the data sets of its images by position."""

    film: Dataset
    images: dict[int, Dataset]


class PrintServer:
    """DCMTK's print server in a folder of its own; context manager. ``settings`` are those of its printer, or
    more of them than `PrintClient` has; with ``sample`` it has those of DCMTK's sample printer of that name
    and no others. It serves one association at a time."""

    ae_title = "DCMTK"

    def __init__(self, folder: Path, sample: str = "", **settings: str) -> None:
        self._folder = folder
        self.port = free_port()
        where = {"Hostname": "127.0.0.1", "Port": str(self.port), "Aetitle": self.ae_title}
        _make_folder(folder, (_sample(sample) if sample else _PRINTER | _SERVER) | where | settings)

    @property
    def films(self) -> list[KeptFilm]:
        """Each film that was printed, the oldest first."""
        paths = sorted(self._folder.glob("database/SP_*.dcm"), key=lambda path: path.stat().st_mtime_ns)
        images = {each.SOPInstanceUID: each for each in map(dcmread, self._folder.glob("database/HG_*.dcm"))}
        found = []
        for film in map(dcmread, paths):
            boxes = film.get("ImageBoxContentSequence", [])
            found.append(
                KeptFilm(
                    film,
                    {
                        int(box.ImageBoxPosition): images[
                            box.ReferencedImageSequence[0].ReferencedSOPInstanceUID
                        ]
                        for box in boxes
                    },
                )
            )
        return found

    @property
    def said(self) -> str:
        """All messages, dumped."""
        return (self._folder / "messages.txt").read_text(errors="replace")

    def __enter__(self) -> Self:
        with (self._folder / "messages.txt").open("w") as messages:
            self._process = subprocess.Popen(
                ["dcmprscp", "-v", "+d", "-c", "dcmpstat.cfg", "-p", "FILM"],
                cwd=self._folder,
                env=os.environ | {"TCP_NODELAY": "1"},
                stdout=messages,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + 20
        while not self._listens():
            assert self._process.poll() is None, self.said
            assert time.monotonic() < deadline, "dcmprscp does not listen"
        return self

    def _listens(self) -> bool:
        # A connection would be its one association: its port is asked for in the table of the system.
        wanted = f":{self.port:04X} 00000000:0000 0A"
        return wanted in Path("/proc/net/tcp").read_text()

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(20)


_SERVER = {
    "DisplayFormat": "1,1\\2,2\\2,3\\3,2\\4,5",  # turned for LANDSCAPE
    "MagnificationType": "REPLICATE\\BILINEAR\\CUBIC\\NONE",
    "MaxDensity": "310\\320",
    "SmoothingType": "NONE\\MEDIUM",
    "SupportsPresentationLUT": "true",
}


def _sample(name: str) -> dict[str, str]:
    """The settings of a printer of DCMTK's sample file."""
    text = Path("/etc/dcmtk/printers.cfg").read_text(encoding="utf-8")
    (section,) = re.findall(rf"^\[{name}\]$(.*?)(?=^\[|\Z)", text, re.MULTILINE | re.DOTALL)
    pairs = re.findall(r"^(\w+)\s*=\s*(.*?)\s*$", section, re.MULTILINE)
    return {key[0].upper() + key[1:]: value for key, value in pairs}


def _make_folder(folder: Path, printer: dict[str, str]) -> None:
    """Where the programs keep their things, and the configuration of a printer."""
    for name in ("spool", "database", "lut", "log", "reports"):
        (folder / name).mkdir(parents=True)
    lines = "".join(f"{key} = {value}\n" for key, value in printer.items())
    (folder / "dcmpstat.cfg").write_text(_GENERAL + lines)
