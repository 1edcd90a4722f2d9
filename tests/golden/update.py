"""Writes the pictures anew: ``python tests/golden/update.py [CASE...]``.

Look at what has changed before it is kept.
"""

import json
import sys
from pathlib import Path

from PIL import Image

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER.parent))

from golden.cases import CASES  # noqa: E402
from golden.pictures import digest, film, picture, reduced  # noqa: E402


def main() -> None:
    """Write the pictures of the cases named, or of all, and the digests of those that are exact."""
    wanted = sys.argv[1:] or list(CASES)
    file = FOLDER / "digests.json"
    digests = json.loads(file.read_text()) if file.exists() and sys.argv[1:] else {}
    for name in wanted:
        page = film(CASES[name])
        Image.fromarray(reduced(picture(page))).save(FOLDER / f"{name}.png", optimize=True)
        if CASES[name].exact:
            digests[name] = digest(page)
    file.write_text(json.dumps(digests, indent=2) + "\n")


if __name__ == "__main__":
    main()
