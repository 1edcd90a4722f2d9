"""Each medium has its densities and its light, and a film box follows its session from one to another."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from film.scu import PROFILE, Scu, gray, refused

from printscp.film.profile import Mode, ReflectiveMedia

Start = Callable[..., Scu]


def on(scu: Scu, medium: str, **values: Any) -> Scu:
    scu.create_session(MediumType=medium)
    scu.create_film(**values)
    return scu


def test_paper_has_its_own_densities_and_light(start: Start, mode: Mode) -> None:
    scu = start(mode)
    scu.create_session(MediumType="PAPER")
    values = scu.create_film().values
    assert values is not None
    assert (values["MinDensity"], values["MaxDensity"]) == (5, 200)
    assert (values["Illumination"], values["ReflectedAmbientLight"]) == (150, 0)
    scu.set_image(1, gray())
    assert scu.set_image(2, gray(), MinDensity=2, MaxDensity=250).status == (
        0xB605 if mode is Mode.STRICT else 0
    )
    sheet = scu.printed()
    assert (sheet.printer_density, sheet.border_density) == ((5, 200), 200)
    assert (sheet.illumination, sheet.reflected_ambient_light) == (150, 0)
    assert [(each.min_density, each.max_density) for each in sheet.images] == [(5, 200), (5, 200)]
    assert "image 2: MaxDensity: 250 outside 5..200: 200 used" in sheet.remarks


def test_a_default_of_the_profile_is_brought_into_the_range_of_the_medium(start: Start) -> None:
    profile = replace(PROFILE, border_density="300", empty_image_density="20")
    values = on(start(profile=profile), "PAPER").set_film().values
    assert values is not None
    assert (values["BorderDensity"], values["EmptyImageDensity"]) == ("200", "20")


@pytest.mark.parametrize("how", ["film session", "N-CREATE", "N-SET"])
def test_ambient_light_is_ignored_on_paper(start: Start, mode: Mode, how: str) -> None:
    scu = start(mode)
    light = {"ReflectedAmbientLight": 12}
    scu.create_session(MediumType="PAPER", **(light if how == "film session" else {}))
    answer = scu.create_film(**(light if how == "N-CREATE" else {}))
    if how == "N-SET":
        answer = scu.set_film(**light)
    assert answer.status == (0x0107 if mode is Mode.STRICT else 0)
    assert answer.values is not None
    assert answer.values["ReflectedAmbientLight"] == 0
    sheet = scu.printed()
    assert sheet.reflected_ambient_light == 0
    assert "ReflectedAmbientLight ignored: none on PAPER" in sheet.remarks
    # Back on film it is as if it had not been said.
    scu.set_session(MediumType="BLUE FILM")
    assert scu.printed().reflected_ambient_light == 10


def test_light_of_the_session_is_that_of_its_medium(start: Start) -> None:
    dark = replace(PROFILE, max_density=400, reflective=ReflectiveMedia(("PAPER",), 5, 200, 150))
    scu = start(Mode.STRICT, profile=dark)
    # 150 cd/m2 through 4.00 OD is less than the GSDF has; from paper it is not.
    scu.create_session(MediumType="PAPER", Illumination=150)
    assert scu.create_film().status == 0
    scu.set_session(MediumType="BLUE FILM")
    answer = scu.create_film()
    assert (answer.status, answer.tags) == (0x0107, (0x2010015E,))
    assert answer.values is not None
    assert answer.values["Illumination"] == 2000
    refused(0x0106, lambda: scu.set_film(Illumination=150), "Illumination")
    refused(0x0106, lambda: scu.set_session(Illumination=3), "Illumination")


def test_what_the_scu_did_not_give_follows_the_medium(start: Start, mode: Mode) -> None:
    scu = on(start(mode), "BLUE FILM")
    scu.set_image(1, gray())
    on_film = scu.printed()
    scu.set_session(MediumType="PAPER")
    sheet = scu.printed()
    assert (sheet.printer_density, sheet.illumination, sheet.reflected_ambient_light) == ((5, 200), 150, 0)
    assert (sheet.images[0].min_density, sheet.images[0].max_density) == (5, 200)
    assert sheet.remarks == ()
    scu.set_session(MediumType="CLEAR FILM")
    assert scu.printed() == on_film


def test_what_it_gave_is_clamped_with_a_remark(start: Start, mode: Mode) -> None:
    scu = on(
        start(mode),
        "BLUE FILM",
        MaxDensity=300,
        BorderDensity="250",
        ReflectedAmbientLight=3,
        Illumination=900,
    )
    scu.set_image(1, gray(), MaxDensity=280)
    scu.set_image(2, gray(), MinDensity=220)
    scu.set_film(MinDensity=40)
    scu.set_session(MediumType="PAPER")
    sheet = scu.printed()
    assert (sheet.printer_density, sheet.border_density) == ((5, 200), 200)
    assert (sheet.illumination, sheet.reflected_ambient_light) == (900, 0)
    # Of the second nothing is left in the range of paper.
    assert [(each.min_density, each.max_density) for each in sheet.images] == [(40, 200), (5, 200)]
    assert sheet.remarks == (
        "PAPER: MaxDensity: 300 outside 5..200: 200 used",
        "PAPER: BorderDensity: 250 outside 5..200: 200 used",
        "PAPER: ReflectedAmbientLight ignored: none on PAPER",
        "image 1: PAPER: MaxDensity: 280 outside 5..200: 200 used",
        "image 2: PAPER: MinDensity: 220 outside 5..200: 200 used",
        "image 2: PAPER: density: no range is left, 5..200 used",
    )
    scu.set_session(MediumType="BLUE FILM")
    sheet = scu.printed()
    assert (sheet.illumination, sheet.reflected_ambient_light) == (900, 10)


def test_light_given_at_the_session_does_not_follow(start: Start, mode: Mode) -> None:
    scu = start(mode)
    scu.create_session(Illumination=900)
    scu.create_film()
    scu.set_session(MediumType="PAPER")
    assert scu.printed().illumination == 900


def test_a_film_of_the_session_before_stays_as_it_was(start: Start) -> None:
    scu = on(start(), "BLUE FILM")
    scu.set_image(1, gray())
    scu.create_film()
    scu.set_session(MediumType="PAPER")
    first, second = scu.printed_session().sheets
    assert (first.printer_density, second.printer_density) == ((20, 310), (5, 200))
