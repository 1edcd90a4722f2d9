"""What a film asks for and does not get: the one place that knows what the renderer cannot do yet."""

from printscp.film.sheet import Order, Sheet


def not_rendered(sheet: Sheet, order: Order) -> tuple[str, ...]:
    """A remark for each thing asked for that `compose` does not do; a row goes when the renderer learns it.

    Attributes are named by their keywords; texts, which may name a patient, are not quoted.
    """
    images = sheet.images
    rows = {
        "SmoothingType is not applied": any(image.smoothing not in ("", "NONE") for image in images),
        "ConfigurationInformation is not applied": any(image.configuration for image in images),
        "TextString of the annotation boxes is not printed": bool(sheet.annotations),
        "FilmSessionLabel is not printed": bool(order.label),
        "BasicColorImageSequence is printed in gray": any(image.samples_per_pixel == 3 for image in images),
        "ICCProfile is not applied": len(sheet.icc_profile) > 0,
        "RequestedResolutionID is STANDARD on this film": sheet.resolution != "STANDARD",
    }
    return tuple(remark for remark, asked in rows.items() if asked)
