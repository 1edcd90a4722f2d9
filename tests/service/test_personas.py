"""Printers under their own names on one server: what each does that others do not, and IHEFULL and
IHERESTRICTED beside those of DCMTK, request by request."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from peers.dcmtk import PrintServer
from peers.raw import RawScu
from peers.scu import META, Scu, image_item
from peers.server import PRINTSCP
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom.sop_class import BasicFilmSession, PresentationLUT
from service import differences, questions

from printscp.catalog import Catalog
from printscp.config import load
from printscp.config.personas import persona_title
from printscp.film.profile import Mode
from printscp.printer import FilmPrinter

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "personas.md"
# pydicom warns of values that are wrong on purpose.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FilmPrinter]:
    """Every persona on one port, beside a printer that takes any other title; it renders nothing."""
    folder = tmp_path_factory.mktemp("house")
    settings: dict[str, Any] = {"spool": folder / "spool", "output": folder / "films", "workers": 0}
    with FilmPrinter(port=0, personas="all", **settings) as printer:
        yield printer


# --- beside DCMTK's --------------------------------------------------------------------------------------

SYNTAXES = {differences.FULL: ExplicitVRLittleEndian, differences.RESTRICTED: ImplicitVRLittleEndian}
TERMS = {
    differences.FULL: {"medium": "CLEAR FILM", "destination": "BIN_1"},
    differences.RESTRICTED: {"medium": "STOREDPRINT", "destination": "STOREDPRINT"},
}


@pytest.mark.peer("dcmprscp")
@pytest.mark.parametrize("name", differences.BOTH)
def test_the_answers_are_those_of_dcmtk_but_for_what_is_listed(
    name: str, house: FilmPrinter, tmp_path: Path
) -> None:
    with PrintServer(tmp_path / "dcmtk", sample=name.upper()) as dcmtk:
        address = "127.0.0.1", dcmtk.port
        theirs = questions.put(address, dcmtk.ae_title, SYNTAXES[name], TERMS[name])
    ours = questions.put(house.address, persona_title(name), SYNTAXES[name], TERMS[name])
    assert len(theirs) >= 190
    found = set(differences.compare(theirs, ours))
    listed = set(differences.expected(name))
    assert found - listed == set(), "new differences to DCMTK: list them in differences.py, or mend ours"
    assert listed - found == set(), "no longer different from DCMTK: take them from differences.py"


def test_the_document_is_up_to_date() -> None:
    stands = DOCUMENT.read_text(encoding="utf-8")
    assert stands == differences.document(), (
        "run: PYTHONPATH=tests python tests/service/differences.py > docs/personas.md"
    )


# --- each by itself --------------------------------------------------------------------------------------


class Persona(questions.Asker):
    """An association with one of the personas."""

    def __init__(self, house: FilmPrinter, profile: str, syntax: str = ImplicitVRLittleEndian) -> None:
        self.replies: dict[str, questions.Reply] = {}
        super().__init__(house.address, persona_title(profile), self.replies, syntax)

    def told(self, name: str, keyword: str) -> Any:
        """What the answer to a request has of an attribute."""
        return self.replies[name].values.get(keyword)

    def identity(self) -> dict[str, Any]:
        """The reference to a new Presentation LUT."""
        self.look_up("", PresentationLUTShape="IDENTITY")
        refers = questions.reference(PresentationLUT, self.look_up_uid)
        return {"ReferencedPresentationLUTSequence": [refers]}


def small() -> Any:
    return image_item(np.zeros((16, 16), np.uint8))


@pytest.mark.parametrize("name", Catalog().profile_names)
def test_each_is_called_by_its_name_and_is_as_strict_as_its_profile(name: str, house: FilmPrinter) -> None:
    profile = Catalog().profile(name)
    persona = Persona(house, name)
    persona.printer("printer")
    assert persona.told("printer", "ManufacturerModelName") == profile.model
    assert persona.told("printer", "PrinterName") == persona_title(name)
    strict = persona.session("", PatientName="DOE^JANE") == 0x0105
    assert strict == (profile.mode is Mode.STRICT)
    persona.close()


def test_a_reload_brings_personas(tmp_path: Path) -> None:
    settings = {"port": 0, "workers": 0, "spool": tmp_path / "spool", "output": tmp_path / "films"}
    with FilmPrinter(**settings, ae_title="FILM") as printer:
        for personas, profile in (("ihefull", "ihefull"), ("all", "kodak_8700")):
            with pytest.raises(ConnectionRefusedError):
                Persona(printer, profile)
            printer.reload(load(**settings, ae_title="FILM", personas=personas))
            Persona(printer, profile).close()


def test_the_command_takes_names_of_profiles(tmp_path: Path) -> None:
    command = [PRINTSCP, "serve", "--port", "0", "--personas", "ihefull,nobody"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    assert done.stderr.startswith("printscp: no printer profile 'nobody': there are agfa_drystar3000, ")


def test_any_other_title_has_the_printer_of_the_top_level(house: FilmPrinter) -> None:
    with Scu(house.address, called="WHOEVER") as scu:
        _, values = scu.printer()
    assert values is not None
    assert (values.ManufacturerModelName, values.PrinterName) == ("imager17", "PRINTSCP")


def test_a_second_session_and_another_film_size_are_processing_failures_at_a_drypix(
    house: FilmPrinter,
) -> None:
    drypix, imager = Persona(house, "fuji_drypix4000"), Persona(house, "imager17")
    answers = []
    for asker in (drypix, imager):
        asker.session()
        said = asker.ask("", "create", BasicFilmSession, "1.2.826.9")
        asker.film("", FilmSizeID="8INX10IN")
        answers.append((said.status, asker.film("", FilmSizeID="14INX17IN")))
        assert said.command["ErrorComment"].startswith("one film session per association")
        asker.close()
    assert answers == [(0x0110, 0x0110), (0x0111, 0x0000)]


def test_a_drypix_has_ten_associations_and_no_more(house: FilmPrinter) -> None:
    held = [Persona(house, "fuji_drypix4000") for _ in range(10)]
    with pytest.raises(ConnectionRefusedError) as refused:
        Persona(house, "fuji_drypix4000")
    assert refused.value.args[0] == (2, 3, 2)  # transient, local limit exceeded: PS3.8 9.3.4
    Persona(house, "kodak_8700").close()
    for each in held:
        each.close()


def test_a_drypix_holds_32_films_in_a_session(house: FilmPrinter) -> None:
    drypix = Persona(house, "fuji_drypix4000")
    drypix.session()
    assert [drypix.film() for _ in range(33)] == [0x0000] * 32 + [0x0213]
    drypix.close()


def test_a_drypix_shrinks_what_is_too_large_even_one_to_one(house: FilmPrinter) -> None:
    large = image_item(np.zeros((10, 4000), np.uint8))
    drypix, imager = Persona(house, "fuji_drypix4000"), Persona(house, "imager17")
    answers = []
    for asker in (drypix, imager):
        asker.session()
        asker.film("film", FilmSizeID="8INX10IN", MagnificationType="NONE", EmptyImageDensity="WHITE")
        behaviors: list[dict[str, Any]] = [
            {},
            *({"RequestedDecimateCropBehavior": each} for each in ("DECIMATE", "CROP", "FAIL")),
        ]
        answers.append([asker.image(str(values), large, **values) for values in behaviors])
        asker.close()
    assert answers == [[0xB604, 0xB60A, 0xB609, 0xC603], [0xB604, 0xC603, 0xB609, 0xC603]]
    decimated = str({"RequestedDecimateCropBehavior": "DECIMATE"})
    assert drypix.told(decimated, "MagnificationType") == "CUBIC"
    assert drypix.told("film", "EmptyImageDensity") is None
    assert imager.replies["film"].values["EmptyImageDensity"] == "WHITE"


def test_current_is_the_film_that_a_kodak_has(house: FilmPrinter) -> None:
    kodak = Persona(house, "kodak_8700")
    kodak.session("session", MediumType="CURRENT")
    assert kodak.film("current", FilmSizeID="CURRENT") == 0x0000
    kodak.drop_film()
    assert kodak.film("another", FilmSizeID="8INX10IN") == 0x0000
    assert kodak.told("session", "MediumType") == "CURRENT"
    assert [kodak.told(name, "FilmSizeID") for name in ("current", "another")] == ["14INX17IN", "8INX10IN"]
    kodak.close()
    imager = Persona(house, "imager17")
    imager.session()
    assert imager.film("", FilmSizeID="CURRENT") == 0x0116
    imager.close()


@pytest.mark.parametrize(
    ("given", "status", "used"),
    [
        ("PERCEPTION_LUT=LINEAR", 0x0000, "PERCEPTION_LUT=LINEAR"),
        ("PERCEPTION_LUT=KANAMORI\\ANNOTATION1=PATID", 0x0000, "PERCEPTION_LUT=KANAMORI"),
        ("ANNOTATION1=FILE1\\PERCEPTION_LUT=LINEAR", 0x0000, "PERCEPTION_LUT=LINEAR"),
        ("WINDOW_WIDTH=256\\WINDOW_CENTER=128", 0x0000, "PERCEPTION_LUT=KANAMORI"),
        ("PERCEPTION_LUT=LINEAR\\PERCEPTION_LUT=KANAMORI", 0x0116, "PERCEPTION_LUT=KANAMORI"),
        ("PERCEPTION_LUT=LINEAR\\ANNOTATION7=FILE1", 0x0116, "PERCEPTION_LUT=KANAMORI"),
    ],
)
def test_a_drystar_takes_several_configurations_at_once(
    house: FilmPrinter, given: str, status: int, used: str
) -> None:
    drystar = Persona(house, "agfa_drystar3000")
    drystar.session()
    assert drystar.film("film", ConfigurationInformation=given) == status
    assert drystar.told("film", "ConfigurationInformation") == used
    drystar.close()


def test_the_session_of_a_drystar_refers_to_a_look_up_table_and_that_of_ihefull_does_not(
    house: FilmPrinter,
) -> None:
    answers = []
    for name in ("agfa_drystar3000", "ihefull"):
        asker = Persona(house, name)
        answers.append(asker.session("", **asker.identity()))
        asker.close()
    assert answers == [0x0000, 0x0105]


def test_iherestricted_wants_implicit_vr_and_a_look_up_table_and_does_not_tell_its_class(
    house: FilmPrinter,
) -> None:
    with RawScu(house.address, (META,), called="IHERESTRICTED", syntax=ExplicitVRLittleEndian) as scu:
        assert scu.contexts == {}
        scu.release()
    restricted = Persona(house, "iherestricted")
    assert restricted.session("session", MemoryAllocation=100) == 0xB600
    restricted.film("film")
    assert not any(restricted.replies[name].names_class for name in ("session", "film"))
    for keyword in ("BorderDensity", "MinDensity", "RequestedResolutionID"):
        assert restricted.told("film", keyword) is None
    without = restricted.image("", small())
    restricted.drop_film()
    restricted.film("", **restricted.identity())
    assert (without, restricted.image("image", small())) == (0x0106, 0x0000)
    assert restricted.replies["image"].names_class
    restricted.close()


@pytest.mark.parametrize(
    ("name", "status"), [("ihefull", 0x0105), ("aycan_print", 0x0000), ("imager17", 0x0000)]
)
def test_image_boxes_have_densities_of_their_own_or_not(name: str, status: int, house: FilmPrinter) -> None:
    asker = Persona(house, name)
    asker.session()
    asker.film()
    assert asker.image("", small(), MinDensity=30) == status
    asker.close()


def test_what_a_paper_printer_is_without_is_ignored(house: FilmPrinter) -> None:
    aycan = Persona(house, "aycan_print")
    aycan.session("session")
    aycan.film("film", Trim="YES")
    told = [aycan.told("film", keyword) for keyword in ("Trim", "BorderDensity", "MagnificationType")]
    assert told == [None, "WHITE", "REPLICATE"]
    assert aycan.told("session", "MediumType") == "PAPER"
    wide = image_item(np.zeros((10, 6000), np.uint8))
    assert aycan.image("", wide, RequestedImageSize=10, RequestedDecimateCropBehavior="FAIL") == 0x0000
    aycan.close()
