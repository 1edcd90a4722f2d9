"""Media, character sets and the annexes: printer profiles, how films come to look, what is tolerated."""

from pydicom.uid import UID

from printscp.conformance.document import Section, paragraphs, rows, table
from printscp.conformance.network import printer_title
from printscp.conformance.printers import Printers
from printscp.conformance.profiles import PLACEMENT, profile_section, profile_title
from printscp.film.dialogue import class_name
from printscp.film.rules import CHARACTER_SET
from printscp.film.uids import BASIC_COLOR_IMAGE_BOX

RETIRED = tuple(
    UID(f"1.2.840.10008.5.1.1.{end}")
    for end in ("4.2", "9.1", "18.1", "22", "24", "24.1", "26", "27", "29", "30", "31", "32")
)
"""Classes of printing that have left PS3.4."""

NOT_RENDERED = (
    "FilmSessionLabel is not printed: the printer has no strip for it",
    "FilmSessionLabel has characters that no font has",
    "TextString has characters that no font has",
    "ICCProfile cannot be used: colors are taken as sRGB",
)
"""Remarks on jobs that tell of what the renderer does not do."""

_TONE = "From pixel value to density"


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
            *(profile_section(profile, printers) for profile in printers.profiles),
            _placement(),
            _tone(),
            _color(printers),
            _quirks(),
            _omitted(),
            _retired(),
            _required(printers),
        ),
    )


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
_FORMS = """
    STANDARD\\C,R | C columns and R rows, all equal | from the top left along the row, then down
    ROW\\R1,R2,... | rows of equal height with R1, R2, ... equal boxes | along the row, then down
    COL\\C1,C2,... | columns of equal width with C1, C2, ... equal boxes | down the column, then to the right
    SLIDE, SUPERSLIDE | of one size in mm, as many as fit, in the middle | along the row, then down
    CUSTOM\\i | cells of a grid, with the gaps between them | as the profile says
    """
_PLACES = """
    place of an image that does not fill its box | the middle
    the part of a box that its image leaves free | Border Density
    a box without an image | Empty Image Density
    Trim | a frame of 0.5 mm round each printed image, in the opposite of the border; narrower where there is
        no room for it
    scaling | what shrinks is averaged over the area of each printer pixel; what grows is interpolated as
        Magnification Type says, REPLICATE by the nearest pixel
    Smoothing Type | of magnification CUBIC, on what is left of the image when it has shrunk and before it
        grows: along rows and along columns each pixel gets the share of either neighbour that the profile
        says; below zero that sharpens
    text of annotation boxes | on one line, at the left, in the middle or at the right of its box; set smaller
        where it is too long, then cut
    larger, with Requested Image Size | its width in printer pixels, and the height that goes with it, count
    """


def _placement() -> Section:
    return Section(
        PLACEMENT,
        paragraphs(
            """
            Columns and rows are those of the film as it is seen in its orientation. Between boxes there are
            gaps; what does not divide evenly is left at the outer edges.
            """,
            table(("Image Display Format", "Boxes", "Positions"), rows(_FORMS)),
            """
            Annotation boxes and the label line take their room from the area of the images, so text covers an
            image only where the table of annotation formats says so. An SCU that has not negotiated Basic
            Annotation Box cannot fill the boxes, and no room is kept for them.

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
            Below the images a line names job, time, film size and AE titles, and at its right end stands the
            Film Session Label, if the SCU gave one. It lies outside every image box.
            """,
        ),
    )


