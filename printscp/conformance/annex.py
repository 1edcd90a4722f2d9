"""Media, character sets and the annexes: printer profiles, how films come to look, what is tolerated."""

from collections.abc import Iterator

from pydicom.uid import UID

from printscp.conformance.document import Section, paragraphs, rows, table
from printscp.conformance.network import printer_title
from printscp.conformance.printers import Printers
from printscp.film.dialogue import class_name
from printscp.film.freeze import layout
from printscp.film.profile import AnnotationFormat, FilmSize, PrinterProfile
from printscp.film.rules import CHARACTER_SET, CONFIGURATION, DENSITY, DISPLAY_FORMAT
from printscp.film.uids import BASIC_COLOR_IMAGE_BOX

RETIRED = tuple(
    UID(f"1.2.840.10008.5.1.1.{end}")
    for end in ("4.2", "9.1", "18.1", "22", "24", "24.1", "26", "27", "29", "30", "31", "32")
)
"""Classes of printing that have left PS3.4."""

NOT_RENDERED = (
    "SmoothingType is not applied",
    "ConfigurationInformation is not applied",
    "TextString of the annotation boxes is not printed",
    "FilmSessionLabel is not printed",
    "BasicColorImageSequence is printed in gray",
    "ICCProfile is not applied",
    "RequestedResolutionID is STANDARD on this film",
)
"""Remarks on jobs that tell of what the renderer does not do."""

_PLACEMENT, _TONE = "From image to image box", "From pixel value to density"


def media() -> Section:
    return Section("Media interchange", "None.")


def character_sets(printers: Printers) -> Section:
    return Section(
        "Support of character sets",
        paragraphs(
            f"""
            Specific Character Set (0008,0005): {printers.say(CHARACTER_SET.words)}. It is taken from the film
            session and holds for its films; a data set with one of its own is read by that. Without any, text
            is read as Latin 1 (ISO_IR 100).

            Answers that have text name its character set. Characters that cannot be read become replacement
            characters, and a remark on the job.
            """
        ),
    )


def annexes(printers: Printers) -> Section:
    return Section(
        "Annexes",
        "",
        (
            *(_profile(profile, printers) for profile in printers.profiles),
            _placement(),
            _tone(),
            _color(printers),
            _quirks(),
            _omitted(),
            _retired(),
            _required(printers),
        ),
    )


# --- printer profiles ------------------------------------------------------------------------------------


def profile_title(profile: PrinterProfile) -> str:
    """The title of a profile's section."""
    return f"Printer profile {profile.name}"


def _profile(profile: PrinterProfile, printers: Printers) -> Section:
    names = [each.announced_ae_title for each in printers.of_profile(profile)]
    boxes = profile.standard_format
    smallest = f"STANDARD\\{boxes.max_columns},{boxes.max_rows}"
    configurations = profile.configurations.items()
    return Section(
        profile_title(profile),
        paragraphs(
            f"""
            {profile.manufacturer} {profile.model}, the profile of {", ".join(names)}. In each list the first
            entry is the default.
            """,
            table(("What", "Values"), _facts(profile)),
            "**Film sizes and pixel matrices**",
            f"""
            Columns x rows of printer pixels of an image box, largest (`STANDARD\\1,1`) and smallest
            (`{smallest}`). Images may be of any size, 1 x 1 to 65535 x 65535, and are scaled to their box:
            §[{_PLACEMENT}].
            """,
            table(
                ("Film Size ID", "mm", "PORTRAIT largest", "smallest", "LANDSCAPE largest", "smallest"),
                (_matrices(profile, size, smallest) for size in profile.film_sizes),
            ),
            "**Annotation formats**",
            _annotations(profile),
            "**Configuration tables** (Configuration Information)",
            table(("Value", "What it does"), configurations) if configurations else "None.",
        ),
    )


def _facts(profile: PrinterProfile) -> Iterator[tuple[str, object]]:
    yield "Resolution", f"{profile.dots_per_inch:g} dots per inch"
    yield "Image Display Format", DISPLAY_FORMAT.words(profile) + "; no CUSTOM formats"
    yield "Medium Type", ", ".join(profile.media)
    yield "Film Destination", ", ".join(profile.destinations)
    yield "Print Priority", ", ".join(profile.priorities)
    yield "Magnification Type", ", ".join(profile.magnifications)
    yield "Smoothing Type", ", ".join(profile.smoothings) or "none"
    yield "Requested Resolution ID", ", ".join(profile.resolutions)
    yield "Densities, hundredths of OD", DENSITY.words(profile)
    yield "Border Density", profile.border_density
    yield "Empty Image Density", profile.empty_image_density
    yield "Illumination", f"{profile.illumination} cd/m2"
    yield "Reflected Ambient Light", f"{profile.reflected_ambient_light} cd/m2"
    yield "Requested Image Size", "yes" if profile.requested_image_size else "no"
    yield "Decimate/Crop Behavior, if not asked for", profile.decimate_crop
    yield "Color", "yes, see §[Color]" if profile.color else "no"
    yield "Largest number of collated films", profile.max_collated_films or "none: no N-ACTION of a session"
    yield "Configuration Information", CONFIGURATION.words(profile)
    yield "Margin, gap, label line", f"{profile.margin_mm:g}, {profile.gap_mm:g}, {profile.label_mm:g} mm"


