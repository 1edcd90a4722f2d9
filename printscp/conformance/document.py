"""A Markdown document of numbered sections, with a table of contents and references between sections."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from inspect import cleandoc

CONTENTS = "§contents"
"""The text of the section that holds the table of contents."""

_REFERENCE = re.compile(r"§\[([^\]]+)\]")


@dataclass(frozen=True)
class Section:
    """``text`` is Markdown; ``§[Title]`` in it becomes a link to the section of that title."""

    title: str
    text: str
    parts: tuple["Section", ...] = ()


def document(title: str, introduction: str, sections: Sequence[Section]) -> str:
    """The Markdown of it all.

    Raises:
        KeyError: a reference to a section that is not there.
    """
    numbered = list(_numbered(sections))
    places = {section.title: (number, _anchor(f"{number} {section.title}")) for number, section in numbered}
    assert len(places) == len(numbered), "two sections have one title"

    def link(match: re.Match[str]) -> str:
        number, anchor = places[match[1]]
        return f"[{number} {match[1]}](#{anchor})"

    contents = "\n".join(
        f"{'  ' * number.count('.')}- [{number} {section.title}](#{places[section.title][1]})"
        for number, section in numbered
    )
    blocks = [f"# {title}", introduction]
    for number, section in numbered:
        blocks.append(f"{'#' * (number.count('.') + 2)} {number} {section.title}")
        blocks.append(contents if section.text == CONTENTS else section.text)
    return _REFERENCE.sub(link, "\n\n".join(block.strip("\n") for block in blocks if block)) + "\n"


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table; None makes an empty cell."""
    return "\n".join(
        "| " + " | ".join(cells) + " |"
        for cells in [headings, ["---"] * len(headings), *([_cell(each) for each in row] for row in rows)]
    )


def rows(text: str) -> list[list[str]]:
    """Rows of a table from lines with ``|`` between the cells; a line without goes on with the one before."""
    found: list[list[str]] = []
    for line in cleandoc(text).splitlines():
        if " | " in line:
            found.append([cell.strip() for cell in line.split(" | ")])
        else:
            found[-1][-1] += f" {line.strip()}"
    return found


def paragraphs(*texts: str) -> str:
    """What is not empty, without its indentation, with empty lines between."""
    return "\n\n".join(cleandoc(text) for text in texts if text)


def hexadecimal(code: int) -> str:
    """A status or tag element as the standard writes it."""
    return f"0x{code:04X}"


def _cell(value: object) -> str:
    return "" if value is None else str(value).replace("|", "\\|").replace("\n", "<br>")


def _numbered(sections: Sequence[Section], above: str = "") -> Iterator[tuple[str, Section]]:
    for place, section in enumerate(sections, start=1):
        number = f"{above}{place}"
        yield number, section
        yield from _numbered(section.parts, f"{number}.")


def _anchor(heading: str) -> str:
    """The name that readers of Markdown make of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
