"""Where our IHEFULL and IHERESTRICTED answer otherwise than DCMTK's, and why: one table, for the test that
compares them and for docs/personas.md, which `python tests/service/differences.py` prints."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass

from service.questions import Reply, failed

from printscp.catalog import Catalog
from printscp.config.personas import persona_title
from printscp.conformance.document import table
from printscp.film.profile import PrinterProfile

FULL, RESTRICTED = "ihefull", "iherestricted"
BOTH = (FULL, RESTRICTED)


@dataclass(frozen=True)
class Difference:
    """``requests`` are names of `questions`, or ``KIND: ATTRIBUTE`` for what answers of a kind tell."""

    requests: tuple[str, ...]
    theirs: str
    ours: str
    reason: str
    printers: tuple[str, ...] = BOTH


_TABLES = ("table of 256", "table of 4096", "table of 4096, 16 bits")
_WRONG_TABLES = (
    *("table of 100", "table of 256, first value 1", "table of 256, 8 bits"),
    "table of 256, with data of 200",
)

DIFFERENCES = (
    # What is told.
    Difference(
        ("session: FilmSessionLabel", "session: OwnerID"),
        "told",
        "not told",
        "DCMTK makes up a label of the calling AE title and the time, and an owner; ours prints a label on "
        "the film, and only one that the SCU gave",
    ),
    Difference(
        (
            *("printer N-GET: Manufacturer", "printer N-GET: ManufacturerModelName"),
            *("printer N-GET: PrinterName", "printer N-GET: SoftwareVersions"),
        ),
        "not told",
        "told",
        "DCMTK has the two attributes of a printer that are U/M, and no others",
    ),
    Difference(
        ("printer N-GET, status and model",), "0x0105", "0x0000", "DCMTK does not know its model; see above"
    ),
    Difference(
        ("printer N-GET, calibration", "printer N-GET, unknown attribute"),
        "0x0105",
        "0x0107",
        "PS3.7 10.1.2: what is known is given, with a warning",
    ),
    # What is asked for.
    Difference(("session, 100 copies",), "0x0000", "0x0106", "ours prints 99 copies of a film at most"),
    Difference(
        ("session, copies that are no number",),
        "0x0000",
        "0x0106",
        "sent as text (LO): DCMTK does not see an attribute of a wrong VR; ours reads its value",
        (FULL,),
    ),
    Difference(
        ("film box, empty display format",),
        "0x0120",
        "0x0121",
        "PS3.7 Annex C: the attribute is there, its value is not",
    ),
    Difference(("film box, empty session",), "0x0106", "0x0121", "PS3.7 Annex C: there, but without a value"),
    Difference(
        ("film box, no session",),
        "0x0117",
        "0x0106",
        "the instance is a new one, and well; it is an attribute that refers to nothing",
    ),
    Difference(
        ("film box, maximum density 400",),
        "0x0000",
        "0xB605",
        "DCMTK takes every density; PS3.4 H.4.2.2.1 has a warning for those that the printer has not",
    ),
    Difference(
        ("film box, minimum density 1",), "0x0000", "0xB605", "as above; IHERESTRICTED has none", (FULL,)
    ),
    Difference(
        ("film box, densities upside down",),
        "0x0000",
        "0x0106",
        "no film has a minimum above its maximum",
        (FULL,),
    ),
    Difference(
        ("film box, UID of the session",),
        "0x0000",
        "0x0111",
        "PS3.7 10.1.5: the UID is that of another instance",
    ),
    Difference(("film box, UID with a letter",), "0x0000", "0x0117", "PS3.5 9.1: it is no UID"),
    # Images.
    Difference(
        ("image box, short pixels", "image box, long pixels"),
        "0x0000",
        "0x0106",
        "Pixel Data does not fill Rows x Columns; DCMTK keeps it, ours would print noise or half an image",
    ),
    Difference(
        ("image box, wrong position",),
        "0x0000",
        "0x0106",
        "DCMTK takes an image for another position than that of its box; an image in the wrong place is "
        "worse than none",
    ),
    Difference(
        ("image box, erased",), "0x0106", "0x0000", "PS3.4 H.4.3.1.2.1: an empty sequence erases the image"
    ),
    # Presentation LUTs.
    Difference(
        ("look-up table, unknown shape",), "0x0105", "0x0106", "the attribute is known, its value is not"
    ),
    Difference(
        ("look-up table, neither shape nor table",),
        "0x0105",
        "0x0120",
        "one of both is missing (PS3.4 H.4.9)",
    ),
    Difference(
        ("look-up table, both shape and table",),
        "0x0000",
        "0x0106",
        "PS3.4 H.4.9: one excludes the other; DCMTK takes the shape",
    ),
    Difference(
        tuple(f"look-up table, {words}" for words in _WRONG_TABLES),
        "0x0000",
        "0x0106",
        "PS3.3 C.11.4: 256 or 4096 entries of 10 to 16 bits, the first for 0, and as much data",
        (FULL,),
    ),
    Difference(
        (
            "image box, 12 bits on a film of a table of 256",
            "image box, 8 bits on a film of a table of 4096",
        ),
        "0x0000",
        "0x0106",
        "PS3.3 C.11.4: an entry for each value of the image; DCMTK asks for that in IHERESTRICTED only",
        (FULL,),
    ),
    Difference(
        tuple(f"look-up table, {words}" for words in _TABLES),
        "0x0105",
        "0x0000",
        "DCMTK reads no table in Implicit VR, which is all that IHERESTRICTED takes",
        (RESTRICTED,),
    ),
    Difference(
        tuple(f"look-up table, {words}" for words in _WRONG_TABLES),
        "0x0105",
        "0x0106",
        "as above: DCMTK does not get as far as the fault",
        (RESTRICTED,),
    ),
    Difference(
        (
            *("film box, table of 256", "film box, table of 4096"),
            "image box, 8 bits on a film of a table of 256",
            "image box, 12 bits on a film of a table of 4096",
        ),
        "0x0106",
        "0x0000",
        "as above: at DCMTK there is no such table",
        (RESTRICTED,),
    ),
    Difference(
        ("image box, 8 bits and a table of 256", "image box, 8 bits and a table of 4096"),
        "0x0106",
        "0x0105",
        "as above: DCMTK misses the film's table before it sees that image boxes have none",
        (RESTRICTED,),
    ),
    Difference(
        ("look-up table N-DELETE, 256 in use", "look-up table N-DELETE, 4096 in use"),
        "0x0112",
        "0x0110",
        "as above: at DCMTK there is no such table",
        (RESTRICTED,),
    ),
    # Life cycle.
    Difference(
        ("film box N-ACTION, type 2",), "0xB603", "0x0123", "PS3.7 10.1.4: only Action Type 1 is known"
    ),
    Difference(
        ("film box N-DELETE, an earlier one",),
        "0x0000",
        "0x0112",
        "PS3.4 H.4.2.2: of film boxes only the last one created can be aimed at",
    ),
    Difference(
        ("image box, UID of the film box", "session N-SET, of another class"),
        "0x0112",
        "0x0119",
        "PS3.7 Annex C: the instance is there, and of another class",
    ),
    Difference(
        (
            *("session N-GET", "film box N-GET", "image box N-GET", "image box N-DELETE"),
            *("look-up table N-SET", "printer N-SET", "printer N-CREATE", "printer N-DELETE"),
        ),
        "0x0118",
        "0x0211",
        "the class is known and negotiated; it has no such service",
    ),
)


# --- what is found -----------------------------------------------------------------------------------------


def compare(theirs: dict[str, Reply], ours: dict[str, Reply]) -> Iterator[tuple[str, str, str]]:
    """Name of the request, or kind of request and attribute, and what each of two printers answered."""
    assert theirs.keys() == ours.keys()
    for name, reply in theirs.items():
        other = ours[name]
        if reply.status != other.status:
            yield name, f"0x{reply.status:04X}", f"0x{other.status:04X}"
        elif not failed(reply.status):
            kind = name.partition(",")[0]
            yield from ((f"{kind}: {what}", *told) for what, told in _told(reply, other))


def _told(reply: Reply, other: Reply) -> Iterator[tuple[str, tuple[str, str]]]:
    """What two answers of the same status tell otherwise. N-SET need not tell anything (PS3.7 10.1.3)."""
    if reply.verb == "create" and reply.names_class != other.names_class:
        yield "SOP class of the command", ("told" if reply.names_class else "not told", "the opposite")
    for keyword in sorted(reply.values.keys() | other.values.keys()):
        told = keyword in reply.values, keyword in other.values
        if all(told) and reply.values[keyword] != other.values[keyword]:
            yield keyword, (reply.values[keyword], other.values[keyword])
        elif not all(told) and reply.verb != "set":
            yield keyword, ("told", "not told") if told[0] else ("not told", "told")


# --- docs/personas.md ------------------------------------------------------------------------------------


def document() -> str:
    """docs/personas.md."""
    catalog = Catalog()
    profiles = [catalog.profile(name) for name in catalog.profile_names]
    return (
        "\n\n".join(
            (
                _INTRODUCTION,
                table(
                    (
                        "AE title",
                        "What it is",
                        "Mode",
                        "Film sizes",
                        "Image Display Formats",
                        "OD",
                        "Resolution",
                    ),
                    map(_films, profiles),
                ),
                "## What sets each apart\n\n`printscp layouts NAME` tells all of one.",
                table(("AE title", "Quirks", "Figures", "Source"), map(_quirks, profiles)),
                _COMPARED,
                table(("Request", "DCMTK", "printscp", "Where", "Reason"), map(_row, DIFFERENCES)),
            )
        )
        + "\n"
    )


_INTRODUCTION = """\
# Personas: one server, many printers

