"""DCMTK's print client prints on a real printer, and the film is what it asked for."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from peers.dcmtk import PrintClient, StoredPrint
from pydicom import dcmread
from pydicom.data import get_testdata_file
from service.films import Films, at_pixels, film_density, samples_of

from printscp.catalog import load_profile
from printscp.film.profile import FilmSize
from printscp.film.sheet import ToneCurve
from printscp.printer import FilmPrinter
from printscp.render.compose import compose

pytestmark = pytest.mark.peer("dcmpsprt", "dcmprscu")

PROFILE = load_profile("imager17")
SIZES = {size.term: size for size in PROFILE.film_sizes}
CT, MR = (Path(str(get_testdata_file(name, download=False))) for name in ("CT_small.dcm", "MR_small.dcm"))
SMALL = ("--filmsize", "8INX10IN", "--magnification", "REPLICATE")
RAMP = np.arange(4096).reshape(64, 64)
WITH_LUT = {"SupportsPresentationLUT": "true"}
Client = Callable[..., PrintClient]


@pytest.fixture
def client(printer: FilmPrinter, tmp_path: Path) -> Client:
    """DCMTK's client for the printer of this module, with those settings."""
    return lambda **settings: PrintClient(tmp_path / "dcmtk", printer.address, **settings)


@pytest.fixture(scope="module")
def ramp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DICOM image with each value of 12 bits once."""
    image = dcmread(MR)
    image.Rows, image.Columns = RAMP.shape
    image.BitsStored, image.HighBit, image.PixelRepresentation = 12, 11, 0
    image["PixelData"].value = RAMP.astype("<u2").tobytes()
    for keyword in ("WindowCenter", "WindowWidth", "SmallestImagePixelValue", "LargestImagePixelValue"):
        if keyword in image:
            delattr(image, keyword)
    path = tmp_path_factory.mktemp("ramp") / "ramp.dcm"
    image.save_as(path)
    return path


def sent(client: PrintClient, film: StoredPrint, *options: str) -> None:
    """Print a film; each request meets with success."""
    talk = client.send(film, *options)
    assert talk.errors == []
    assert len(talk.statuses) >= 7
    assert set(talk.statuses) == {0}, talk.text


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_each_film_size_either_way_up(client: Client, films: Films, ramp: Path, size: FilmSize) -> None:
    dcmtk = client()
    for way in ("--portrait", "--landscape"):
        sent(dcmtk, dcmtk.store([ramp], "--filmsize", size.term, way))
    jobs = films.jobs(2)
    assert [(job.status, job.films[0].film_size) for job in jobs] == [("DONE", size.term)] * 2
    assert [(sheet.orientation, sheet.remarks) for sheet in films.sheets] == [
        ("PORTRAIT", ()),
        ("LANDSCAPE", ()),
    ]
    upright = round(size.width_mm / 25.4 * 320), round(size.height_mm / 25.4 * 320)
    assert [(sheet.width, sheet.height) for sheet in films.sheets] == [upright, upright[::-1]]


@pytest.mark.parametrize("request_of", ["--session-print", "--verbose"])
def test_what_the_session_orders(client: Client, films: Films, ramp: Path, request_of: str) -> None:
    dcmtk = client()
    ordered = {
        "--copies": "3",
        "--priority": "HIGH",
        "--medium-type": "CLEAR FILM",
        "--destination": "BIN_2",
        "--label": "KNEE LEFT",
        "--owner": "WARD 7",
    }
    options = [word for option in ordered.items() for word in option]
    sent(dcmtk, dcmtk.store([ramp], *SMALL), *options, request_of)
    job = films.job()
    order = job.order
    given = (order.copies, order.priority, order.medium, order.destination, order.label, order.owner)
    assert [str(value) for value in given] == list(ordered.values())
    assert (order.originator, order.printer_name, order.remarks) == ("DCMTK_SCU", "PRINTSCP", ())
    assert b"/NumCopies 3" in Path(job.outputs[0]).read_bytes()
    assert films.sheet.film_size == "8INX10IN"


def test_what_the_film_and_its_image_ask_for(client: Client, films: Films, ramp: Path) -> None:
    dcmtk = client()
    film = (
        "--trim --magnification CUBIC --smoothing SMOOTH --configinfo CS250 --border 150 --empty-image WHITE "
        "--min-density 30 --max-density 280 --resolution HIGH --filmsize 8INX10IN --layout 2 2"
    )
    image = (
        "--img-polarity REVERSE --img-magnification BILINEAR --img-smoothing SHARP --img-configinfo CS750 "
        "--img-request-size 60 --request-crop"
    )
    sent(dcmtk, dcmtk.store([ramp], *film.split(), *image.split()))
    assert films.job().films[0].display_format == "STANDARD\\2,2"
    (sheet,) = films.sheets
    assert sheet.remarks == ("SmoothingType SHARP ignored: magnification BILINEAR",)
    assert (sheet.trim, sheet.border_density, sheet.empty_image_density) == (True, 150, 30)
    assert (sheet.resolution, sheet.width, sheet.height, len(sheet.boxes)) == ("HIGH", 4064, 5080, 4)
    (printed,) = sheet.images
    assert (printed.magnification, printed.smoothing, printed.configuration) == ("BILINEAR", "SHARP", "CS750")
    assert (printed.smoothing_weight, printed.curve) == (-0.08, ToneCurve(1.25))
    assert (printed.min_density, printed.max_density, printed.reverse) == (30, 280, True)
    assert (printed.requested_width_mm, printed.decimate_crop) == (60, "CROP")


@pytest.mark.parametrize(
    ("options", "statuses", "remark"),
    [
        (["--configinfo", "GAMMA9"], {0, 0x0116}, "ConfigurationInformation: this printer has no such"),
        (["--filmsize", "CURRENT"], {0, 0x0116}, "FilmSizeID: CURRENT is none of"),
        (["--min-density", "5", "--max-density", "350"], {0}, "MaxDensity: 350 outside 20..310: 310 used"),
        (["--img-request-size", "500", "--request-crop"], {0, 0xB609}, "image 1: cropped"),
        (["--img-request-size", "500", "--request-decimate"], {0, 0xB60A}, "image 1: decimated"),
    ],
)
def test_what_the_printer_cannot_do_is_told_and_the_film_comes_out(
    client: Client, films: Films, ramp: Path, options: list[str], statuses: set[int], remark: str
) -> None:
    dcmtk = client()
    talk = dcmtk.send(dcmtk.store([ramp], *SMALL, *options))
    assert (set(talk.statuses), talk.errors) == (statuses, [])
    assert [each for each in films.job().remarks if each.startswith(remark)]


def test_what_must_not_be_printed_otherwise_is_refused(client: Client, films: Films, ramp: Path) -> None:
    dcmtk = client()
    talk = dcmtk.send(dcmtk.store([ramp], *SMALL, "--img-request-size", "500", "--request-fail"))
    assert 0xC603 in talk.statuses
    assert talk.errors[0].endswith("unable to transmit basic grayscale image box")
    assert films.jobs(0) == []


@pytest.mark.parametrize(
    ("term", "position"), [("LABEL", 0), ("BOTTOM", 1), ("COMBINED", 0), ("ANNOTATION", 2)]
)
def test_annotation(client: Client, films: Films, ramp: Path, term: str, position: int) -> None:
    dcmtk = client(Annotation=f"{position}\\{term}")
    film = dcmtk.store([ramp], *SMALL, "--annotation", "KNEE LEFT", "--print-no-date")
    sent(dcmtk, film)
    films.job()
    assert films.sheet.annotation_format == term
    (annotation,) = films.sheet.annotations
    # Printer and light in front of the text are the client's idea.
    assert (annotation.position, annotation.text) == (position, "FILM 2000/10 KNEE LEFT")
    assert not annotation.where.overlaps(films.sheet.boxes[0])
    assert not annotation.where.overlaps(films.sheet.label)


LUTS: dict[str, tuple[int, NDArray[Any]]] = {
    "4096 entries": (12, np.rint((np.arange(4096) / 4095) ** 0.5 * 4095)),
    "256 entries": (16, np.rint((np.arange(256) / 255) ** 2 * 65535)),
}


@pytest.mark.peer("pdfimages")
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("lut", ["none", "IDENTITY", "LIN OD", *LUTS])
def test_densities(
    client: Client, films: Films, ramp: Path, tmp_path: Path, lut: str, photometric: str
) -> None:
    """A film looks the same whichever of the two it is sent in: a Presentation LUT comes after that."""
    dcmtk = client(**({} if lut == "none" else WITH_LUT))
    p_values = RAMP / 4095
    options: list[str] = []
    if lut in LUTS:
        bits, table = LUTS[lut]
        dcmtk.set_table(bits, table.astype(int).tolist())
        options = ["--plut", "TABLE"]
        p_values = np.interp(RAMP / 4095, np.linspace(0, 1, len(table)), table / (2**bits - 1))
    elif lut != "none":
        options = [f"--{lut.lower().replace(' ', '-')}"]
    # Of what light the film is for the client tells beside a Presentation LUT only.
    light, ambient = (2000, 10) if lut == "none" else (1500, 20)
    wanted = film_density(p_values, 0.20, 3.10, light, ambient)
    if lut == "LIN OD":
        wanted = 3.10 - p_values * (3.10 - 0.20)

    film = dcmtk.store([ramp], *SMALL, *options, "--illumination", "1500", "--reflection", "20")
    assert (film.images[0] == RAMP).all()
    sent(dcmtk, film, *(["--monochrome1"] if photometric == "MONOCHROME1" else []))
    job = films.job()
    (sheet,) = films.sheets
    stretched = ("LUT of 256 entries stretched over images of 12 bits",)
    assert sheet.remarks == (stretched if lut == "256 entries" else ())
    assert sheet.images[0].reverse is (photometric == "MONOCHROME1")
    page = at_pixels(compose(sheet, "film").density, sheet) / 10000
    # Turned into MONOCHROME1 by dcmprscu, values of the upper half are too small by one.
    off = 1 if photometric == "MONOCHROME1" else 0
    one_less = wanted.ravel()[np.maximum(RAMP - off, 0)]
    assert ((page >= wanted - 0.0002) & (page <= one_less + 0.0002)).all()
    if lut != "LIN OD":
        # A PDF has P-values; it shows that the worker was told the same.
        (samples,) = samples_of(Path(job.outputs[0]), tmp_path)
        np.testing.assert_allclose(at_pixels(samples, sheet), p_values * 255, rtol=0, atol=0.7)


@pytest.mark.parametrize(
    "settings",
    [
        {"PresentationLUTinFilmSession": "true"},
        {"PresentationLUTMatchRequired": "true"},
        {"ImplicitOnly": "true", "DisableNewVRs": "true"},
        {"MaxPDU": "4096"},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_ways_to_send_a_presentation_lut(
    client: Client, films: Films, ramp: Path, settings: dict[str, str]
) -> None:
    dcmtk = client(**WITH_LUT, **settings)
    bits, table = LUTS["4096 entries"]
    dcmtk.set_table(bits, table.astype(int).tolist())
    light = ["--illumination", "1500", "--reflection", "20"]
    sent(dcmtk, dcmtk.store([ramp], *SMALL, "--plut", "TABLE", *light))
    films.job()
    page = at_pixels(compose(films.sheet, "film").density, films.sheet) / 10000
    wanted = film_density(table[RAMP] / 4095, light=1500, ambient=20)
    np.testing.assert_allclose(page, wanted, rtol=0, atol=0.0002)


def test_8_bits(client: Client, films: Films, ramp: Path) -> None:
    dcmtk = client(Supports12Bit="false")
    sent(dcmtk, dcmtk.store([ramp], *SMALL))
    films.job()
    assert films.sheet.images[0].bits_stored == 8
    page = at_pixels(compose(films.sheet, "film").density, films.sheet) / 10000
    # Which of two gray values is the nearer one is the client's business.
    nearest = RAMP / 4095 * 255
    below, above = (film_density(edge / 255) for edge in (np.floor(nearest), np.ceil(nearest)))
    assert ((page >= above - 0.0002) & (page <= below + 0.0002)).all()


def test_a_grid_of_images_of_two_sizes(client: Client, films: Films) -> None:
    dcmtk = client()
    film = dcmtk.store([CT, MR, MR, CT, MR], *SMALL, "--layout", "4", "5")
    sent(dcmtk, film)
    job = films.job()
    assert (job.films[0].display_format, job.films[0].images) == ("STANDARD\\4,5", 5)
    page = compose(films.sheet, "film").density
    for position, pixels in enumerate(film.images, start=1):
        assert np.ptp(pixels) > 100
        np.testing.assert_allclose(
            at_pixels(page, films.sheet, position) / 10000, film_density(pixels / 4095), rtol=0, atol=0.0002
        )
