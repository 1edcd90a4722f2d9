"""The viewer of films in a real browser: what it draws and measures is what is on the page."""

from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from peers.browser import Tab, Visit
from peers.scu import Scu, image_item
from playwright.sync_api import Route, expect

from printscp.config import load
from printscp.delivery import page_of
from printscp.printer import FilmPrinter
from printscp.render.page import Page
from printscp.render.samples import sample_table
from printscp.spool.folder import Spool

pytestmark = [pytest.mark.peer("chromium"), pytest.mark.slow]

SMALL = {"width": 800, "height": 640}
IMAGE = np.random.default_rng(7).integers(0, 256, (60, 48), np.uint8)


class Films:
    """Two films of 8 x 10 inch, which differ, with a light box."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        web = {"enabled": True, "port": 0}
        self.printer = FilmPrinter(
            load(port=0, spool=folder / "spool", output=folder / "films", workers=0, web=web)
        )

    def print_films(self) -> None:
        for image in (IMAGE, np.roll(IMAGE, 5, axis=1)):
            with Scu(self.printer.address) as scu:
                scu.create_session()
                scu.create_film("STANDARD\\1,2", FilmSizeID="8INX10IN")
                scu.set_image(1, image_item(image))
                assert scu.print_film().Status in (0, 0xB604, 0x0107)
        spool = Spool(self.folder / "spool", make=False)
        jobs = sorted(spool.queue.jobs(), key=lambda job: job.id)
        self.pages = [page_of(job, 1, spool.sheets.load(job.films[0].sheet)) for job in jobs]
        spool.close()

    @property
    def url(self) -> str:
        assert self.printer.lightbox_url is not None
        return self.printer.lightbox_url

    def page(self, number: int = 1) -> Page:
        page = self.pages[number - 1]
        assert isinstance(page, Page)
        return page


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Films]:
    films = Films(tmp_path_factory.mktemp("films"))
    with films.printer:
        films.print_films()
        yield films


@pytest.fixture
def tab(films: Films, visit: Visit) -> Tab:
    """The viewer of the first film."""
    tab = visit(films.url, viewport=SMALL, reduced_motion="reduce").open("/films/1/1")
    expect(tab.page.locator("[data-viewer][data-ready]")).to_be_visible()
    settled(tab)
    return tab


def settled(tab: Tab) -> None:
    """Until all tiles of what is seen are there, and drawn."""
    frames = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    tab.page.evaluate(frames)  # what was just asked for is begun
    tab.page.wait_for_function(
        "() => { const { viewer } = document.querySelector('[data-ready]');"
        " return (viewer.views ?? [viewer.view]).every(({ image, osd }) =>"
        " image?.getFullyLoaded() && !osd.isAnimating()); }"
    )
    tab.page.evaluate(frames)


def canvas(tab: Tab, view: str = "viewer.view") -> tuple[NDArray[np.uint8], dict[str, Any]]:
    """What is drawn, rows x columns of gray, and where the film is in it."""
    width, pixels, place = tab.page.evaluate(
        f"""() => {{
          const {{ viewer }} = document.querySelector('[data-ready]');
          const view = {view};
          const {{ canvas }} = view.drawer;
          const {{ width, height }} = canvas;
          const copy = new OffscreenCanvas(width, height).getContext("2d", {{ willReadFrequently: true }});
          copy.drawImage(canvas, 0, 0);
          const {{ left, top, scale }} = view.drawer.place(view.image);
          const {{ data }} = copy.getImageData(0, 0, width, height);
          const gray = Uint8Array.from({{ length: width * height }}, (_, n) => data[4 * n]);
          return [width, gray.toBase64(), {{ left, top, scale }}];
        }}"""
    )
    return np.frombuffer(b64decode(pixels), np.uint8).reshape(-1, width), place


def on_film(gray: NDArray[np.uint8], place: dict[str, Any], shape: tuple[int, int]) -> Any:
    """Where the canvas shows film: a mask, and the film's rows and columns there."""
    y, x = np.mgrid[: gray.shape[0], : gray.shape[1]]
    column, row = x - place["left"], y - place["top"]
    rows, columns = shape
    return (row >= 0) & (column >= 0) & (row < rows) & (column < columns), row, column


@pytest.mark.parametrize("tone", ["p-value", "lightbox"])
def test_tones_are_those_of_the_files(films: Films, tab: Tab, tone: str) -> None:
    scale = films.page().scale
    name = {"p-value": "perceptual", "lightbox": "lightbox"}[tone]
    made = tab.page.evaluate(
        "async ([look, light]) => Array.from((await import('/static/viewer/tone.js')).grays(look, light))",
        [
            {"tone": name, "low": scale.min_density, "high": scale.max_density, "invert": False},
            {"illumination": scale.illumination, "ambient": scale.ambient},
        ],
    )
    expected = sample_table(scale, tone, 8).astype(int)  # type: ignore[arg-type]
    apart = np.abs(np.array(made) - expected)[:60000]  # 6 OD
    assert apart.max() <= 1
    assert (apart == 0).mean() > 0.99


