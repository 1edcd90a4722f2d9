"""What was sent for a film, attribute by attribute, beside what is in force."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydicom.datadict import dictionary_VR, keyword_for_tag, tag_for_keyword
from pydicom.dataset import Dataset

from printscp.capture import Capture
from printscp.desk.elements import is_harmless, tag_words, value_words
from printscp.desk.records import Attribute
from printscp.errors import PrintError
from printscp.film.sheet import LookUp, Order, Sheet, SheetImage
from printscp.transcript import Step
from printscp.transcript.films import Asked, AskedFilm, films_of

_IMAGE_SEQUENCES = ("BasicGrayscaleImageSequence", "BasicColorImageSequence")
_LOOK_UP = "ReferencedPresentationLUTSequence"


def asked_film(capture: Capture, number: int) -> AskedFilm | None:
    """What the SCU sent for a film; None where that is not known."""
    dialogue = capture.dialogue
    if dialogue is None or dialogue.dropped or not dialogue.jobs:
        return None
    # A job that was printed again has the dialogue of the first.
    films = films_of(dialogue, capture.uid if capture.uid in dialogue.jobs else dialogue.jobs[-1])
    return films[number - 1] if len(films) == capture.films else None


def attributes(capture: Capture, number: int, private: bool) -> dict[str, tuple[Attribute, ...]]:
    """Of film session, film box and the images, as `printscp.desk.inspection.Inspection.attributes` says.

    Raises:
        NotPossible: the film is not kept.
    """
    sheet, film = capture.film(number), asked_film(capture, number)
    session, box = (film.session, film.film_box) if film is not None else (Asked(), Asked())
    assert capture.order is not None
    found = {
        "session": _rows(session.sent, _answered(session) | _of_order(capture.order), private),
        "film box": _rows(box.sent, _answered(box) | _of_sheet(sheet), private),
    }
    for image in sheet.images:
        step = film.images.get(image.position) if film is not None else None
        sent = _flat(capture, step) if step is not None else Dataset()
        found[f"image {image.position}"] = _rows(sent, _of_image(sheet, image, sent), private)
    return found


def _rows(sent: Dataset, used: Mapping[str, str], private: bool) -> tuple[Attribute, ...]:
    """All that was sent, or is in force, by tag."""
    known = {int(tag_for_keyword(keyword) or 0): value for keyword, value in used.items()}
    return tuple(
        _row(tag, sent, known.get(tag, ""), private) for tag in sorted({*map(int, sent.keys()), *known})
    )


def _row(tag: int, sent: Dataset, used: str, private: bool) -> Attribute:
    value, keyword, vr = None, "", "UN"
    if tag in sent:
        try:
            element = sent[tag]
            keyword, vr, value = element.keyword, element.VR, value_words(element, private)
        except Exception:  # whatever pydicom meets, the SCU's bytes are at fault
            value = "cannot be decoded"
    else:
        vr = dictionary_VR(tag)
        keyword = keyword_for_tag(tag)
    told = used if private or vr == "SQ" or is_harmless(tag, vr) else ""
    return Attribute(keyword, tag_words(tag), value, told)


def _answered(asked: Asked) -> dict[str, str]:
    """What the printer answered to be in force."""
    return {
        element.keyword: value_words(element, private=True)
        for element in _read(asked.in_force)
        if element.keyword and element.VR != "SQ"
    }


def _read(dataset: Dataset) -> Iterator[Any]:
    for tag, _ in dataset.items():  # still encoded: each may be at fault
        try:
            yield dataset[tag]
        except Exception:  # an answer that was spoilt on purpose
            continue


def _flat(capture: Capture, step: Step) -> Dataset:
    """What the N-SET of an image box had, that of its image sequence beside the rest."""
    try:
        dataset = capture.said.dataset(step)
        flat = Dataset()
        for tag, element in dataset.items():
            if keyword_for_tag(tag) in _IMAGE_SEQUENCES and dataset[tag].value:
                flat.update(dataset[tag].value[0])
            else:
                flat[tag] = element
        return flat
    except (PrintError, ValueError):
        return Dataset()


def _of_order(order: Order) -> dict[str, str]:
    return {
        "NumberOfCopies": str(order.copies),
        "PrintPriority": order.priority,
        "MediumType": order.medium,
        "FilmDestination": order.destination,
        "FilmSessionLabel": order.label,
        "OwnerID": order.owner,
    }


def _of_sheet(sheet: Sheet) -> dict[str, str]:
    return {
        "ImageDisplayFormat": sheet.display_format,
        "AnnotationDisplayFormatID": sheet.annotation_format,
        "FilmOrientation": sheet.orientation,
        "FilmSizeID": sheet.film_size,
        "RequestedResolutionID": sheet.resolution,
        "BorderDensity": str(sheet.border_density),
        "EmptyImageDensity": str(sheet.empty_image_density),
        "Trim": "YES" if sheet.trim else "NO",
        "Illumination": str(sheet.illumination),
        "ReflectedAmbientLight": str(sheet.reflected_ambient_light),
    }


def _of_image(sheet: Sheet, image: SheetImage, sent: Dataset) -> dict[str, str]:
    color = image.samples_per_pixel > 1
    photometric = str(sent.get("PhotometricInterpretation", "RGB" if color else ""))
    used = {
        "ImageBoxPosition": str(image.position),
        "SamplesPerPixel": str(image.samples_per_pixel),
        "Rows": str(image.rows),
        "Columns": str(image.columns),
        "BitsStored": str(image.bits_stored),
        "PixelAspectRatio": "\\".join(map(str, image.pixel_aspect)),
        "MagnificationType": image.magnification,
        "SmoothingType": image.smoothing,
        "ConfigurationInformation": image.configuration,
        "RequestedDecimateCropBehavior": image.decimate_crop,
        "RequestedImageSize": "" if image.requested_width_mm is None else f"{image.requested_width_mm:g}",
    }
    if photometric:  # `reverse` is that and polarity taken together
        used["Polarity"] = "REVERSE" if image.reverse != (photometric == "MONOCHROME1") else "NORMAL"
    if color:
        used["PlanarConfiguration"] = str(image.planar_configuration)
    else:
        used |= {"MinDensity": str(image.min_density), "MaxDensity": str(image.max_density)}
        if image.look_up is not None:
            used[_LOOK_UP] = _look_up_words(sheet.look_ups[image.look_up])
    return used


def _look_up_words(look_up: LookUp) -> str:
    return look_up.shape or f"{len(look_up.table)} entries of {look_up.bits} bits"
