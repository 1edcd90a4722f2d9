"""Overview, introduction, networking and security: who talks to whom, and on what terms."""

from collections.abc import Iterator
from typing import Any

from pydicom.uid import UID

from printscp.config import PrinterSettings, RouteSettings, Settings, TLSSettings, WebSettings
from printscp.conformance import sop_classes
from printscp.conformance.document import CONTENTS, Section, paragraphs, rows, table
from printscp.conformance.printers import Printers
from printscp.film.profile import PrinterProfile
from printscp.film.service import contexts
from printscp.film.uids import (
    BASIC_ANNOTATION_BOX,
    BASIC_COLOR_PRINT_MANAGEMENT_META,
    BASIC_GRAYSCALE_PRINT_MANAGEMENT_META,
    PRESENTATION_LUT,
    PRINT_JOB,
)
from printscp.wire import server

VERIFICATION = UID("1.2.840.10008.1.1")
_FORWARDED = (
    BASIC_GRAYSCALE_PRINT_MANAGEMENT_META,
    BASIC_COLOR_PRINT_MANAGEMENT_META,
    PRESENTATION_LUT,
    BASIC_ANNOTATION_BOX,
    PRINT_JOB,
)


def offered(printers: Printers) -> tuple[UID, ...]:
    """Abstract syntaxes of all printers together."""
    return (VERIFICATION, *contexts(printers.color))


# --- overview and introduction ---------------------------------------------------------------------------


def overview(printers: Printers) -> Section:
    return Section(
        "Conformance statement overview",
        paragraphs(
            """
            printscp is a DICOM film printer without the film. Modalities and workstations print to it as to a
            laser imager (Print Management service class, PS3.4 Annex H). Each film becomes a page of optical
            density; it is on disk when its N-ACTION is answered, and is delivered as a file or to a printer.

            It is a service class provider. It acts as a user only where films are forwarded to another DICOM
            printer. It has no part in storage, query, worklist or media.
            """,
            table(
                ("Network service", "UID", "User (SCU)", "Provider (SCP)"),
                ((uid.name, uid, _used(uid, printers), "yes") for uid in offered(printers)),
            ),
        ),
    )


def _used(uid: UID, printers: Printers) -> str:
    """Whether a class is one that films are forwarded by."""
    forwards = any(table["type"] == "dicom" for table in printers.settings.ways.values())
    return "yes" if forwards and uid in _FORWARDED else "no"


def contents() -> Section:
    return Section("Table of contents", CONTENTS)


_TERMS = """
    tolerant | mode of a printer: real SCUs get their film. What is changed or ignored becomes a remark on the
        print job, and a warning only where that is said below.
    strict | mode of a printer: PS3.4 Annex H to the letter.
    printer profile | what one model of printer has: film sizes, densities and the rest.
    usage | M mandatory, U user option, C conditional, - not applicable; SCU first, SCP second (PS3.4 H.2.4).
    OD | optical density; DICOM attributes have it in hundredths.
    P-value | presentation value (PS3.14); 0 is black.
    JND | just noticeable difference in luminance (PS3.14).
    AE, SCU, SCP, PDU | as in PS3.7 and PS3.8.
    """


def introduction() -> Section:
    return Section(
        "Introduction",
        "",
        (
            Section(
                "Audience and remarks",
                paragraphs(
                    """
                    This is for those who connect print SCUs, buy printers or test them, and know the terms of
                    DICOM.

                    That two statements match does not prove that two devices work together: test it. printscp
                    is not a medical device, and nothing here is cleared for diagnostic use.

                    The print client that comes with printscp (`printscp send`) is not part of this statement.
                    """
                ),
            ),
            Section("Terms", table(("Term", "Meaning"), rows(_TERMS))),
            Section(
                "References",
                paragraphs(
                    """
                    DICOM PS3.2 (conformance), PS3.3 C.11.4 and C.13 (attributes), PS3.4 Annex H (Print
                    Management), PS3.7 (messages), PS3.8 (associations), PS3.14 (Grayscale Standard Display
                    Function), PS3.15 (security).
                    """
                ),
            ),
        ),
    )