def test_at_one_to_one_each_pixel_is_that_of_the_page(films: Films, tab: Tab) -> None:
    page = films.page()
    tab.page.locator("[data-zoom-image='1']").click()
    tab.page.locator("[data-do='one-to-one']").click()
    settled(tab)
    gray, place = canvas(tab)
    assert place["scale"] == pytest.approx(1, abs=1e-9)
    mask, row, column = on_film(gray, place, page.density.shape)
    assert mask.mean() > 0.9
    table = sample_table(page.scale, "p-value", 8).astype(int)
    seen = gray[mask].astype(int)
    assert np.abs(seen - table[page.density[row[mask], column[mask]]]).max() <= 1
    assert len(np.unique(seen)) > 100
    box = tab.page.locator("[data-stage] canvas").bounding_box()
    assert box is not None
    tab.page.mouse.move(box["x"] + 200.5, box["y"] + 150.5)  # the middle of a pixel, and so it is read
    tab.page.wait_for_function(
        "at => { const { x, y } = document.querySelector('[data-reading]').dataset;"
        " return Number(x) === at[0] && Number(y) === at[1]; }",
        arg=[200 - place["left"], 150 - place["top"]],
    )
    tab.page.locator("[data-do='invert']").click()
    settled(tab)
    assert (canvas(tab)[0][mask] == 255 - seen).all()


def test_tiles_meet_without_seams_at_any_zoom(films: Films, tab: Tab) -> None:
    """All densities drawn in one gray leave nothing but that gray on the film."""
    shape = films.page().density.shape
    for zoom in (0.1371, 0.77, 1.9):
        tab.page.evaluate(
            "zoom => { const { view } = document.querySelector('[data-viewer]').viewer;"
            " view.zoomTo(zoom, { x: 1234.5, y: 1000.25 }); }",
            zoom,
        )
        settled(tab)
        tab.page.evaluate(
            "() => { const { view } = document.querySelector('[data-viewer]').viewer;"
            " view.drawer.table = new Uint32Array(65536).fill(0xff808080); view.redraw(); }"
        )
        settled(tab)
        gray, place = canvas(tab)
        scale = place["scale"]
        inside = round(shape[0] * scale), round(shape[1] * scale)
        mask, _, _ = on_film(gray, place, inside)
        assert mask.any()
        assert set(np.unique(gray[mask])) == {0x80}, zoom


def test_a_window_brings_out_what_lies_in_it(films: Films, tab: Tab) -> None:
    stage = tab.page.locator("[data-stage]")
    tab.page.locator("[data-preset]").select_option("dark")
    low, high = (
        float(tab.page.locator("[data-viewer]").get_attribute(f"data-{end}")) for end in ("low", "high")
    )  # type: ignore[arg-type]
    assert films.page().scale.min_density < low < high <= films.page().scale.max_density + 1e-6
    box = stage.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    tab.page.mouse.move(x, y)
    tab.page.mouse.down(button="right")
    tab.page.mouse.move(x - 60, y - 40, steps=4)
    tab.page.mouse.up(button="right")
    narrower = tab.page.locator("[data-viewer]").evaluate("(one) => one.dataset.high - one.dataset.low")
    assert 0.02 <= narrower < high - low
    expect(tab.page.locator("[data-preset]")).to_have_value("own")
    tab.page.keyboard.down("b")
    expect(tab.page.locator("[data-do='lamp']")).to_have_attribute("aria-pressed", "true")
    tab.page.keyboard.up("b")
    expect(tab.page.locator("[data-do='lamp']")).to_have_attribute("aria-pressed", "false")


def test_a_line_has_the_densities_of_the_page(films: Films, tab: Tab) -> None:
    page = films.page()
    tab.page.locator("[data-zoom-image='1']").click()
    settled(tab)
    tab.page.locator("[data-stage]").focus()
    tab.page.keyboard.press("l")
    start = tab.page.evaluate("document.querySelector('[data-viewer]').viewer.overlay.point")
    for _ in range(30):
        tab.page.keyboard.press("ArrowRight")
    end = tab.page.evaluate("document.querySelector('[data-viewer]').viewer.overlay.point")
    tab.page.keyboard.press("l")
    panel = tab.page.locator("[data-profile]")
    expect(panel).to_be_visible()
    assert (end["y"], end["x"] > start["x"]) == (start["y"], True)
    line = page.density[start["y"], start["x"] : end["x"] + 1] / 10_000
    said = {name: float(panel.get_attribute(f"data-{name}") or "nan") for name in ("least", "most", "length")}
    assert said["least"] == pytest.approx(line.min(), abs=1e-4)
    assert said["most"] == pytest.approx(line.max(), abs=1e-4)
    assert said["length"] == pytest.approx((end["x"] - start["x"]) * 25.4 / 320, rel=0.01)
    tab.page.wait_for_function(
        "x => Number(document.querySelector('[data-reading]').dataset.x) === x", arg=end["x"]
    )
    tab.page.keyboard.press("Enter")
    kept = tab.page.locator("[data-kept] tbody tr")
    expect(kept).to_have_count(1)
    there = page.density[end["y"], end["x"]] / 10_000
    assert float(kept.get_attribute("data-density") or "nan") == pytest.approx(there, abs=1e-4)


