"""Every status of PS3.7 and PS3.4 Annex H, service by service: when this printer answers it, or why never.

Nothing here decides anything. The conformance statement is written from it, and a test brings about each
status that is said to be answered, in the modes in which it is. An N-EVENT-REPORT is answered by the SCU:
there the table says what the printer does then.
"""

from dataclasses import dataclass

from pydicom.uid import UID

from printscp.film.uids import (
    BASIC_ANNOTATION_BOX,
    BASIC_COLOR_IMAGE_BOX,
    BASIC_FILM_BOX,
    BASIC_FILM_SESSION,
    BASIC_GRAYSCALE_IMAGE_BOX,
    PRESENTATION_LUT,
    PRINT_JOB,
    PRINTER,
    PRINTER_CONFIGURATION_RETRIEVAL,
)

MEANINGS = {
    0x0000: "done",
    0x0105: "no such attribute",
    0x0106: "invalid attribute value",
    0x0107: "attribute list error: done, without some attributes",
    0x0110: "processing failure",
    0x0111: "duplicate SOP instance",
    0x0112: "no such SOP instance",
    0x0113: "no such event type",
    0x0114: "no such argument",
    0x0115: "invalid argument value",
    0x0116: "attribute value out of range: done, with another value",
    0x0117: "invalid SOP instance",
    0x0118: "no such SOP class",
    0x0119: "class and instance conflict",
    0x0120: "missing attribute",
    0x0121: "missing attribute value",
    0x0123: "no such action",
    0x0124: "not authorized",
    0x0210: "duplicate invocation",
    0x0211: "unrecognized operation",
    0x0212: "mistyped argument",
    0x0213: "resource limitation",
    0xB600: "no memory allocated",
    0xB601: "film sessions are not printed as one",
    0xB602: "film session without images",
    0xB603: "film box without images",
    0xB604: "image larger than its box, shrunk",
    0xB605: "density outside the printer's range, its limit used",
    0xB609: "image larger than its box, cropped",
    0xB60A: "image larger than its box, decimated",
    0xC600: "film session without film boxes",
    0xC601: "no print job of the film session: queue full",
    0xC602: "no print job of the film box: queue full",
    0xC603: "image larger than its box",
    0xC605: "no memory for the image",
    0xC613: "combined print image larger than its box",
    0xC616: "the film box before is not printed",
}


def category(code: int) -> str:
    """Success, Warning or Failure (PS3.7 Annex C)."""
    if code == 0x0000:
        return "Success"
    return "Warning" if code in (0x0107, 0x0116) or code >> 12 == 0xB else "Failure"


@dataclass(frozen=True)
class Use:
    """When a status is answered, by mode; empty: not in that mode. ``never`` is the reason why in none."""

    tolerant: str = ""
    strict: str = ""
    never: str = ""


def _always(when: str) -> Use:
    return Use(when, when)


def _strict(when: str) -> Use:
    return Use(strict=when)


def _tolerant(when: str) -> Use:
    return Use(tolerant=when)


def _never(reason: str) -> Use:
    return Use(never=reason)


GENERAL = {
    0x0000: _always("the request was carried out"),
    0x0105: _strict(
        "an attribute is given that the service does not have; or one of the class that the printer does not "
        "have, where its profile refuses that"
    ),
    0x0106: Use(
        "a value is not taken and no default can take its place, or two values contradict each other",
        "a value is not taken, or two values contradict each other",
    ),
    0x0107: _strict("an attribute of the class is given that this printer does not have; it is ignored"),
    0x0110: _always("the data set cannot be decoded, or an error that the printer's log tells more of"),
    0x0111: _always("the instance UID is in use"),
    0x0112: _always("no such instance is alive on the association"),
    0x0114: _strict("action information is given, and printing has none"),
    0x0115: _never("printing has no action information whose value could be wrong"),
    0x0116: _tolerant("a value is not taken; the default is used, or what was in force before"),
    0x0117: Use(
        "the instance UID breaks the rules for UIDs, leading zeros excepted",
        "the instance UID breaks the rules for UIDs",
    ),
    0x0118: Use(
        "the class is covered by no presentation context of the association",
        "the class is not covered by the presentation context in use",
    ),
    0x0119: _always("the instance is of another class"),
    0x0120: _always("a mandatory attribute is not given"),
    0x0121: _always("a mandatory attribute is given without a value"),
    0x0123: _always("the Action Type ID is not 1 (Print)"),
    0x0124: _never("who may print is decided when the association is requested"),
    0x0210: _never("each request is answered before the next one is read"),
    0x0211: _never("the service is offered; one that is not listed for the class is answered so"),
    0x0212: _always("the command lacks an element that the service must have"),
    0x0213: _never("the service needs neither memory nor disk that could be short"),
}
"""What holds in every service that has the status, unless `STATUSES` says otherwise there."""

