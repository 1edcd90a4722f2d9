"""Copies a film box into the sheet that is printed, and a film session into the order (PS3.4 H.4.2.2.3)."""

from dataclasses import replace
from typing import Any

from printscp.film.instances import FilmBox, FilmSession, ImageBox, PresentationLUT
from printscp.film.profile import PrinterProfile
from printscp.film.sheet import LookUp, Order, Sheet, SheetImage, ToneCurve
from printscp.film.uids import BASIC_COLOR_IMAGE_BOX

_LUT = "ReferencedPresentationLUTSequence"
_GRAY = (
    _LUT,
    "ConfigurationInformation",
    "MinDensity",
    "MaxDensity",
    "Illumination",
    "ReflectedAmbientLight",
)


def look_up_of(session: FilmSession, film_box: FilmBox, box: ImageBox | None) -> str:
    """UID of the Presentation LUT in force: of the image box over the film box over the session; or empty.

    None acts on color images (PS3.4 H.4.3.2).
    """
    if box is not None and box.sop_class == BASIC_COLOR_IMAGE_BOX:
        return ""
    levels = (box.attributes if box else {}, film_box.attributes, session.attributes)
    return next((str(level[_LUT]) for level in levels if level.get(_LUT)), "")


def freeze(
    session: FilmSession,
    film_box: FilmBox,
    look_ups: dict[str, PresentationLUT],
    profile: PrinterProfile,
) -> Sheet:
    """The film as it stands now."""
    film, places = film_box.attributes, film_box.layout
    images = [box for box in film_box.image_boxes if box.image]
    wanted = [look_up_of(session, film_box, box) for box in images]
    used = [uid for uid in dict.fromkeys(wanted) if uid]
    return Sheet(
        film_size=film["FilmSizeID"],
        orientation=film["FilmOrientation"],
        display_format=film["ImageDisplayFormat"],
        resolution=film["RequestedResolutionID"],
        width=places.page.width,
        height=places.page.height,
        dots_per_inch=profile.resolution(film["RequestedResolutionID"]).dots_per_inch,
        boxes=places.boxes,
        label=places.label,
        images=tuple(
            _sheet_image(box, film, used.index(uid) if uid else None, profile)
            for box, uid in zip(images, wanted, strict=True)
        ),
        look_ups=tuple(look_ups[uid].look_up for uid in used),
        annotation_format=film.get("AnnotationDisplayFormatID", ""),
        annotations=tuple(
            replace(place, text=box.text)
            for place, box in zip(places.annotations, film_box.annotation_boxes, strict=True)
            if box.text
        ),
        printer_density=(profile.min_density, profile.max_density),
        border_density=_hundredths(film["BorderDensity"], film),
        empty_image_density=_hundredths(film.get("EmptyImageDensity", film["BorderDensity"]), film),
        trim=film.get("Trim") == "YES",
        illumination=film["Illumination"],
        reflected_ambient_light=film["ReflectedAmbientLight"],
        color=any(box.sop_class == BASIC_COLOR_IMAGE_BOX for box in film_box.image_boxes),
        icc_profile=film.get("ICCProfile", b""),
        remarks=(
            *film_box.remarks,
            *(remark for uid in used for remark in look_ups[uid].remarks),
            *(f"image {box.position}: {remark}" for box in film_box.image_boxes for remark in box.remarks),
            *(
                f"annotation {box.position}: {remark}"
                for box in film_box.annotation_boxes
                for remark in box.remarks
            ),
            *_without_effect(film_box, profile),
            *_stretched(images, [look_ups[uid].look_up if uid else None for uid in wanted]),
            *(["no image was set: an empty film"] if film_box.empty else []),
        ),
    )


def _without_effect(film_box: FilmBox, profile: PrinterProfile) -> list[str]:
    """Remarks on what was asked for, and taken, but acts on other images than those of the film."""
    asked = {key: value for key, value in film_box.attributes.items() if key not in film_box.defaulted}
    remarks = []
    for box in film_box.image_boxes:
        smoothing = (asked | box.attributes).get("SmoothingType", "")
        magnification = (film_box.attributes | box.attributes)["MagnificationType"]
        if box.image and magnification != "CUBIC" and profile.smoothings.get(smoothing):
            remarks.append(f"SmoothingType {smoothing} ignored: magnification {magnification}")
        if box.image and box.sop_class == BASIC_COLOR_IMAGE_BOX:
            remarks += [f"{keyword} ignored: color images" for keyword in _GRAY if asked.get(keyword)]
    return list(dict.fromkeys(remarks))


def _stretched(images: list[ImageBox], look_ups: list[LookUp | None]) -> list[str]:
    """Remarks on tables that have not one entry for each value of their image."""
    remarks = []
    for box, look_up in zip(images, look_ups, strict=True):
        assert box.image is not None
        bits = box.image.attributes["BitsStored"]
        if look_up and look_up.table and len(look_up.table) != 1 << bits:
            remarks.append(f"LUT of {len(look_up.table)} entries stretched over images of {bits} bits")
    return list(dict.fromkeys(remarks))


def order(session: FilmSession, printer_name: str, originator: str, remarks: list[str]) -> Order:
    """What the session asks for all its films, as it stands now; ``remarks`` are those of the N-ACTION."""
    values = session.attributes
    return Order(
        copies=values["NumberOfCopies"],
        priority=values["PrintPriority"],
        medium=values["MediumType"],
        destination=values["FilmDestination"],
        label=values.get("FilmSessionLabel", ""),
        owner=values.get("OwnerID", ""),
        printer_name=printer_name,
        originator=originator,
        remarks=(*session.remarks, *remarks),
    )


def _hundredths(background: str, film: dict[str, Any]) -> int:
    """BLACK and WHITE are the limits in force for the film; the standard leaves it open (PS3.3 C.13.3)."""
    limits = {"BLACK": film["MaxDensity"], "WHITE": film["MinDensity"]}
    return int(limits.get(background, background))


def _sheet_image(
    box: ImageBox, film: dict[str, Any], look_up: int | None, profile: PrinterProfile
) -> SheetImage:
    assert box.image is not None
    image = box.image.attributes
    in_force = film | box.attributes
    smoothing = in_force.get("SmoothingType", "")
    configuration = in_force.get("ConfigurationInformation", "")
    reverse = (image["PhotometricInterpretation"] == "MONOCHROME1") != (in_force["Polarity"] == "REVERSE")
    return SheetImage(
        position=box.position,
        samples_per_pixel=image["SamplesPerPixel"],
        planar_configuration=image.get("PlanarConfiguration", 0),
        rows=image["Rows"],
        columns=image["Columns"],
        bits_stored=image["BitsStored"],
        reverse=reverse,
        pixel_aspect=image["PixelAspectRatio"],
        magnification=in_force["MagnificationType"],
        smoothing=smoothing,
        smoothing_weight=profile.smoothings.get(smoothing, 0.0),
        configuration=configuration,
        curve=profile.configurations[configuration].curve if configuration else ToneCurve(),
        min_density=in_force["MinDensity"],
        max_density=in_force["MaxDensity"],
        requested_width_mm=in_force.get("RequestedImageSize"),
        decimate_crop=in_force["RequestedDecimateCropBehavior"],
        look_up=look_up,
        pixels=image["PixelData"],
    )