def test_a_millimeter_is_one_on_a_screen_that_was_measured(tab: Tab) -> None:
    tab.page.locator("[data-do='true-size']").click()
    tab.page.locator("[data-calibration] input[type=range]").fill("428")  # 5 CSS pixels a mm
    tab.page.get_by_role("button", name="It fits").click()
    tab.page.wait_for_function(
        "() => { const { view } = document.querySelector('[data-viewer]').viewer;"
        " return Math.abs(view.scale * view.perMillimeter - 5) < 0.001; }"
    )
    tab.page.locator("[data-do='fit']").click()
    tab.page.locator("[data-do='true-size']").click()
    expect(tab.page.locator("[data-calibration]")).to_be_hidden()  # once is enough


def test_what_cannot_be_had_is_told_and_asked_for_again(films: Films, visit: Visit) -> None:
    tab = visit(films.url, viewport=SMALL, reduced_motion="reduce")
    tab.allow(503)
    broken = [True]

    def answer(route: Route) -> None:
        if broken[0]:
            route.fulfill(status=503, content_type="application/problem+json", body='{"detail": "away <b>"}')
        else:
            route.continue_()

    tab.page.route("**/tiles/**", answer)
    tab.open("/films/1/1")
    trouble = tab.page.locator("[data-trouble]")
    expect(trouble).to_contain_text("away <b>")
    broken[0] = False
    trouble.get_by_role("button").click()
    settled(tab)
    expect(trouble).to_be_hidden()
    assert len(np.unique(canvas(tab)[0])) > 20
    tab.wrong = [each for each in tab.wrong if "failed to load" not in each]  # OpenSeadragon says it, too


def test_two_films_are_seen_at_the_same_place(films: Films, visit: Visit) -> None:
    tab = visit(films.url, viewport=SMALL, reduced_motion="reduce").open("/compare?left=1/1&right=2/1")
    expect(tab.page.locator("[data-compare][data-ready]")).to_be_visible()
    settled(tab)
    first = tab.page.locator("[data-stage]").first
    first.focus()
    for _ in range(4):
        tab.page.keyboard.press("+")
    tab.page.keyboard.press("ArrowUp")
    settled(tab)
    (_, one), (_, two) = canvas(tab, "viewer.views[0]"), canvas(tab, "viewer.views[1]")
    assert one == pytest.approx(two, abs=1.01)
    assert one["scale"] > 0.3
    tab.page.keyboard.press("x")
    apart = tab.page.locator("[data-apart]:not([data-apart=''])")
    expect(apart).not_to_have_text("–")
    x, y = (
        int(tab.page.locator("[data-reading]").first.get_attribute(f"data-{axis}") or -1) for axis in "xy"
    )
    left, right = (films.page(number).density.astype(int) for number in (1, 2))
    assert float(apart.get_attribute("data-apart") or "nan") == pytest.approx(
        (left[y, x] - right[y, x]) / 10_000, abs=2e-4
    )
    tab.page.locator("[data-do='difference']").click()
    settled(tab)  # it opens where the others are
    tab.page.locator("[data-stage]").last.focus()
    tab.page.keyboard.press("p")
    settled(tab)
    gray, place = canvas(tab, "viewer.views[2]")
    assert place["scale"] == pytest.approx(1, abs=1e-9)
    mask, row, column = on_film(gray, place, left.shape)
    less = (left - right)[row[mask], column[mask]] / 10_000
    expected = np.clip(0.5 - less / 0.5, 0, 1) * 255
    assert np.abs(gray[mask] - expected).max() <= 1
    assert mask.mean() > 0.9
    assert len(np.unique(gray[mask])) > 20
    tab.page.locator("[data-do='blink']").click()
    sides = tab.page.locator("[data-side]")
    first.focus()
    for seen in (1, 0):
        tab.page.keyboard.press(" ")
        for side in (0, 1):
            expect(sides.nth(side)).to_have_css("visibility", "visible" if side == seen else "hidden")
