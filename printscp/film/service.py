"""The print service of one association: which SOP class answers a request, and on which context."""

from typing import Any

from pydicom.uid import UID

from printscp.errors import NoSuchSOPClass, UnrecognizedOperation
from printscp.film.dialogue import META_CLASSES, Dialogue, class_name
from printscp.film.exchange import Answer, Request
from printscp.film.sop_classes.annotation_box import BasicAnnotationBox
from printscp.film.sop_classes.film_box import BasicFilmBox
from printscp.film.sop_classes.film_session import BasicFilmSession
from printscp.film.sop_classes.image_box import BasicColorImageBox, BasicGrayscaleImageBox
from printscp.film.sop_classes.presentation_lut import PresentationLUT
from printscp.film.sop_classes.print_job import PrintJob
from printscp.film.sop_classes.printer import PrinterClass
from printscp.film.sop_classes.printer_configuration import PrinterConfigurationRetrieval
from printscp.film.uids import (
    BASIC_ANNOTATION_BOX,
    BASIC_COLOR_IMAGE_BOX,
    BASIC_COLOR_PRINT_MANAGEMENT_META,
    BASIC_FILM_BOX,
    BASIC_FILM_SESSION,
    BASIC_GRAYSCALE_IMAGE_BOX,
    BASIC_GRAYSCALE_PRINT_MANAGEMENT_META,
    PRESENTATION_LUT,
    PRINT_JOB,
    PRINTER,
    PRINTER_CONFIGURATION_RETRIEVAL,
)

SOP_CLASSES: dict[UID, Any] = {
    sop_class.uid: sop_class
    for sop_class in (
        BasicFilmSession,
        BasicFilmBox,
        BasicGrayscaleImageBox,
        BasicColorImageBox,
        BasicAnnotationBox,
        PresentationLUT,
        PrintJob,
        PrinterClass,
        PrinterConfigurationRetrieval,
    )
}

_BOTH = {BASIC_FILM_SESSION, BASIC_FILM_BOX, PRINTER}
COVERED: dict[UID, set[UID]] = {
    BASIC_GRAYSCALE_PRINT_MANAGEMENT_META: _BOTH | {BASIC_GRAYSCALE_IMAGE_BOX},
    BASIC_COLOR_PRINT_MANAGEMENT_META: _BOTH | {BASIC_COLOR_IMAGE_BOX},
}
"""Classes of each Meta SOP Class (PS3.4 H.3.2.2); any other context covers its own class."""

OPTIONAL_CLASSES = (
    PRINTER,
    PRINT_JOB,
    BASIC_ANNOTATION_BOX,
    PRESENTATION_LUT,
    PRINTER_CONFIGURATION_RETRIEVAL,
)


def contexts(color: bool) -> tuple[UID, ...]:
    """The abstract syntaxes that a printer offers."""
    metas = (BASIC_GRAYSCALE_PRINT_MANAGEMENT_META, *([BASIC_COLOR_PRINT_MANAGEMENT_META] if color else []))
    return metas + OPTIONAL_CLASSES


def perform(dialogue: Dialogue, verb: str, request: Request) -> Answer:
    """Carry out one request; ``verb`` is "create", "set", "get", "action" or "delete".

    Raises:
        PrintError: the request is refused and nothing has changed.
    """
    sop_class = SOP_CLASSES.get(request.sop_class)
    if sop_class is None:
        raise NoSuchSOPClass(f"no SOP class {request.sop_class} on this printer")
    if not _covered(dialogue, request):
        raise NoSuchSOPClass(f"{class_name(request.sop_class)} is not of this presentation context")
    service = getattr(sop_class, verb, None)
    if service is None:
        raise UnrecognizedOperation(f"{class_name(request.sop_class)} has no N-{verb.upper()} here")
    answer = service(dialogue, request)
    assert isinstance(answer, Answer)
    return answer


def _covered(dialogue: Dialogue, request: Request) -> bool:
    """Whether a class may be used on a context; a tolerant printer takes any that was negotiated at all."""
    if request.sop_class in COVERED.get(request.context, {request.context}):
        return True
    if dialogue.strict:
        return False
    negotiated = dialogue.services.union(*(COVERED[meta] for meta in META_CLASSES & dialogue.services))
    return request.sop_class in negotiated