def _matrices(profile: PrinterProfile, size: FilmSize, smallest: str) -> list[str]:
    films = [
        {"FilmSizeID": size.term, "FilmOrientation": orientation, "ImageDisplayFormat": display_format}
        for orientation in ("PORTRAIT", "LANDSCAPE")
        for display_format in ("STANDARD\\1,1", smallest)
    ]
    first_boxes = [layout(film, profile)[1][0] for film in films]
    return [
        size.term,
        f"{size.width_mm:g} x {size.height_mm:g}",
        *(f"{box.width} x {box.height}" for box in first_boxes),
    ]


def _annotations(profile: PrinterProfile) -> str:
    if not profile.annotation_formats:
        return "None."
    return table(
        ("Annotation Display Format ID", "Annotation Positions"),
        ((each.term, _positions(each)) for each in profile.annotation_formats),
    )


def _positions(annotation: AnnotationFormat) -> str:
    whole = [f"{position}: one text for the whole film" for position in annotation.positions]
    each = ["1 and up: one text for each image box, of its position"] if annotation.per_image else []
    return "\n".join(whole + each)


# --- what films look like --------------------------------------------------------------------------------

_OVERSIZE = """
    DECIMATE, asked for | not NONE | shrunk, 0xB60A | shrunk, 0xB60A
    DECIMATE, asked for | NONE | 0xC603 | 0xC603
    DECIMATE, by default | not NONE | shrunk, 0x0000 | shrunk, 0xB604
    DECIMATE, by default, and a Requested Image Size | not NONE | shrunk, 0xB604 | shrunk, 0xB604
    DECIMATE, by default | NONE | shrunk all the same, 0xB604 | 0xC603
    CROP | any | cropped, 0xB609 | cropped, 0xB609
    FAIL | any | 0xC603 | 0xC603
    """
_PLACES = """
    place of an image that does not fill its box | the middle
    the part of a box that its image leaves free | Border Density
    a box without an image | Empty Image Density
    Trim | a frame of 0.5 mm round each printed image, in the opposite of the border; narrower where there is
        no room for it
    scaling | what shrinks is averaged over the area of each printer pixel; what grows is interpolated as
        Magnification Type says, REPLICATE by the nearest pixel
    larger, with Requested Image Size | its width in printer pixels, and the height that goes with it, count
    """


def _placement() -> Section:
    return Section(
        _PLACEMENT,
        paragraphs(
            """
            Boxes of a format are equal, with gaps between them; what does not divide evenly is left at the
            outer edges. Position 1 is at the top left, and positions go along the row, then down. Columns and
            rows are those of the film as it is seen in its orientation.

            **How large an image is printed**, by the first of these that holds:

            - Magnification Type NONE: one image pixel is one printer pixel.
            - Requested Image Size: so many mm wide, and as high as Rows, Columns and Pixel Aspect Ratio make
              it. What is larger than the box is cut with CROP; else it shrinks until it fits.
            - CROP, and more rows or columns than the box has printer pixels: one to one; of pixels that are
              not square the shorter side is one printer pixel.
            - As large as fits the box whole.

            **How it is cropped**: whole rows and whole columns of the image go, as few as bring it into the
            box, as many on one side as on the other; of an odd number the bottom or the right side loses the
            one more. Cropping does not change the scale.

            **An image larger than its box** has more rows or columns than the box has printer pixels. The
            N-SET of the image box tells, and the N-ACTION does not repeat it:
            """,
            table(("Decimate/Crop Behavior", "Magnification Type", "Tolerant", "Strict"), rows(_OVERSIZE)),
            "**Where the standard leaves the choice**",
            table(("Case", "What is done"), rows(_PLACES)),
            """
            Below the images a line names job, time, film size and AE titles, and never a patient. It lies
            outside every image box.
            """,
        ),
    )


_LOOK_UPS = """
    IDENTITY, or none | the value is a P-value: 0 is Max Density, the largest value Min Density, and equal
        steps between are equal steps in JND (PS3.14)
    a table | the value finds an entry, and that is the P-value; where a tolerant printer takes a table with
        another number of entries than the image has values, it is stretched over the range of the image and
        goes straight between entries
    LIN OD | equal steps are equal steps in density; 0 is Max Density, as with IDENTITY, since a Presentation
        LUT leaves polarity alone (PS3.4 H.4.9.1)
    """


def _tone() -> Section:
    return Section(
        _TONE,
        paragraphs(
            """
            An image is scaled first. Then Photometric Interpretation and Polarity say whether its smallest
            value is black or white. Then the Presentation LUT acts:
            """,
            table(("Presentation LUT", "Density"), rows(_LOOK_UPS)),
            """
            Min and Max Density are those of the image box, else of the film box, else of the printer, also
            for LIN OD. With Illumination and Reflected Ambient Light in force they give the luminances
            between which the Grayscale Standard Display Function is computed, in steps of 0.0001 OD.

            A film is delivered with gray samples that are P-values over the whole density range of the
            printer, 0 darkest; the document says so with the numbers.
            """,
        ),
    )