# --- networking ------------------------------------------------------------------------------------------


def networking(printers: Printers) -> Section:
    settings = printers.settings
    specific = """
        In the tables of attributes `>` marks those of an item. Their last column tells how a value is
        answered that is not taken: `0x0116 / 0x0106` is tolerant printers / strict ones. Without such a value
        the default counts.
        """
    return Section(
        "Networking",
        "",
        (
            _model(),
            Section(
                "Application entities",
                "Each printer is an application entity.",
                tuple(_printer(printers, each) for each in settings.printers),
            ),
            _association_policies(printers),
            Section(
                "SOP specific conformance",
                paragraphs(specific),
                (
                    Section("Verification", f"UID {VERIFICATION}. C-ECHO is answered 0x0000."),
                    *sop_classes.sections(printers),
                ),
            ),
            Section("Network interfaces", "TCP/IP, IPv4 and IPv6, on whatever the host provides."),
            _configuration(),
        ),
    )


def _model() -> Section:
    return Section(
        "Implementation model",
        "",
        (
            Section(
                "Application data flow",
                paragraphs(
                    """
                    ```
                    SCU --- requests ---> film session --- N-ACTION ---> print job on disk ---> output
                    SCU <--- events ----- print job and printer <--------------------------------+
                    ```
                    """
                ),
            ),
            Section(
                "Functional definition",
                paragraphs(
                    """
                    A printer listens on its ports, answers each request of an association in turn, keeps the
                    films that are printed, and reports what becomes of them. Processes of their own, on this
                    host or on others, deliver the films to outputs, by Print Priority and then by age.
                    """
                ),
            ),
            Section(
                "Sequencing of real-world activities",
                paragraphs(
                    """
                    1. The SCU opens a film session, makes a film box, and puts images into its boxes.
                    2. It prints the film by an N-ACTION of the film box; or it makes further film boxes, and
                       prints them all by one N-ACTION of the film session.
                    3. The printer answers success when films and print job are on disk. From then on the job
                       is printed, whatever becomes of association or process. If it cannot go out for now,
                       it waits; an operator may hold or cancel it.
                    4. At release or abort film session, boxes and Presentation LUTs go. A film that was never
                       printed leaves nothing behind.

                    A print is of the state at its N-ACTION; what the SCU changes later does not touch it.
                    """
                ),
            ),
        ),
    )


def printer_title(printer: PrinterSettings) -> str:
    """The title of a printer's section; no two printers have the same AE title."""
    return f"Printer {printer.announced_ae_title}"


def _printer(printers: Printers, printer: PrinterSettings) -> Section:
    settings = printers.settings
    doors = [door for door in settings.doors if printer in door.printers]
    ports = [f"{door.port}{' for TLS' if door.tls else ''}" for door in doors]
    types = (str(settings.ways[name]["type"]) for name in settings.outputs_of(printer.announced_ae_title))
    lines = (
        ("AE title", printer.announced_ae_title),
        (
            "Answers to the called AE title",
            "that title alone" if printer.ae_title else "every title that no other printer has",
        ),
        ("Ports", ", ".join(ports)),
        ("Mode", printers.mode_of(printer)),
        ("Printer profile", f"§[Printer profile {printer.profile}]"),
        ("Calling AE titles", ", ".join(printer.allow_calling) or "all"),
        ("Addresses", ", ".join(map(str, printer.allow_addresses)) or "all"),
        ("Films go to outputs of type", ", ".join(dict.fromkeys(types))),
        ("Events of print jobs", "sent" if printer.job_events else "not sent"),
        ("Events of the printer", "sent" if printer.printer_events else "not sent"),
    )
    return Section(printer_title(printer), table(("What", "Value"), lines))


