"""Start the film printer, print real CT and MR images and test images to it, and say where the films are.

    python samples/demo.py [FOLDER]

Everything goes the way a modality's films go: `printscp send` is the modality, over a real socket.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from make_samples import make_samples, real_images

PRINTSCP = str(Path(sys.executable).with_name("printscp"))


def main() -> None:
    """Print two films and wait for their PDFs."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "demo").resolve()
    films, spool = folder / "films", folder / "spool"
    shutil.rmtree(spool, ignore_errors=True)  # of a demo before, perhaps of another version
    print(f"starting the film printer, films go to {films}")
    command = [
        PRINTSCP,
        "serve",
        "--port",
        "0",
        "--no-web",
        "--ae-title",
        "FILM",
        "--spool",
        spool,
        "--output",
        films,
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            listening = re.fullmatch(r"listening on (.+):(\d+) as FILM\n", server.stdout.readline())
            if listening is None:
                sys.exit("the film printer did not start")
            address = listening[1], listening[2]
            print(f"it listens on {address[0]}:{address[1]} as FILM")
            send(address, "2x2", real_images())
            with tempfile.TemporaryDirectory() as samples:
                send(address, "4x3", make_samples(Path(samples)))
            pages = printed(spool)
        finally:
            server.terminate()
    print("\nprinted, 17 x 17 inch at 320 dpi:")
    for page in pages:
        print(f"  {page}")
    print("\nto see them on the light box, as long as this runs:")
    print(f"  {PRINTSCP} serve --spool {spool} --output {films}")


def send(address: tuple[str, str], layout: str, images: list[Path]) -> None:
    """Print images as a modality would."""
    command = [PRINTSCP, "send", *address, *map(str, images), "--layout", layout, "--called", "FILM"]
    subprocess.run(command, check=True, timeout=60)


def printed(spool: Path) -> list[str]:
    """The last two films, once they are out."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        listing = subprocess.run(
            [PRINTSCP, "jobs", "--spool", str(spool), "--json"], capture_output=True, text=True, check=True
        )
        jobs = json.loads(listing.stdout)[-2:]
        if all(job["status"] in ("DONE", "FAILURE") for job in jobs):
            failed = [job["info"] for job in jobs if job["status"] == "FAILURE"]
            if failed:
                sys.exit(f"not printed: {failed}")
            return [place for job in jobs for place in job["outputs"]]
        time.sleep(0.2)
    sys.exit("the films did not come out within a minute")


if __name__ == "__main__":
    main()
