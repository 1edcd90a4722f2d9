"""The SOP specific part: services, attributes, replies, choices and statuses of each class."""

from collections.abc import Sequence
from typing import Any

from pydicom.datadict import dictionary_description, dictionary_VR
from pydicom.uid import UID

from printscp.conformance.document import Section, hexadecimal, paragraphs, rows, table
from printscp.conformance.printers import Printers
from printscp.film.attributes import Attribute
from printscp.film.dialogue import class_name
from printscp.film.profile import PrinterProfile
from printscp.film.reply import Reply
from printscp.film.rules import NotOffered
from printscp.film.service import COVERED, OPTIONAL_CLASSES, SOP_CLASSES
from printscp.film.statuses import GENERAL, MEANINGS, STATUSES, Use, category
from printscp.film.uids import (
    BASIC_ANNOTATION_BOX,
    BASIC_COLOR_IMAGE_BOX,
    BASIC_COLOR_PRINT_MANAGEMENT_META,
    BASIC_FILM_BOX,
    BASIC_FILM_SESSION,
    BASIC_GRAYSCALE_IMAGE_BOX,
    PRESENTATION_LUT,
    PRINT_JOB,
    PRINTER,
    PRINTER_CONFIGURATION_RETRIEVAL,
)

_IMAGE_SERVICES = """
    N-SET | M/M | Puts an image into the box, replaces the one before, or erases it by an empty sequence.
    """
SERVICES: dict[UID, str] = {
    BASIC_FILM_SESSION: """
        N-CREATE | M/M | Opens the film session of the association.
        N-SET | U/M | Changes it; films printed from then on have the new values.
        N-ACTION | U/U | Action Type 1: prints all its films as one print job, collated.
        N-DELETE | U/M | Deletes it and all film boxes; print jobs and Presentation LUTs stay.
        """,
    BASIC_FILM_BOX: """
        N-CREATE | M/M | Makes a film with its image boxes and annotation boxes; the only one that is alive.
        N-SET | U/U | Changes the film that is alive.
        N-ACTION | M/M | Action Type 1: prints the film that is alive as a print job of its own.
        N-DELETE | U/M | Deletes the film that is alive, with its boxes.
        """,
    BASIC_GRAYSCALE_IMAGE_BOX: _IMAGE_SERVICES,
    BASIC_COLOR_IMAGE_BOX: _IMAGE_SERVICES,
    BASIC_ANNOTATION_BOX: """
        N-SET | U/M | Sets the text of the box, or erases it by an empty one.
        """,
    PRESENTATION_LUT: """
        N-CREATE | M/M | Makes a look-up table that film boxes and image boxes can refer to.
        N-DELETE | U/M | Deletes it, once nothing refers to it.
        """,
    PRINT_JOB: """
        N-GET | U/M | Tells what has become of a job, on any association with the printer.
        N-EVENT-REPORT | M/M | Tells of each change, on the association that made the job.
        """,
    PRINTER: """
        N-GET | U/M | Tells the state of the printer and what it is.
        N-EVENT-REPORT | M/M | Tells of each change of its state, where the printer is set up to.
        """,
    PRINTER_CONFIGURATION_RETRIEVAL: """
        N-GET | M/M | Gives the profile of the printer in full.
        """,
}
"""Service, usage and what is done, of each class."""

GIVEN: dict[UID, dict[str, str]] = {
    PRINT_JOB: {
        "ExecutionStatus": "PENDING, PRINTING, DONE, FAILURE",
        "ExecutionStatusInfo": "see the events below",
        "PrintPriority": "that of the film session",
        "CreationDate": "when the N-ACTION came, local time",
        "CreationTime": "when the N-ACTION came, local time",
        "PrinterName": "AE title of the printer",
        "Originator": "AE title that called",
    },
    PRINTER: {
        "PrinterStatus": "NORMAL, WARNING, FAILURE",
        "PrinterStatusInfo": "NORMAL, or CHECK PRINTER while films cannot be delivered",
        "PrinterName": "AE title of the printer",
        "Manufacturer": "of the printer profile",
        "ManufacturerModelName": "of the printer profile",
        "SoftwareVersions": "version of printscp",
    },
}
"""What N-GET gives; an attribute of these classes that is not here has no value."""

