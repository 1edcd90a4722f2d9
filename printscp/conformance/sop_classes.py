"""The SOP specific part: services, attributes, replies, choices and statuses of each class."""

from collections.abc import Sequence
from typing import Any

from pydicom.datadict import dictionary_description, dictionary_VR
from pydicom.uid import UID

from printscp.conformance.choices import CHOICES, EVENTS, GIVEN, SERVICES
from printscp.conformance.document import Section, hexadecimal, paragraphs, rows, table
from printscp.conformance.printers import Printers
from printscp.film.attributes import Attribute
from printscp.film.dialogue import class_name
from printscp.film.profile import PrinterProfile
from printscp.film.reply import Reply
from printscp.film.rules import NotOffered
from printscp.film.service import COVERED, OPTIONAL_CLASSES, SOP_CLASSES
from printscp.film.statuses import GENERAL, MEANINGS, STATUSES, Use, category
from printscp.film.uids import BASIC_COLOR_IMAGE_BOX, BASIC_COLOR_PRINT_MANAGEMENT_META


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
        lines.append(_line(row, usages, printers, of=uid))
        if row.vr == "SQ" and not keyword.startswith("Referenced"):
            item: Sequence[Attribute] = SOP_CLASSES[uid].item
            lines += [_line(inner, [inner.usage] * len(tables), printers, mark=">") for inner in item]
    headings = ("Attribute", "VR", *tables, "Values taken", "Default", "Value not taken")
    return paragraphs("**Attributes**", table(headings, lines))


def _line(
    row: Attribute, usages: list[str | None], printers: Printers, *, mark: str = "", of: UID | None = None
) -> list[object]:
    key, rows_with = getattr(SOP_CLASSES.get(of), "only_with", ("", ())) if of else ("", ())

    def unknown(profile: PrinterProfile) -> bool:
        """Whether the attribute is none of the class on a printer."""
        return row in rows_with and not getattr(profile, key)

    def without(profile: PrinterProfile) -> bool:
        return unknown(profile) or row.keyword in profile.lacks

    return [
        mark + attribute_name(row.tag),
        row.vr,
        *usages,
        printers.say(lambda profile: "not on this printer" if without(profile) else row.rule.words(profile)),
        printers.say(lambda profile: "none" if without(profile) else _shown(row.default(profile))),
        printers.say(lambda profile: "ignored / 0x0105" if unknown(profile) else _reaction(row, profile)),
    ]


def attribute_name(tag: int) -> str:
    """Name and tag as the dictionary has them."""
    return f"{dictionary_description(tag)} ({tag >> 16:04X},{tag & 0xFFFF:04X})"


def _reaction(row: Attribute, profile: PrinterProfile) -> str:
    """What a value that is not taken is answered with: tolerant / strict, where they differ."""
    if _lacks(profile, row):
        return f"ignored / {'0x0105' if profile.unsupported_refused else 'ignored, 0x0107'}"
    return "0x0106" if row.usage.startswith("M") or row.refused else "0x0116 / 0x0106"


def _lacks(profile: PrinterProfile, row: Attribute) -> bool:
    """Whether a printer does not have an attribute at all."""
    if row.keyword in profile.lacks:
        return True
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
