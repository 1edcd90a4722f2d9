"""The light box of a real printer in a real browser, while real SCUs print."""

import os
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from peers.browser import PHONE, Tab, Visit
from peers.dcmtk import PrintClient
from peers.hosts import small_layouts
from peers.lightbox import PASSWORD, write_people
from peers.scu import Scu, image_item
from playwright.sync_api import Locator, expect
from pydicom.data import get_testdata_file

from printscp.config import load
from printscp.delivery import page_of
from printscp.film.job import Job
from printscp.printer import FilmPrinter
from printscp.render.page import Page
from printscp.spool.folder import Spool

pytestmark = [pytest.mark.peer("chromium"), pytest.mark.slow]

PATIENT = "Mustermann"
IMAGE = np.random.default_rng(1).integers(0, 256, (24, 20), np.uint8)


class House:
    """A printer with a light box, to which people log in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "faults.toml").touch()
        self.printer = FilmPrinter(
            load(
                port=0,
                layouts=small_layouts(folder / "layouts"),
                printers=[
                    {"ae_title": "SMALL", "profile": "small", "output": folder / "films"},
                    {"ae_title": "FILM", "output": folder / "films"},
                ],
                spool=folder / "spool",
                faults=folder / "faults.toml",
                qa=folder / "qa",
                web={"enabled": True, "port": 0, "users": write_people(folder / "users.toml")},
            )
        )
        self.states: dict[str, Any] = {}

    @property
    def url(self) -> str:
        assert self.printer.lightbox_url is not None
        return self.printer.lightbox_url

    def print_film(self, images: int = 1, called: str = "SMALL") -> int:
        """Print a film of images in a row, by an SCU; the status. That of FILM has 320 dpi."""
        with Scu(self.printer.address, called=called) as scu:
            scu.create_session(FilmSessionLabel=PATIENT)
            scu.create_film(f"STANDARD\\{images},1", FilmSizeID="8INX10IN")
            for position in range(1, images + 1):
                scu.set_image(position, image_item(np.roll(IMAGE, position, axis=1)))
            return int(scu.print_film().Status)

    def printed(self, images: int = 1, called: str = "SMALL") -> Job:
        """Print a film; its job, which is done."""
        assert self.print_film(images, called) == 0
        jobs = self.printer.wait_for(lambda jobs: all(job.ended for job in jobs), 30)
        assert jobs[-1].status == "DONE"
        return jobs[-1]

    def page(self, job: Job) -> Page:
        """The page of a film, made by the spool and the renderer alone."""
        spool = Spool(self.folder / "spool", make=False)
        try:
            page = page_of(job, 1, spool.sheets.load(job.films[0].sheet))
        finally:
            spool.close()
        assert isinstance(page, Page)
        return page


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = House(tmp_path_factory.mktemp("house"))
    with house.printer:
        yield house


@pytest.fixture
def come(house: House, visit: Visit) -> Callable[..., Tab]:
    """Opens a tab for somebody of `peers.lightbox`, who is logged in."""

    def come(name: str, path: str = "/", **options: Any) -> Tab:
        if name not in house.states:
            tab = visit(house.url).open("/")
            log_in(tab, name)
            house.states[name] = tab.context.storage_state()
        return visit(house.url, storage_state=house.states[name], **options).open(path)

    return come


def log_in(tab: Tab, name: str, password: str = PASSWORD) -> None:
    tab.page.get_by_label("Name").fill(name)
    tab.page.get_by_label("Password").fill(password)
    tab.page.get_by_role("button", name="Log in").click()


def card(tab: Tab, job: int) -> Locator:
    return tab.page.locator(f".card[data-job='{job}']")


def row(tab: Tab, job: int) -> Locator:
    return tab.page.locator(f"tr[data-job='{job}']")


# --- films ---------------------------------------------------------------------------------------------


@pytest.mark.peer("dcmpsprt", "dcmprscu")
def test_a_film_that_dcmtk_prints_hangs_on_the_wall_without_reload(
    house: House, come: Callable[..., Tab], tmp_path: Path
) -> None:
    before = house.printed().id
    tab = come("viewer")
    expect(card(tab, before)).to_be_visible()
    expect(tab.page.locator("#live")).to_have_attribute("data-state", "on")
    tab.page.evaluate("window.notReloaded = true")
    client = PrintClient(tmp_path, house.printer.address, Aetitle="FILM")
    image = Path(str(get_testdata_file("MR_small.dcm", download=False)))
    talk = client.send(client.store([image], "--filmsize", "8INX10IN"))
    assert set(talk.statuses) == {0}
    hung = card(tab, before + 1)
    expect(hung).to_have_attribute("data-status", "DONE")
    expect(tab.page.locator("#heard")).to_contain_text(str(before + 1))
    assert tab.page.locator(".card").first.get_attribute("data-job") == str(before + 1)
    tab.page.wait_for_function(
        "job => document.querySelector(`[data-job='${job}'] img`).naturalWidth > 100", arg=before + 1
    )
    assert tab.page.evaluate("window.notReloaded")


def read(tab: Tab) -> dict[str, Any]:
    """What the densitometer of the page says."""
    names = ("x", "y", "density", "image", "imageX", "imageY")
    said = tab.page.locator("[data-reading]").evaluate("each => ({...each.dataset})")
    return {name: float(said[name]) if name in said else None for name in names}


def read_at_crosshair(tab: Tab) -> dict[str, Any]:
    tab.page.wait_for_function(
        "() => { const point = document.querySelector('[data-viewer]').viewer.overlay.point;"
        " const now = document.querySelector('[data-reading]').dataset;"
        " return point && Number(now.x) === point.x && Number(now.y) === point.y; }"
    )
    return read(tab)


def equals(said: dict[str, Any], density: NDArray[np.uint16]) -> bool:
    there = density[int(said["y"]), int(said["x"])] / 10_000
    return abs(said["density"] - there) < 0.001


def test_a_film_is_zoomed_and_its_densities_are_those_of_the_page(
    house: House, come: Callable[..., Tab]
) -> None:
    job = house.printed(images=2, called="FILM")
    density = house.page(job).density
    tab = come("viewer", f"/films/{job.id}/1")
    stage = tab.page.locator("[data-stage]")
    expect(tab.page.locator("[data-viewer][data-ready]")).to_be_visible()
    tab.page.locator("[data-zoom-image='2']").click()
    box = stage.bounding_box()
    assert box is not None
    seen = set()
    for across, down in ((0.5, 0.5), (0.45, 0.4), (0.55, 0.55), (0.5, 0.62)):
        tab.page.mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"])
        tab.page.wait_for_function(
            "before => { const now = document.querySelector('[data-reading]').dataset;"
            " return now.image === '2' && now.x + '/' + now.y !== before; }",
            arg="/".join(map(str, max(seen, default=()))),
        )
        said = read(tab)
        assert equals(said, density), said
        seen.add((int(said["x"]), int(said["y"])))
    assert len({density[y, x] for x, y in seen}) > 1
    # By keys alone, too.
    tab.page.mouse.move(0, 0)
    stage.focus()
    tab.page.keyboard.press("x")
    first = read_at_crosshair(tab)
    tab.page.keyboard.press("ArrowRight")
    second = read_at_crosshair(tab)
    assert equals(first, density)
    assert equals(second, density)
    assert (second["x"] > first["x"], second["y"]) == (True, first["y"])
    tiles = [answer for answer in tab.answers if "/tiles/" in answer.url]
    assert tiles
    assert max(int(answer.headers.get("content-length", 0)) for answer in tiles) < 1 << 20


# --- the queue, and faults -----------------------------------------------------------------------------


def test_a_held_job_is_released_on_the_page_of_the_queue(house: House, come: Callable[..., Tab]) -> None:
    house.printed()
    tab = come("operator", "/queue")
    worker = house.printer.worker_pid
    os.kill(worker, signal.SIGSTOP)
    try:
        assert house.print_film() == 0
        job = house.printer.jobs()[-1].id
        row(tab, job).get_by_role("button", name="Hold").click()
        expect(row(tab, job)).to_have_attribute("data-held", "")
    finally:
        os.kill(worker, signal.SIGCONT)
    assert house.printer.jobs()[-1].status == "PENDING"
    assert house.print_film() == 0  # which overtakes it
    expect(row(tab, job + 1)).to_have_attribute("data-status", "DONE")
    expect(row(tab, job)).to_have_attribute("data-status", "PENDING")
    row(tab, job).get_by_role("button", name="Release").click()
    expect(row(tab, job)).to_have_attribute("data-status", "DONE")
    assert {each.status for each in house.printer.jobs()} == {"DONE"}


def test_a_fault_is_made_on_a_page_and_the_scu_meets_it(house: House, come: Callable[..., Tab]) -> None:
    assert house.print_film() == 0
    tab = come("chief", "/faults")
    tab.page.get_by_label("Fault", exact=True).select_option("status")
    tab.page.locator("#key-at").fill("film-box.action")
    tab.page.locator("#key-status").fill("0xC602")
    tab.page.locator("[data-action='add-fault']").click()
    made = tab.page.locator("[data-fault]")
    expect(made).to_have_count(1)
    assert house.print_film() == 0xC602
    made.get_by_role("button", name="Clear").click()
    expect(made).to_have_count(0)
    assert house.print_film() == 0


# --- who may -------------------------------------------------------------------------------------------


def test_who_logs_in_sees_and_is_refused_by_role(house: House, visit: Visit) -> None:
    tab = visit(house.url).open("/queue")
    assert tab.page.url.startswith(f"{tab.url}/login")
    tab.allow(403)
    log_in(tab, "viewer", "a wrong one")
    expect(tab.page.get_by_role("alert")).to_contain_text("wrong")
    log_in(tab, "viewer")
    expect(tab.page).to_have_url(f"{tab.url}/queue")
    job = house.printed().id
    expect(row(tab, job)).to_have_attribute("data-status", "DONE")
    assert tab.page.locator("main").get_by_role("button").count() == 0
    # What no button of the page does, the page could still ask for.
    ask = (
        "path => fetch(path, {method: 'POST', headers: {'X-CSRF-Token':"
        " document.querySelector('meta[name=csrf]').content}}).then(answer => answer.status)"
    )
    for path in (f"/api/v1/jobs/{job}/reprint", f"/_/jobs/{job}/hold", "/faults/clear"):
        assert tab.page.evaluate(ask, path) == 403
    tab.open("/audit")
    expect(tab.page.locator("main")).to_contain_text("admin")
    assert len(house.printer.jobs()) == job
    tab.page.locator("#menu summary").click()
    tab.page.get_by_role("button", name="Log out").click()
    tab.open("/films")
    assert tab.page.url.startswith(f"{tab.url}/login")


@pytest.mark.parametrize("path", ["/queue", "/unprinted"])
def test_a_session_that_ends_takes_what_is_shown_with_it(house: House, visit: Visit, path: str) -> None:
    tab = visit(house.url).open(path)
    tab.allow(401)
    log_in(tab, "viewer")
    expect(tab.page.locator("h1")).to_be_visible()
    tab.context.request.post(
        f"{tab.url}/logout",
        form={"csrf": str(tab.page.locator("meta[name=csrf]").get_attribute("content"))},
    )
    # As if the page was not looked at for a while: then it asks at once, and else every half minute.
    for hidden in ("true", "false"):
        tab.page.evaluate(
            f"Object.defineProperty(document, 'hidden', {{ value: {hidden}, configurable: true }});"
            "document.dispatchEvent(new Event('visibilitychange'));"
        )
    expect(tab.page).to_have_url(f"{tab.url}/login?next={path}")


def test_in_a_corridor_no_patient_is_named(house: House, come: Callable[..., Tab]) -> None:
    job = house.printed().id
    inside, outside = come("viewer"), come("corridor")
    paths = [f"/films/{job}/1?part={part}" for part in ("attributes", "findings", "explanation")]
    paths = ["/", "/queue", f"/films/{job}/1", *paths, "/printers", "/unprinted"]
    api = [f"/api/v1/jobs/{job}", f"/api/v1/jobs/{job}/dialogue", f"/api/v1/jobs/{job}/films/1/attributes"]
    outside.allow(403)

    def bodies(tab: Tab) -> bytes:
        """All that comes, but files of the package, streams, which have numbers only, pictures and tiles."""
        found = []
        for path in [*paths, *api]:
            tab.page.goto("about:blank")  # what the page before still asked for is let go of
            before = len(tab.answers)
            tab.open(path)
            found += [tab.page.content().encode(), tab.page.inner_text("body").encode()]
            for each in tab.answers[before:]:
                kind = each.headers.get("content-type", "")
                told = each.status < 300 and "/static/" not in each.url and "/tiles/" not in each.url
                if told and not kind.startswith(("text/event-stream", "image/")):
                    found.append(each.body())
        return b"".join(found)

    assert PATIENT.encode() in bodies(inside)
    seen = bodies(outside)
    assert PATIENT.encode() not in seen
    assert b"Nothing is shown here that may name a patient" in seen
    assert not [each for each in outside.answers if "/tiles/" in each.url and each.ok]


# --- by keys, on a phone, in German --------------------------------------------------------------------


def test_from_the_wall_to_a_film_and_to_the_queue_by_keys(house: House, come: Callable[..., Tab]) -> None:
    house.printed()
    job = house.printed().id
    tab = come("operator")
    press = tab.page.keyboard.press
    press("Tab")
    assert tab.page.evaluate("document.activeElement.className") == "skip"
    press("Enter")
    press("ArrowRight")
    press("ArrowRight")
    press("ArrowLeft")
    assert tab.page.evaluate("document.activeElement.getAttribute('href')") == f"/films/{job}/1"
    press("Enter")
    expect(tab.page).to_have_url(f"{tab.url}/films/{job}/1")
    for _ in range(20):
        press("Tab")
        if tab.page.evaluate("document.activeElement.getAttribute('href')") == "/queue":
            break
    press("Enter")
    expect(tab.page).to_have_url(f"{tab.url}/queue")
    expect(row(tab, job)).to_be_visible()


def test_a_phone_shows_all_of_it_without_scrolling_to_the_side(
    house: House, come: Callable[..., Tab]
) -> None:
    job = house.printed().id
    tab = come("operator", viewport=PHONE, has_touch=True, is_mobile=True)
    for path in ("/", "/queue", f"/films/{job}/1", "/printers", "/faults", "/unprinted"):
        tab.open(path)
        assert tab.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], path


def test_german_is_german(house: House, come: Callable[..., Tab]) -> None:
    job = house.printed().id
    tab = come("operator", locale="de-DE")
    english = r"\b(the|and|of|queue|printers|unprinted|faults|state|density|release|hold|cancel|days?|from)\b"
    for path in ("/", "/queue", f"/films/{job}/1", "/printers", "/faults", "/unprinted"):
        tab.open(path)
        assert tab.page.locator("html").get_attribute("lang") == "de"
        # What the standard calls so, and what names are, stays.
        said = tab.page.evaluate(
            "[...document.querySelectorAll('h1, h2, th, dt, nav a, button, label, summary, .why, caption')]"
            ".filter(each => !each.closest('[lang=en], code, .mono, #side .why')).map(each => each.innerText)"
        )
        assert [text for text in said if re.search(english, text, re.IGNORECASE)] == [], path
        assert "Warteschlange" in tab.page.inner_text("nav")