def _association_policies(printers: Printers) -> Section:
    return Section(
        "Association policies",
        "",
        (
            Section("Limits and identification", _limits(printers.settings)),
            Section("Timeouts", _timeouts(printers.settings)),
            Section(
                "Association initiation",
                paragraphs(_INITIATION, table(("SOP class", "Requests"), rows(_REQUESTS))),
            ),
            Section("Association acceptance", _acceptance(printers)),
            Section("Rejections", _rejections()),
        ),
    )


_INITIATION = """
    A printer opens associations only to DICOM printers that its films are forwarded to (an output of type
    `dicom`): to print a job there, and to ask what became of it. It proposes the Meta SOP Class of the films
    and Print Job, and what films need of Presentation LUT and Basic Annotation Box, each in Explicit and
    Implicit VR Little Endian. What the other printer warns of or refuses is told to the operator, and to the
    SCU as the state of job and printer.
    """
_REQUESTS = """
    Printer | N-GET of the state, before each job
    Basic Film Session | N-CREATE, and N-ACTION for several films, where the other printer collates; N-DELETE
    Presentation LUT | N-CREATE
    Basic Film Box | N-CREATE; N-ACTION of each film where they are not collated, and N-DELETE
    Basic Annotation Box, image boxes | N-SET
    Print Job | N-GET until the job has ended; one that the other printer does not know any more is done
    events of Printer and Print Job | confirmed with 0x0000, on the association that printed
    """


def _limits(settings: Settings) -> str:
    lines = (
        ("Application context", "1.2.840.10008.3.1.1.1"),
        ("Associations at once, all printers together", settings.max_associations),
        ("Of these from one address", settings.max_associations_per_peer),
        ("Longest PDU taken", f"{settings.max_pdu} bytes"),
        ("Longest PDU sent", "what the SCU takes"),
        ("Asynchronous operations window", "none: one request and one event under way at a time"),
        ("Implementation Class UID", server.IMPLEMENTATION_CLASS_UID),
        ("Implementation Version Name", server.IMPLEMENTATION_VERSION_NAME),
        ("Role selection, extended negotiation", "none, and none is needed"),
        ("User identity", "not asked for; one that is sent is ignored"),
    )
    return table(("What", "Value"), lines)


def _timeouts(settings: Settings) -> str:
    lines = (
        (settings.acse_timeout, "TLS handshake; association request", "the connection ends"),
        (settings.dimse_timeout, "the next PDU of a message that has begun", "abort"),
        (settings.dimse_timeout, "the answer to an event", "no more events there; requests are served on"),
        (settings.idle_timeout, "the next message", "abort"),
    )
    return table(
        ("Seconds", "What is waited for", "Then"),
        ((f"{seconds:g}", awaited, then) for seconds, awaited, then in lines),
    )


def _acceptance(printers: Printers) -> str:
    syntaxes = server.TRANSFER_SYNTAXES
    names = printers.say(lambda profile: "\n".join(syntax.name for syntax in syntaxes_of(profile)))
    return paragraphs(
        "These presentation contexts are accepted, in any combination:",
        table(
            ("Abstract syntax", "UID", "Transfer syntaxes", "Role", "Extended negotiation"),
            ((uid.name, uid, names, "SCP", "none") for uid in offered(printers)),
        ),
        f"""
        Transfer syntaxes are {" and ".join(f"{syntax.name} ({syntax})" for syntax in syntaxes)}. Of those
        that an SCU proposes for one context the first of these is chosen. Contexts with anything else are
        refused one by one; an association of which nothing is accepted stands all the same, until the SCU
        ends it.

        Requests of the classes inside a Meta SOP Class come on its context, those of the other classes on
        contexts of their own. A tolerant printer serves a class on any context, if it was negotiated at all;
        a strict one answers 0x0118. Image boxes are gray or color by the context on which their film box was
        created. Negotiating Presentation LUT changes nothing by itself: a look-up table acts where it is
        referred to.
        """,
    )