_IMAGE_CHOICES = """
    each N-SET stands for itself | what it does not give is not in force, whatever an earlier one gave
    an attribute that the film box has, too | the image box wins; not given, that of the film box counts
    Requested Decimate/Crop Behavior is not given | that of the printer profile
    Image Box Position is not that of the box | 0x0106
    box of an earlier film | 0x0112
    length of Pixel Data | exactly rows x columns x samples, and one byte more where that makes it even; else
        0x0106
    Requested Image Size with Magnification Type NONE | tolerant: NONE wins, 0x0116; strict: 0x0106
    attributes in the answer | the values in force where something was changed or ignored; none where all was
        taken as sent
    """
CHOICES: dict[UID, str] = {
    BASIC_FILM_SESSION: """
        a second film session on the association | 0x0111; after N-DELETE a new one can be made
        several film sessions at once | on as many associations
        Number of Copies | the document has each film once, and says how many copies to print, collated
        Memory Allocation | reserved from the memory that all associations share, until N-DELETE or the end
            of the association; if there is not so much, see 0xB600, 0x0106 and 0x0213
        Referenced Presentation LUT Sequence | not of the table in PS3.4 but of a note in H.3.3.2: taken, for
            films and images that refer to none of their own
        films of different sizes, formats or Meta classes in one session | printed together
        N-ACTION twice | each time a new print job
        job reference in the answer to N-ACTION | only if the Print Job class was negotiated; else there is
            no data set
        session without an image | printed empty; tolerant printers answer 0x0000, strict ones 0xB602
        """,
    BASIC_FILM_BOX: """
        forms of Image Display Format | those that the table names, without blanks or leading zeros; any
            other is 0x0106, never replaced
        order of Referenced Image Box Sequence | by Image Box Position, 1 first; Referenced Basic Annotation
            Box Sequence by position, too
        Referenced Basic Annotation Box Sequence | only if Basic Annotation Box was negotiated; without items
            where the film has none
        attributes in the answer to N-CREATE and N-SET | all that are in force, also with a warning; ICC
            Profile is not sent back
        no such film session | 0x0106
        an earlier film box, or a box of it | it stays in its session to be printed with it, but nothing else
            can be done with it: 0x0112
        N-DELETE of the last film box | the one before it does not come back to life
        BLACK and WHITE as a density | Max Density and Min Density in force for the film
        Min Density not below Max Density | 0x0106; a density of 0 is clipped like any other
        N-SET to Magnification Type NONE under an image that has to be shrunk | 0x0106; nothing is changed
        ICC Profile on a gray film | tolerant: ignored; strict: ignored, 0x0107
        N-ACTION twice | each time a new print job; what was changed between them is printed
        job reference in the answer to N-ACTION | only if the Print Job class was negotiated; else there is
            no data set
        film without an image | printed empty; tolerant printers answer 0x0000, strict ones 0xB603
        """,
    BASIC_GRAYSCALE_IMAGE_BOX: f"""{_IMAGE_CHOICES}
    Bits Allocated, Bits Stored, High Bit | 8/8/7 and 16/12/11; tolerant printers take 16/n/n-1 with n from 9
        to 16, too
    a Presentation LUT with another number of entries than the image has values | tolerant: stretched over
        the range of the image, straight between entries; strict: 0x0106
    """,
    BASIC_COLOR_IMAGE_BOX: f"""{_IMAGE_CHOICES}
    Planar Configuration | 1; tolerant printers take 0, too
    Polarity REVERSE | each color component is inverted
    """,
    BASIC_ANNOTATION_BOX: """
        Annotation Position is not that of the box | 0x0106
        character set | that of the request, else that of the film session
        """,
    PRESENTATION_LUT: """
        life | until N-DELETE or the end of the association, longer than any film session
        N-DELETE while something refers to it | 0x0110, also for an earlier film of the session
        reference to one that is not there | 0x0106 in both modes: the densities would be wrong
        tables | 256 or 4096 entries of 10 to 16 bits, first value 0; tolerant printers take 2 to 65536
            entries of 8 to 16 bits
        which one acts | that of the image box, else of the film box, else of the film session
        none referred to | as IDENTITY
        on color images | none acts
        """,
    PRINT_JOB: """
        life of a job | until its SCU has confirmed the Done or Failure event; without that it stays, and can
            be asked for
        job after release or abort | is printed all the same
        order of jobs | by Print Priority, then by age
        back from PRINTING to PENDING | happens, and is reported, when films cannot be delivered for now
        """,
    PRINTER: """
        context | its own, or that of a Meta SOP Class: both are served
        N-GET of an attribute without a value | tolerant: given empty; strict: left out, 0x0107
        """,
    PRINTER_CONFIGURATION_RETRIEVAL: """
        Printer Configuration Sequence | one item for each Meta SOP Class of the printer
        Supported Image Display Formats Sequence | every format on every film size in both orientations, with
            the pixels of one box
        Maximum Memory Allocation | the memory that all associations share
        Media Installed Sequence | every medium in every film size; none are merely available
        """,
}
"""Where the standard is silent or leaves the choice: the case, and what is done."""