A printer profile (`layouts/printers`) says what a model of printer has, how strict it is and what it does
otherwise than most. Each can be called by its name as AE title, in capitals and cut to 16 characters:

    printscp serve --personas all                            # or --personas ihefull,fuji_drypix4000

```python
with printscp.FilmPrinter(port=0, spool="spool", output="films", personas="all") as printer:
    host, port = printer.address
```

What calls any other title has the printer that the other settings describe. Profiles of one's own folder
(`--layouts`) are personas, too."""

_COMPARED = """\
## IHEFULL and IHERESTRICTED beside DCMTK's

A test puts the same script of requests to these two and to DCMTK's `dcmprscp` (3.6.7) with its sample
printers of those names: each attribute right, wrong, unknown and empty, every display format, images,
look-up tables, life cycle. Statuses are compared, and the attributes told in answers to N-CREATE and N-GET;
those of N-SET, where DCMTK tells what it was given and ours what it changed, only as far as both tell them.
All is equal but what is listed here; the test fails where a difference is gone, or a new one appears."""


def _films(profile: PrinterProfile) -> tuple[str, ...]:
    formats = ", ".join(profile.display_formats)
    dots = ", ".join(f"{each.term} {each.dots_per_inch:g} dpi" for each in profile.resolutions)
    return (
        persona_title(profile.name),
        f"{profile.manufacturer} {profile.model}",
        profile.mode,
        ", ".join(size.term for size in profile.film_sizes),
        formats,
        f"{profile.min_density / 100:.2f} to {profile.max_density / 100:.2f}",
        dots,
    )


def _quirks(profile: PrinterProfile) -> tuple[str, ...]:
    return (
        persona_title(profile.name),
        "\n".join(profile.quirks) or "none",
        "measured" if profile.measured else "assumed in part",
        profile.source,
    )


def _row(difference: Difference) -> tuple[str, ...]:
    where = "both" if difference.printers == BOTH else difference.printers[0].upper()
    requests = "\n".join(difference.requests)
    return requests, difference.theirs, difference.ours, where, difference.reason


def expected(printer: str) -> Iterator[tuple[str, str, str]]:
    """The differences of one printer, request by request."""
    for each in DIFFERENCES:
        if printer in each.printers:
            for request in each.requests:
                yield request, each.theirs, each.ours


if __name__ == "__main__":
    sys.stdout.write(document())