def syntaxes_of(profile: PrinterProfile) -> tuple[UID, ...]:
    """Transfer syntaxes that a printer accepts, the preferred one first."""
    return server.transfer_syntaxes(profile.implicit_vr_only)


def _rejections() -> str:
    results = {1: "1 permanent", 2: "2 transient"}
    sources = {1: "1 service user", 2: "2 service provider (ACSE)", 3: "3 service provider (presentation)"}
    lines = [
        (results[each.result], sources[each.source], each.diagnostic, each.reason)
        for each in server.REJECTIONS
    ]
    return paragraphs(
        table(("Result", "Source", "Reason/Diag.", "Because"), lines),
        """
        Calling AE title and address are checked against the lists of the printer that is called; both must be
        allowed.
        """,
    )


# --- configuration and security --------------------------------------------------------------------------


def _configuration() -> Section:
    return Section(
        "Configuration",
        "",
        (
            Section(
                "AE titles and addresses",
                paragraphs(
                    """
                    AE title, ports, mode and profile are set for each printer. One without an AE title
                    answers to every called title that no other printer on that port has. Nothing need be
                    known of an SCU.
                    """
                ),
            ),
            Section(
                "Parameters",
                paragraphs(
                    """
                    A TOML file has these keys; environment variables (`PRINTSCP_` before the key) go over it,
                    flags over both. A file for one printer may have the keys of `printers` at its top.
                    """,
                    table(("Key", "Default", "Meaning"), _parameters()),
                ),
            ),
        ),
    )


def _parameters() -> Iterator[tuple[str, str, str]]:
    """Every setting, from the settings themselves."""
    of_a_printer = PrinterSettings.model_fields
    for prefix, fields in (
        ("", {key: field for key, field in Settings.model_fields.items() if key not in of_a_printer}),
        ("printers.", of_a_printer),
        ("routes.", RouteSettings.model_fields),
        ("tls.", TLSSettings.model_fields),
        ("web.", WebSettings.model_fields),
    ):
        for key, field in fields.items():
            if key not in ("printers", "routes", "tls", "web"):
                yield f"`{prefix}{key}`", _default(field), field.description or ""


def _default(field: Any) -> str:
    """The default of a field; those that are made of others are told of in its description."""
    if field.is_required() or field.default_factory is not None:
        return ""
    if isinstance(field.default, bool):
        return str(field.default).lower()
    return "none" if field.default in (None, ()) else str(field.default)


_TLS = """
    TLS | BCP 195 TLS Secure Transport Connection Profile (PS3.15 B.12): TLS 1.2 and 1.3, ECDHE with AES-GCM
        or ChaCha20-Poly1305; no compression, renegotiation or session tickets
    """
_SECURITY = """
    Certificates of SCUs | asked for and checked where it is known who vouches for them (`tls.ca`)
    Access | by called and calling AE title and by address, for each printer: §[Application entities]
    User identity | no user identity negotiation (PS3.7 D.3.3.7): none is asked for or used
    Patient data | in print jobs, until `keep_days` after their end at the latest, in their records, until
        `keep_records_days`, and in films; never in logs, but for a trace that has to be asked for
    Associations that a printer opens | TLS where the output is set up so, with a certificate if need be
    Audit trail | of the light box: who saw and did what (`web.audit`); none of associations
    De-identification, signatures | none
    """


def security(printers: Printers) -> Section:
    here = ("TLS here", _tls(printers.settings.tls))
    return Section("Security", table(("What", "How"), [*rows(_TLS), here, *rows(_SECURITY)]))


def _tls(tls: TLSSettings | None) -> str:
    if tls is None:
        return "not set up"
    clients = "SCUs must show a certificate" if tls.ca else "SCUs need no certificate"
    return f"port {tls.port}; {clients}{'; no plain ports' if tls.only else ''}"