_JOB_EVENTS = """
    1 Pending | the job was taken | QUEUED
    1 Pending | it waits again, since films cannot be delivered for now | CHECK PRINTER
    1 Pending | it waits again, since its worker broke down | QUEUED
    2 Printing | it is being printed | NORMAL
    3 Done | all its films are delivered | NORMAL
    4 Failure | a film cannot be rendered | INVALID PAGE DES
    4 Failure | a film was damaged on disk, or broke its worker again and again | ELEC SW ERROR
    """
_PRINTER_EVENTS = """
    1 Normal | films are delivered again | none
    2 Warning | the operator has set that state | as Failure
    3 Failure | films cannot be delivered, or the operator has set that state | Printer Status Info, Printer
        Name, and Film Destination where a session is open
    """
EVENTS: dict[UID, str] = {
    PRINT_JOB: paragraphs(
        "**Events**",
        table(("Event Type", "Sent when", "Execution Status Info"), rows(_JOB_EVENTS)),
        """
        Each event has Execution Status Info and Printer Name, and Film Session Label where the session has
        one. Events go only to the association that made the job, if it negotiated Print Job and the printer
        is set up to send them (`job_events`), and never before the answer to its N-ACTION.
        """,
    ),
    PRINTER: paragraphs(
        "**Events**",
        table(("Event Type", "Sent when", "Information"), rows(_PRINTER_EVENTS)),
        """
        These go to all SCUs that negotiated Printer or a Meta SOP Class, but only from a printer that is set
        up to send them (`printer_events`): some SCUs abort on one.
        """,
    ),
}


def sections(printers: Printers) -> tuple[Section, ...]:
    """One section for each class; those of color only where a printer has color."""
    shown = [uid for uid in SERVICES if uid != BASIC_COLOR_IMAGE_BOX or printers.color]
    return (_general(), *(_section(uid, printers) for uid in shown))


def _general() -> Section:
    services = {
        code: sorted({service for (_, service), uses in STATUSES.items() if uses.get(code) == use})
        for code, use in GENERAL.items()
    }
    lines = [
        (hexadecimal(code), category(code), MEANINGS[code], _answered(use), ", ".join(services[code]))
        for code, use in GENERAL.items()
    ]
    return Section(
        "Statuses of every service",
        paragraphs(
            """
            These mean the same in every service that has them. The sections of the classes say which those
            are, and what is special to a service.
            """,
            table(("Status", "Category", "Meaning", "Answered", "Services"), lines),
            """
            A service that a class does not list is answered 0x0211. Of several warnings the one with the
            highest code is answered. An Error Comment says in words what to do, and the attributes that are
            at fault are named, as Attribute Identifier List or Offending Element.
            """,
        ),
    )


def _section(uid: UID, printers: Printers) -> Section:
    return Section(
        class_name(uid),
        paragraphs(
            f"UID {uid}, on {_contexts(uid, printers)}.",
            table(("Service", "Usage", "What it does"), rows(SERVICES[uid])),
            _attributes(uid, printers),
            _replies(uid),
            EVENTS.get(uid, ""),
            "**Where the standard leaves the choice**",
            table(("Case", "What is done"), rows(CHOICES[uid])),
            "**Statuses**",
            _statuses(uid),
        ),
    )


def _contexts(uid: UID, printers: Printers) -> str:
    metas = [
        f"a context of {class_name(meta)}"
        for meta, classes in COVERED.items()
        if uid in classes and (printers.color or meta != BASIC_COLOR_PRINT_MANAGEMENT_META)
    ]
    own = ["a context of its own"] if uid in OPTIONAL_CLASSES else []
    return ", or ".join(metas + own)


# --- attributes ------------------------------------------------------------------------------------------


