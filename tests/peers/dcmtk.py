"""DCMTK's print client: `dcmpsprt` makes a stored print of images, `dcmprscu` sends it."""

import os
import subprocess
from pathlib import Path

_CONFIG = """\
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
[[COMMUNICATION]]
[FILM]
Aetitle = PRINTSCP
Description = printer under test
Hostname = {host}
Port = {port}
Type = LOCALPRINTER
BorderDensity = BLACK\\WHITE
DisableNewVRs = false
DisplayFormat = 1,1\\2,2\\4,5
EmptyImageDensity = BLACK\\WHITE
FilmDestination = MAGAZINE\\PROCESSOR
FilmSizeID = 14INX17IN\\8INX10IN
ImplicitOnly = false
MagnificationType = REPLICATE\\BILINEAR\\CUBIC
MaxDensity = 300\\320
MaxPDU = 32768
MediumType = PAPER\\CLEAR FILM\\BLUE FILM
MinDensity = 20
OmitSOPClassUIDFromCreateResponse = false
PresentationLUTMatchRequired = false
PresentationLUTinFilmSession = false
ResolutionID = STANDARD
SmoothingType = NONE
Supports12Bit = true
SupportsDecimateCrop = false
SupportsImageSize = false
SupportsPresentationLUT = false
SupportsTrim = false
"""


class PrintClient:
    """DCMTK's print client in a folder of its own."""

    def __init__(self, folder: Path, address: tuple[str, int]) -> None:
        self._folder = folder
        for name in ("spool", "database", "lut", "log", "reports"):
            (folder / name).mkdir(parents=True)
        (folder / "dcmpstat.cfg").write_text(_CONFIG.format(host=address[0], port=address[1]))

    def print(self, columns: int, rows: int, images: list[Path], *options: str) -> str:
        """Print images on one film; ``options`` are dcmprscu's.

        Returns what dcmprscu said, since it exits with 0 whatever happens.
        """
        self._run("dcmpsprt", "-l", str(columns), str(rows), *map(str, images))
        (stored_print,) = self._folder.glob("database/SP_*.dcm")
        return self._run("dcmprscu", "-v", *options, str(stored_print.relative_to(self._folder)))

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
