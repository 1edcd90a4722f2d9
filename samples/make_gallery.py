"""Writes picture sheets of the golden tests' films: ``python samples/make_gallery.py [FOLDER]``.

Each film goes through the film model and the renderer. Grays are what one light box shows, as P-values; see
`tests/golden`. The pictures are the same at every run.
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests"))
from golden.cases import CASES, Case  # noqa: E402
from golden.pictures import film, picture, reduced  # noqa: E402

BACKGROUND, INK = 236, 20
GAP, LINE = 14, 17  # pixels
CAPTION = ImageFont.truetype(HERE.parent / "printscp" / "fonts" / "DejaVuSans.ttf", 13)


@dataclass(frozen=True)
class Group:
    """Films on a sheet: ``columns`` side by side, ``reduction`` printer pixels to each of its own."""

    name: str
    title: str
    about: str
    columns: int = 4
    reduction: int = 6


GROUPS = (
    Group("formats", "Display formats", "Image Display Format and orientation: where each position lies."),
    Group(
        "fit",
        "Magnification and fit",
        "How an image gets into its box: enlarged, averaged, cut, true to size.",
    ),
    Group("tone", "Tone", "From pixel to density: polarity, Presentation LUT, curves, densities, light."),
    Group("edges", "Borders and trim", "What lies around the images."),
    Group("annotations", "Annotations", "Text in five scripts, joined and ordered as it is read.", 3, 3),
    Group(
        "media",
        "Color and media",
        "Color by sRGB and by ICC profile; paper beside film on the same light box.",
    ),
)


def make_gallery(folder: Path) -> list[Path]:
    """Write a picture of each group, and the list of what they show, into ``folder``; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    return [*(_sheet(group, folder) for group in GROUPS), _list(folder)]


def _cases(group: Group) -> list[Case]:
    return [case for case in CASES.values() if case.group == group.name]


def _sheet(group: Group, folder: Path) -> Path:
    films = [(case, reduced(picture(film(case)), group.reduction)) for case in _cases(group)]
    rows = [films[start : start + group.columns] for start in range(0, len(films), group.columns)]
    width = max(sum(shown.shape[1] + GAP for _, shown in row) for row in rows) + GAP
    # Captions are two lines at most.
    heights = [max(shown.shape[0] for _, shown in row) + 2 * LINE + GAP for row in rows]
    colored = any(shown.ndim == 3 for _, shown in films)
    page = Image.new(
        "RGB" if colored else "L", (width, sum(heights) + GAP), (BACKGROUND,) * 3 if colored else BACKGROUND
    )
    top = GAP
    for row, height in zip(rows, heights, strict=True):
        left = GAP
        for case, shown in row:
            page.paste(Image.fromarray(shown).convert(page.mode), (left, top))
            _caption(page, case, left, top + shown.shape[0] + 2, shown.shape[1])
            left += shown.shape[1] + GAP
        top += height
    path = folder / f"{group.name}.png"
    page.save(path, optimize=True)
    return path


def _caption(page: Image.Image, case: Case, left: int, top: int, width: int) -> None:
    lines = [""]
    for word in f"{case.name}: {case.caption}".split():
        longer = f"{lines[-1]} {word}".strip()
        if CAPTION.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    pen = ImageDraw.Draw(page)
    for number, line in enumerate(lines[:2]):
        pen.text(
            (left, top + number * LINE), line, font=CAPTION, fill=(INK,) * 3 if page.mode == "RGB" else INK
        )


def _list(folder: Path) -> Path:
    lines = [
        "# Films",
        "",
        "Made by `python samples/make_gallery.py` from the films of `tests/golden`: 8 x 10 inch at 320 dpi,",
        "printed through the film model of the default printer, then reduced. Grays are P-values of what one",
        "light box of 2000 cd/m2 shows, from 3.10 OD (black) to no film at all (white), so that film at its",
        "least density, 0.20 OD, is light gray.",
    ]
    for group in GROUPS:
        lines += ["", f"## {group.title}", "", group.about, "", f"![{group.title}]({group.name}.png)", ""]
        lines += ["| Film | What it shows |", "|---|---|"]
        lines += [f"| `{case.name}` | {case.caption} |" for case in _cases(group)]
    path = folder / "README.md"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description="Write picture sheets of films.")
    parser.add_argument("folder", type=Path, nargs="?", default=HERE.parent / "docs" / "gallery")
    for path in make_gallery(parser.parse_args().folder):
        print(path)


if __name__ == "__main__":
    main()