def _attributes(uid: UID, printers: Printers) -> str:
    """Attributes that an SCU gives, of all services in one table."""
    tables: dict[str, Sequence[Attribute]] = {
        f"N-{verb.upper()}": attributes
        for verb, attributes in SOP_CLASSES[uid].tables.items()
        if verb in ("create", "set")
    }
    if not tables:
        return ""
    lines: list[Sequence[object]] = []
    for keyword, row in {row.keyword: row for attributes in tables.values() for row in attributes}.items():
        usages = [
            next((each.usage for each in attributes if each.keyword == keyword), None)
            for attributes in tables.values()
        ]
        lines.append(_line(row, usages, printers))
        if row.vr == "SQ" and not keyword.startswith("Referenced"):
            item: Sequence[Attribute] = SOP_CLASSES[uid].item
            lines += [_line(inner, [inner.usage] * len(tables), printers, mark=">") for inner in item]
    headings = ("Attribute", "VR", *tables, "Values taken", "Default", "Value not taken")
    return paragraphs("**Attributes**", table(headings, lines))


def _line(row: Attribute, usages: list[str | None], printers: Printers, mark: str = "") -> list[object]:
    return [
        mark + attribute_name(row.tag),
        row.vr,
        *usages,
        printers.say(row.rule.words),
        printers.say(lambda profile: _shown(row.default(profile))),
        printers.say(lambda profile: _reaction(row, profile)),
    ]


def attribute_name(tag: int) -> str:
    """Name and tag as the dictionary has them."""
    return f"{dictionary_description(tag)} ({tag >> 16:04X},{tag & 0xFFFF:04X})"


def _reaction(row: Attribute, profile: PrinterProfile) -> str:
    """What a value that is not taken is answered with: tolerant / strict, where they differ."""
    if _lacks(profile, row):
        return "ignored / ignored, 0x0107"
    return "0x0106" if row.usage.startswith("M") or row.refused else "0x0116 / 0x0106"


def _lacks(profile: PrinterProfile, row: Attribute) -> bool:
    """Whether a printer does not have an attribute at all."""
    try:
        row.rule.take("", profile)
    except NotOffered:
        return True
    except Exception:
        return False  # an empty value may be wrong in any way
    return False


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return "\\".join(str(each) for each in value)
    return str(value) if value not in (None, "") else "none"


def _replies(uid: UID) -> str:
    """Attributes that N-GET gives."""
    replies: Sequence[Reply] = SOP_CLASSES[uid].tables.get("get", ())
    if not replies:
        return ""
    given = GIVEN.get(uid)
    headings = ("Attribute", "VR", "Usage", *(["Given"] if given else []))
    lines = [
        (
            ">" * row.depth + attribute_name(row.tag),
            dictionary_VR(row.tag),
            row.usage,
            *([given.get(row.keyword, "no value")] if given else []),
        )
        for row in replies
    ]
    return paragraphs(
        "**N-GET replies**",
        table(headings, lines),
        "An N-GET that names no attributes is given all that have a value.",
    )


# --- statuses --------------------------------------------------------------------------------------------


def _statuses(uid: UID) -> str:
    services = {service: uses for (sop_class, service), uses in STATUSES.items() if sop_class == uid}
    own = [
        (service, ", ".join(map(hexadecimal, codes)), category(codes[0]), _meaning(codes), _answered(use))
        for service, uses in services.items()
        for use, codes in _by_use(uses).items()
    ]
    general = {
        service: [hexadecimal(code) for code, use in uses.items() if GENERAL.get(code) == use]
        for service, uses in services.items()
    }
    return paragraphs(
        table(("Service", "Status", "Category", "Meaning", "Answered"), own),
        "As in §[Statuses of every service]:",
        table(
            ("Service", "Statuses"),
            ((service, ", ".join(codes)) for service, codes in general.items() if codes),
        ),
    )


def _by_use(uses: dict[int, Use]) -> dict[Use, list[int]]:
    """Statuses that are special to a service, those together of which the same is said."""
    found: dict[Use, list[int]] = {}
    for code, use in uses.items():
        if GENERAL.get(code) != use:
            found.setdefault(use, []).append(code)
    return found


def _meaning(codes: list[int]) -> str:
    return "\n".join(MEANINGS[code] for code in codes) if len(codes) < 4 else "any failure"


def _answered(use: Use) -> str:
    if use.never:
        return f"never: {use.never}"
    if use.tolerant == use.strict:
        return use.strict
    modes = (("tolerant", use.tolerant), ("strict", use.strict))
    return "\n".join(f"{mode}: {when}" for mode, when in modes if when)
