"""Pages of jobs whose words are markup, and of many jobs."""

import os
import re
from collections.abc import Callable
from datetime import UTC, datetime
from html import unescape

import pytest
from fastapi.testclient import TestClient

from printscp.desk import Desk
from printscp.film.job import Job
from printscp.film.sheet import Sheet
from printscp.live import Entrance, Live

MARKUP = "\"'><img src=x onerror=alert(1)>"
TITLE = "<img src=x>&{{7}}"  # as long as an AE title may be, and one more

Printing = Callable[..., Job]
Films = Callable[..., Sheet]


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/queue",
        "/films/1/1",
        "/_/cards?job=1",
        "/_/rows?job=1",
        "/films/1/1?part=attributes",
        "/_/films/1/1/side",
    ],
)
def test_what_an_scu_said_is_text(path: str, local: TestClient, printed: Printing, film: Films) -> None:
    printed(film(), originator=TITLE, printer_name=TITLE, label=MARKUP, owner=MARKUP, remarks=(MARKUP,))
    text = local.get(path).text
    assert "<img src=x" not in text
    assert "{{7}}" in text or TITLE not in text
    assert "&lt;img src=x" in text


def test_a_filter_is_text_too(local: TestClient, printed: Printing, film: Films) -> None:
    printed(film())
    assert "<img" not in local.get("/queue", params={"printer": MARKUP, "calling": MARKUP}).text


def test_the_wall_has_each_job_once_however_it_is_come_to(
    local: TestClient, printed: Printing, film: Films
) -> None:
    sheet = film()
    for _ in range(61):
        printed(sheet)
    page = local.get("/").text
    jobs = re.findall(r'data-job="(\d+)" data-film', page)
    more = re.search(r'hx-get="([^"]+)"', page)
    assert more is not None
    assert f'href="/films{more[1].removeprefix("/_/wall")}"' in page  # for browsers without scripts
    jobs += re.findall(r'data-job="(\d+)" data-film', local.get(more[1]).text)
    assert jobs == [str(number) for number in range(61, 0, -1)]


def test_a_job_of_many_films_leaves_room(local: TestClient, printed: Printing, film: Films) -> None:
    sheet = film()
    printed(*[sheet] * 14)
    card = local.get("/_/cards?job=1").text
    assert len(re.findall("data-film", card)) == 12
    assert "2 more films of this job" in card
    assert 'href="/films/1/13"' in card


def test_films_follow_one_another_from_job_to_job(local: TestClient, printed: Printing, film: Films) -> None:
    sheet = film()
    printed(sheet)
    printed(sheet, sheet)
    printed(sheet)

    def neighbours(path: str) -> list[str]:
        return re.findall(r'rel="(?:prev|next)" href="([^"]+)"', local.get(path).text)

    assert neighbours("/films/1/1") == ["/films/2/1"]
    assert neighbours("/films/2/1") == ["/films/1/1", "/films/2/2"]
    assert neighbours("/films/2/2") == ["/films/2/1", "/films/3/1"]
    assert neighbours("/films/3/1") == ["/films/2/2"]


def test_an_empty_wall_says_how_to_print(local: TestClient, desk: Desk) -> None:
    assert 'class="empty"' in local.get("/films?state=DONE").text
    entrances = (Entrance("0.0.0.0", 11112, False, "PRINTSCP"), Entrance("0.0.0.0", 2762, True, "PRINTSCP"))
    desk.tell(Live(os.getpid(), datetime.now(UTC), entrances))
    text = unescape(local.get("/").text)
    assert "printscp send 127.0.0.1 11112 --called 'PRINTSCP' --pattern smpte" in text
    assert "2762" not in text