_ANY = (0x0000, 0x0110, 0x0117, 0x0118, 0x0124, 0x0210, 0x0211, 0x0212, 0x0213)
_DATA = (0x0105, 0x0106, 0x0107, 0x0116, 0x0121)
_AIMED = (0x0112, 0x0119)
_CREATE = (*_ANY, *_DATA, 0x0111, 0x0120)
_SET = (*_ANY, *_DATA, *_AIMED)
_GET = (*_ANY, *_AIMED, 0x0107)
_ACTION = (*_ANY, *_AIMED, 0x0114, 0x0115, 0x0123)
_DELETE = (*_ANY, *_AIMED)
_EVENT = (0x0110, 0x0112, 0x0113, 0x0114, 0x0115, 0x0117, 0x0118, 0x0119, 0x0210, 0x0211, 0x0212, 0x0213)


def _uses(codes: tuple[int, ...], own: dict[int, Use]) -> dict[int, Use]:
    """The statuses of a service by code: general ones, and its own."""
    return dict(sorted(({code: GENERAL[code] for code in codes} | own).items()))


_WHOLE = _never("the printer has every attribute of the class")
_NONE_MANDATORY = _never("no attribute of the service is mandatory")
_NO_OVERLAYS = _never("only the retired image overlay boxes could bring it about")
_QUEUE_FULL = _always("as many jobs wait as may, or the disk has less room than is to stay free")
_TOLD_BEFORE = _never("the N-SET of the image box has told")
_REFUSED_BEFORE = _never("the N-SET of the image box or of the film box was refused")
_NOT_ON_DISK = _always("the film or its job cannot be written for now")
_LIVING = _always("it is not the last film box created, or not of it")
_WELL_KNOWN = _always("the instance UID is not the well-known one")
_NOT_SERVED = Use(
    "an attribute is asked for that is not of the class; the others are given",
    "an attribute is asked for that the printer does not serve; the others are given",
)

_MEMORY = {
    0x0106: Use(
        "the reference to a Presentation LUT is not taken",
        "a value is not taken, or Memory Allocation asks for more than there can be",
    ),
    0x0107: _WHOLE,
    0x0121: _NONE_MANDATORY,
    0x0213: _strict("Memory Allocation asks for more than is free now"),
    0xB600: Use(
        "Memory Allocation asks for more than there is, or is given to a printer without; the rest is done",
        "Memory Allocation is given to a printer without; the rest is done",
    ),
}
_IMAGE_BOX = {
    0x0105: Use(
        "the image sequence is that of the other image box class",
        "an attribute is given that the service does not have",
    ),
    0x0112: _LIVING,
    0x0120: GENERAL[0x0120],
    0x0213: _never("short memory is answered 0xC605"),
    0xB604: Use(
        "no Decimate/Crop Behavior was asked for, but Magnification Type NONE or a Requested Image Size",
        "no Decimate/Crop Behavior was asked for, and the printer's default is to shrink",
    ),
    0xB609: _always("CROP is in force, asked for or by default"),
    0xB60A: _always("DECIMATE was asked for"),
    0xC603: Use(
        "FAIL is in force, or DECIMATE was asked for together with Magnification Type NONE",
        "FAIL is in force, or DECIMATE together with Magnification Type NONE",
    ),
    0xC605: _always("the images of all associations together may take no more memory"),
    0xC613: _NO_OVERLAYS,
}
_OUTSIDE_RANGE = _strict("a density is beyond the printer's; tolerant printers tell of it on the job only")
_NOT_ON_MEDIUM = _strict(
    "an attribute of the class is given that this printer does not have, or not on this medium; it is ignored"
)
_REFUSED_EVENT = _always("the event is not sent again, and the status is logged; a print job stays for N-GET")