_LOOK_UPS = """
    IDENTITY | the value is a P-value: 0 is Max Density, the largest value Min Density, and equal steps
        between are equal steps in JND (PS3.14)
    none | the same, by the tone curve of the Configuration Information in force
    a table | the value finds an entry, and that is the P-value; where a tolerant printer takes a table with
        another number of entries than the image has values, it is stretched over the range of the image and
        goes straight between entries
    LIN OD, by polarity | equal steps are equal steps in density; 0 is Max Density, as with IDENTITY, since a
        Presentation LUT leaves polarity alone (PS3.4 H.4.9.1)
    LIN OD, by density | equal steps are equal steps in density; the value is one, and 0 is Min Density
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
            Which reading of LIN OD holds is said in the printer profile, and so are the tone curves: with a
            contrast of c a value v from 0 to 1 becomes the P-value v^c / (v^c + (1 - v)^c), and where even
            steps are even in density, that is the share of the density range instead.

            Min and Max Density are those of the image box, else of the film box, else of the printer, also
            for LIN OD. With Illumination and Reflected Ambient Light in force they give the luminances
            between which the Grayscale Standard Display Function is computed, in steps of 0.0001 OD.

            Densities and light are those of the medium: reflective media have a range and an Illumination of
            their own, and no Reflected Ambient Light, for which the GSDF has no term there (PS3.14 7.2). If
            an N-SET of the film session changes the medium, the film that is open follows: what the SCU did
            not give becomes the default of the new medium, what it gave is clamped to it, with a remark.

            A document has gray samples over the whole density range of the printer, 0 darkest, by the tone of
            its output: P-values if nothing else is set up, the luminance of the film on its light box, or a
            measured curve. The document says which.
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
            Images of §[{class_name(BASIC_COLOR_IMAGE_BOX)}] are RGB of 8 bits, and films of the color Meta
            class are delivered in sRGB. ICC Profile is an input profile of all images of its film, taken to
            sRGB by perceptual intent; without one, or with one that cannot be used, samples are sRGB.

            Border, boxes without an image, trim and text are grays: the P-values of their densities in the
            range of the printer. No Presentation LUT, density or tone curve acts on color images.
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
    texts that are too long, or have a backslash | what fits, with a remark, 0x0116 | 0x0106
    a Specific Character Set that is no defined term | Latin 1, with a remark, 0x0116 | 0x0106
    Smoothing Type without Magnification Type CUBIC | not applied, with a remark | the same
    densities, light, configuration or Presentation LUT on color films | not applied, with a remark | the same
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
    gray images of 9 to 16 bits stored in 16 | taken, with a remark if the printer has other depths | those
        of the printer only, else 0x0106
    Planar Configuration 0 | taken, with a remark | 0x0106
    Pixel Aspect Ratio left out | taken as 1\\1 | the same
    images too large, and no Decimate/Crop Behavior | see §[From image to image box] | see there
    Requested Image Size with Magnification Type NONE | ignored, 0x0116 | 0x0106
    look-up tables of odd sizes | 2 to 65536 entries of 8 to 16 bits | an entry for each value of a depth of
        the printer, 10 to 16 bits, else 0x0106
    a look-up table that does not fit the bits of the image | interpolated, with a remark, if it can | 0x0106
    Reflected Ambient Light on reflective media | ignored, with a remark, 0x0000 | ignored, 0x0107
    Presentation LUT and light at the film session | for films that name none | the same
    """


def _quirks() -> Section:
    return Section(
        "What SCUs in the field do",
        paragraphs(
            "Not all of it is by the book. Remarks are found on the print job (`printscp jobs show JOB`).",
            table(("An SCU sends", "Tolerant printer", "Strict printer"), rows(_QUIRKS)),
        ),
    )


def _omitted() -> Section:
    return Section(
        "Accepted, and not applied",
        paragraphs(
            """
            This is found out when a film is rendered. Each becomes a remark on the print job, in these words:
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
        ("CUSTOM formats with positions, sizes and numbering", profiles),
        ("Annotation formats", profiles),
        ("Configuration tables", profiles),
        ("Largest number of collated films", profiles),
        ("Color on gray film", "§[Color]"),
        ("Cropping algorithm", f"§[{PLACEMENT}]"),
        ("Presentation LUT", f"§[Presentation LUT], §[{_TONE}]"),
    )
    return Section("Contents asked for by PS3.4 H.3.4", table(("Asked for", "Found in"), lines))
