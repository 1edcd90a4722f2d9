"""Debian's Chromium at a light box: a tab, in which nothing may go wrong unless a test says so."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Self
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    expect,
    sync_playwright,
)

DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
_OPTIONS = ("headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run")
_SILENT = ("disable-background-networking", "disable-component-update", "disable-sync")
# The latter by OpenSeadragon, of a tile that comes while all are asked for anew, as it should.
_OF_NO_CONCERN = ("Failed to load resource", "Ignoring tile %s loaded before reset")
# What a Content-Security-Policy forbids is told to the page alone.
_TELL = """
addEventListener("securitypolicyviolation", (e) => console.error("CSP", e.violatedDirective, e.blockedURI));
"""

_PATIENCE = 20_000  # ms; other tests keep this host busy, and the light box comes last on it
expect.set_options(timeout=_PATIENCE)

Visit = Callable[..., "Tab"]


class Tab:
    """A browser of somebody's own, at the light box at ``url``; ``options`` are those of a context.

    ``page`` is Playwright's. ``wrong`` lists what went wrong: errors of scripts, what these warn of,
    violations of the Content-Security-Policy, requests to any other place, answers of 400 and above.
    """

    def __init__(self, browser: Browser, url: str, **options: Any) -> None:
        self.url = url.rstrip("/")
        self.context: BrowserContext = browser.new_context(
            **{"locale": "en-GB", "viewport": DESKTOP} | options
        )
        self.context.set_default_timeout(_PATIENCE)
        self.context.add_init_script(_TELL)
        self.wrong: list[str] = []
        self.answers: list[Response] = []
        self._allowed: set[int] = set()
        self.context.on("request", self._asked)
        self.context.on("response", self._answered)
        self.context.on("console", self._printed)
        self.context.on("weberror", lambda error: self.wrong.append(str(error.error)))
        self.page: Page = self.context.new_page()

    def open(self, path: str = "/") -> Self:
        self.page.goto(self.url + path)
        return self

    def allow(self, *statuses: int) -> None:
        """That answers have such a status is no fault."""
        self._allowed |= set(statuses)

    def _asked(self, request: Request) -> None:
        place = urlsplit(request.url)
        if place.scheme not in ("data", "blob") and f"{place.scheme}://{place.netloc}" != self.url:
            self.wrong.append(f"asked {request.url}")

    def _answered(self, response: Response) -> None:
        self.answers.append(response)
        if response.status >= 400 and response.status not in self._allowed:
            self.wrong.append(f"{response.status} {response.request.method} {response.url}")

    def _printed(self, message: ConsoleMessage) -> None:
        # That an answer was none is known by its status, see above.
        if message.type in ("error", "warning") and not message.text.startswith(_OF_NO_CONCERN):
            self.wrong.append(message.text)


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser itself."""
    flags = [f"--{flag}" for flag in (*_OPTIONS, *_SILENT)]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        with browser:
            yield browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for all tests of a module; what they do in it is kept apart by contexts. No longer: while
    Playwright runs, no other test of the process could have an event loop of asyncio."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """Opens tabs: ``visit(url, **options of the context)``. At the end nothing has gone wrong in any."""
    with ExitStack() as tabs:
        opened: list[Tab] = []

        def visit(url: str, **options: Any) -> Tab:
            tab = Tab(browser, url, **options)
            tabs.callback(tab.context.close)
            opened.append(tab)
            return tab

        yield visit
        wrong = [each for tab in opened for each in tab.wrong]
        assert not wrong, "\n".join(wrong)