def _color(printers: Printers) -> Section:
    if not printers.color:
        return Section("Color", "No printer here takes color images.")
    return Section(
        "Color",
        paragraphs(
            f"""
            Images of §[{class_name(BASIC_COLOR_IMAGE_BOX)}] are RGB of 8 bits, taken as sRGB. Films are gray:
            each color is printed as the gray of its luminance, by the weights of Rec. 709 on linear light. A
            gray image sent as RGB prints as if it had been sent as gray.

            No Presentation LUT acts on color images.
            """
        ),
    )


# --- what else an integrator asks for --------------------------------------------------------------------

_QUIRKS = """
    attributes that the service does not have, private ones too | ignored, with a remark | 0x0105
    SOP UIDs and Referenced Image Box Sequence inside data sets | ignored | 0x0105
    Specific Character Set in any data set | used | used
    attributes of zero length | the default, or what was in force | the same
    values that the printer does not have, as CURRENT | the default, with a remark, 0x0116 | 0x0106
    densities beyond the printer's, as 0 or 255 | clipped, with a remark, 0x0000 | clipped, 0xB605
    attributes that this printer does not have | ignored, with a remark, 0x0000 | ignored, 0x0107
    more Memory Allocation than there is | none reserved, 0xB600 | 0x0106 or 0x0213
    N-CREATE of the Printer class | answered with its attributes, as by N-GET | 0x0211
    a class on the context of another one | served if it was negotiated at all | 0x0118
    leading zeros in the parts of a UID | taken | 0x0117
    no instance UID in N-CREATE | the printer makes one | the same
    N-CREATE and N-ACTION that announce a data set and send none | served as without one | the same
    action information with N-ACTION | ignored, with a remark | 0x0114
    N-ACTION of empty films | printed, 0x0000 | printed, 0xB602 or 0xB603
    gray images of 9 to 16 bits stored in 16 | taken, with a remark | 12 bits only, else 0x0106
    Planar Configuration 0 | taken, with a remark | 0x0106
    Pixel Aspect Ratio left out | taken as 1\\1 | the same
    images too large, and no Decimate/Crop Behavior | see §[From image to image box] | see there
    Requested Image Size with Magnification Type NONE | ignored, 0x0116 | 0x0106
    look-up tables of odd sizes | 2 to 65536 entries of 8 to 16 bits | 256 or 4096 entries of 10 to 16 bits,
        else 0x0106
    a look-up table that does not match the bits of the image | interpolated | 0x0106
    Presentation LUT and light at the film session | for films that name none | the same
    """


def _quirks() -> Section:
    return Section(
        "What SCUs in the field do",
        paragraphs(
            "Not all of it is by the book. Remarks are found on the print job (`printscp jobs --json`).",
            table(("An SCU sends", "Tolerant printer", "Strict printer"), rows(_QUIRKS)),
        ),
    )


def _omitted() -> Section:
    return Section(
        "Accepted, and not applied yet",
        paragraphs(
            """
            This is checked and answered as said above, but this version does not render it. Each becomes a
            remark on the print job, in these words:
            """,
            "\n".join(f"- {remark}" for remark in NOT_RENDERED),
        ),
    )


def _retired() -> Section:
    return Section(
        "Retired SOP classes",
        paragraphs(
            """
            These are not offered; a context with one of them is refused. There are no private or extended SOP
            classes and no private attributes; terms of printer profiles may be private.
            """,
            table(("SOP class", "UID"), ((uid.name, uid) for uid in RETIRED)),
        ),
    )


def _required(printers: Printers) -> Section:
    profiles = ", ".join(f"§[{profile_title(profile)}]" for profile in printers.profiles)
    titles = ", ".join(f"§[{printer_title(each)}]" for each in printers.settings.printers)
    classes = "§[SOP specific conformance], class by class"
    lines = (
        ("Largest number of associations", "§[Limits and identification]"),
        ("SOP and Meta SOP classes", f"§[Association acceptance], {titles}"),
        ("Smallest and largest pixel matrix of each film size", profiles),
        ("Optional services and attributes of each class", classes),
        ("Range, default and status of each attribute", classes),
        ("Behavior for each status", f"§[Statuses of every service], and {classes}"),
        ("CUSTOM formats with positions, sizes and numbering", f"there are none: {profiles}"),
        ("Annotation formats", profiles),
        ("Configuration tables", profiles),
        ("Largest number of collated films", profiles),
        ("Color on gray film", "§[Color]"),
        ("Cropping algorithm", f"§[{_PLACEMENT}]"),
        ("Presentation LUT", f"§[Presentation LUT], §[{_TONE}]"),
    )
    return Section("Contents asked for by PS3.4 H.3.4", table(("Asked for", "Found in"), lines))
