"""Every page by axe-core: WCAG 2.2 AA, dark and light, on a desk and on a phone."""

from collections.abc import Iterator

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from peers.browser import PHONE, Tab, Visit
from peers.hosts import small_layouts
from peers.scu import Scu, image_item
from playwright.sync_api import expect

from printscp.config import load
from printscp.printer import FilmPrinter
from printscp.qa.patterns import draw

pytestmark = [pytest.mark.peer("chromium"), pytest.mark.slow]

_RULES = {
    "resultTypes": ["violations"],
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}
_PARTS = ("attributes", "findings", "explanation", "verification", "comparison")
PAGES = {
    "wall": "/",
    "film": "/films/1/1",
    **{part: f"/films/1/1?part={part}" for part in _PARTS},
    "compared films": "/compare?left=1/1&right=2/1",
    "queue": "/queue",
    "printers": "/printers",
    "printer": "/printers/PRINTSCP",
    "faults": "/faults?kind=status",
    "unprinted": "/unprinted",
    "one unprinted": "/unprinted/1",
    "no such film": "/films/99/1",
}


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A light box with two films, a job that waits, a fault, and an association that printed nothing."""
    folder = tmp_path_factory.mktemp("lightbox")
    layouts = small_layouts(folder / "layouts")
    (folder / "faults.toml").write_text("[[faults]]\nfault = 'slow'\nat = 'echo'\nseconds = 1\n")
    settings = load(
        port=0,
        layouts=layouts,
        profile="small",
        spool=folder / "spool",
        output=folder / "films",
        faults=folder / "faults.toml",
        qa=folder / "qa",
        web={"enabled": True, "port": 0},
    )
    with FilmPrinter(settings) as printer:
        for _ in range(2):
            with Scu(printer.address) as scu:
                scu.create_session(FilmSessionLabel="Mustermann")
                scu.create_film("STANDARD\\1,1", FilmSizeID="8INX10IN", Trim="MAYBE")
                scu.set_image(1, image_item(draw("smpte", 256, 256, 8).pixels))
                assert scu.print_film().Status in (0, 0x0107)
        with Scu(printer.address) as scu:
            scu.create_session()
        printer.wait_for(lambda jobs: len(jobs) == 2 and all(job.ended for job in jobs), 30)
        (folder / "films").rename(folder / "away")
        (folder / "films").write_text("in the way, so that job 3 waits")
        with Scu(printer.address) as scu:
            assert scu.print_image(np.zeros((8, 8), np.uint8), FilmSizeID="8INX10IN").Status == 0
        printer.wait_for(lambda jobs: "cannot deliver" in jobs[-1].info, 30)
        assert printer.lightbox_url is not None
        yield printer.lightbox_url


@pytest.fixture
def tab(url: str, visit: Visit) -> Tab:
    return visit(url, reduced_motion="reduce")


def violations(tab: Tab) -> list[str]:
    """What axe finds to be serious, or worse."""
    if not tab.page.evaluate("'axe' in window"):
        tab.page.evaluate(Axe().axe_script)
    found = tab.page.evaluate("rules => axe.run(document, rules)", _RULES)["violations"]
    return [
        f"{each['id']}: {each['help']}: {node['html']}: {node['failureSummary']}"
        for each in found
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]


def choose(tab: Tab, scheme: str) -> None:
    tab.context.add_cookies([{"name": "scheme", "value": scheme, "url": tab.url}])


@pytest.mark.parametrize("page", PAGES)
def test_axe_finds_nothing_serious(tab: Tab, page: str) -> None:
    tab.allow(404)
    choose(tab, "system")
    tab.page.emulate_media(color_scheme="dark")
    tab.open(PAGES[page])
    if tab.page.locator("[data-viewer]").count():
        expect(tab.page.locator("[data-viewer][data-ready]")).to_be_visible()
    assert violations(tab) == []
    tab.page.emulate_media(color_scheme="light")
    tab.page.set_viewport_size(PHONE)
    assert violations(tab) == []


def test_axe_finds_what_is_wrong(tab: Tab) -> None:
    tab.open("/queue")
    tab.page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<button></button>')")
    assert any("button-name" in each for each in violations(tab))


def test_colors_are_dark_unless_chosen(tab: Tab) -> None:
    def ground() -> str:
        found: str = tab.page.evaluate("getComputedStyle(document.body).backgroundColor")
        return found

    tab.page.emulate_media(color_scheme="light")
    tab.open()
    dark = ground()
    choose(tab, "light")
    tab.open()
    light = ground()
    choose(tab, "system")
    tab.open()
    assert ground() == light
    tab.page.emulate_media(color_scheme="dark")
    assert ground() == dark
    assert light != dark


def test_no_page_takes_keys_away(tab: Tab) -> None:
    """Focus moves on with every Tab, is always seen, and comes to the end of the page."""
    look = (
        "() => { const each = document.activeElement; const style = getComputedStyle(each);"
        " const box = each.getBoundingClientRect();"
        " each.dataset.nth ??= String(document.querySelectorAll('[data-nth]').length);"
        " return each === document.body ? null : [each.dataset.nth, each.outerHTML.slice(0, 90),"
        " (style.outlineStyle !== 'none' || style.boxShadow !== 'none') && box.width > 0]; }"
    )
    for path in ("/", "/queue", "/films/1/1"):
        tab.open(path)
        before, steps = None, 0
        tab.page.keyboard.press("Tab")
        while (at := tab.page.evaluate(look)) is not None:
            nth, element, seen = at
            assert nth != before, f"{path}: {element} keeps the focus"
            assert seen, f"{path}: {element} has the focus, and it is not seen"
            before, steps = nth, steps + 1
            assert steps < 200, f"{path}: no end"
            tab.page.keyboard.press("Tab")
        assert steps > 8, path