STATUSES: dict[tuple[UID, str], dict[int, Use]] = {
    (BASIC_FILM_SESSION, "N-CREATE"): _uses(
        _CREATE,
        _MEMORY
        | {
            0x0110: _always(
                "a film session is open on the association, on a printer that refuses another so; or as in "
                "other services"
            ),
            0x0111: _always("a film session is open on the association, or the instance UID is in use"),
            0x0120: _NONE_MANDATORY,
        },
    ),
    (BASIC_FILM_SESSION, "N-SET"): _uses(_SET, _MEMORY),
    (BASIC_FILM_SESSION, "N-ACTION"): _uses(
        _ACTION,
        {
            0x0211: _always("the printer's profile is without film session printing"),
            0x0213: _always(
                "a film or the job cannot be written for now, or films that were printed one by one had to "
                "make room for others"
            ),
            0xB601: _never("films are collated; a printer without that answers 0x0211"),
            0xB602: _strict("no film has an image; they are printed empty"),
            0xB604: _TOLD_BEFORE,
            0xB609: _TOLD_BEFORE,
            0xB60A: _TOLD_BEFORE,
            0xC600: _always("no film box was created since the film session was"),
            0xC601: _QUEUE_FULL,
            0xC603: _REFUSED_BEFORE,
            0xC613: _NO_OVERLAYS,
        },
    ),
    (BASIC_FILM_SESSION, "N-DELETE"): _uses(_DELETE, {}),
    (BASIC_FILM_BOX, "N-CREATE"): _uses(
        _CREATE,
        {
            0x0107: _NOT_ON_MEDIUM,
            0x0110: _always(
                "the session has a film of another size, on a printer of one film size a session; or as in "
                "other services"
            ),
            0x0213: _always("the film box before cannot be kept: no room for it, or too many not printed"),
            0xB605: _OUTSIDE_RANGE,
            0xC616: _always("on a printer without film session printing"),
        },
    ),
    (BASIC_FILM_BOX, "N-SET"): _uses(
        _SET,
        {
            0x0107: _NOT_ON_MEDIUM,
            0x0112: _LIVING,
            0x0121: _NONE_MANDATORY,
            0xB605: _OUTSIDE_RANGE,
        },
    ),
    (BASIC_FILM_BOX, "N-ACTION"): _uses(
        _ACTION,
        {
            0x0112: _LIVING,
            0x0213: _NOT_ON_DISK,
            0xB603: _strict("it is printed empty"),
            0xB604: _TOLD_BEFORE,
            0xB609: _TOLD_BEFORE,
            0xB60A: _TOLD_BEFORE,
            0xC602: _QUEUE_FULL,
            0xC603: _REFUSED_BEFORE,
            0xC613: _NO_OVERLAYS,
        },
    ),
    (BASIC_FILM_BOX, "N-DELETE"): _uses(_DELETE, {0x0112: _LIVING}),
    (BASIC_GRAYSCALE_IMAGE_BOX, "N-SET"): _uses(_SET, _IMAGE_BOX | {0xB605: _OUTSIDE_RANGE}),
    (BASIC_COLOR_IMAGE_BOX, "N-SET"): _uses(_SET, _IMAGE_BOX),
    (BASIC_ANNOTATION_BOX, "N-SET"): _uses(_SET, {0x0107: _WHOLE, 0x0112: _LIVING, 0x0120: GENERAL[0x0120]}),
    (PRESENTATION_LUT, "N-CREATE"): _uses(
        _CREATE,
        {
            0x0107: _WHOLE,
            0x0213: _always("the look-up tables and images of all associations may take no more memory"),
            0xB605: _never("the service has no attribute that is a density"),
        },
    ),
    (PRESENTATION_LUT, "N-DELETE"): _uses(
        _DELETE,
        {0x0110: _always("a film session, film box or image box refers to it; or as in other services")},
    ),
    (PRINT_JOB, "N-GET"): _uses(
        _GET,
        {
            0x0107: _NOT_SERVED,
            0x0112: _always("no such job on this printer, or its end was confirmed"),
            0x0213: _always("what became of the job cannot be known for now"),
        },
    ),
    (PRINT_JOB, "N-EVENT-REPORT"): {
        0x0000: _always("the event is confirmed; after Done and Failure the print job instance goes")
    }
    | dict.fromkeys(_EVENT, _REFUSED_EVENT),
    (PRINTER, "N-GET"): _uses(_GET, {0x0107: _NOT_SERVED, 0x0112: _WELL_KNOWN}),
    (PRINTER, "N-EVENT-REPORT"): {0x0000: _always("the event is confirmed")}
    | dict.fromkeys(_EVENT, _REFUSED_EVENT),
    (PRINTER_CONFIGURATION_RETRIEVAL, "N-GET"): _uses(_GET, {0x0107: _NOT_SERVED, 0x0112: _WELL_KNOWN}),
}
