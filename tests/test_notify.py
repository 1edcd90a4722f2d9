"""What systemd hears of a service, on a socket like its own."""

import os
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from printscp import notify


@pytest.fixture(autouse=True)
def _no_systemd(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(
    params=[
        "file",
        pytest.param("abstract", marks=pytest.mark.skipif(sys.platform != "linux", reason="Linux")),
    ]
)
def notices(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[socket.socket]:
    said = str(tmp_path / "notify") if request.param == "file" else f"@printscp-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(said.replace("@", "\0"))
        systemd.settimeout(30)
        monkeypatch.setenv("NOTIFY_SOCKET", said)
        yield systemd


def test_each_notice_is_one_message_of_sd_notify(notices: socket.socket) -> None:
    notify.ready()
    notify.watchdog()
    notify.stopping()
    notify.status("2 jobs wait:\n out of film")
    assert [notices.recv(4096) for _ in range(4)] == [
        b"READY=1",
        b"WATCHDOG=1",
        b"STOPPING=1",
        b"STATUS=2 jobs wait: out of film",
    ]


def test_a_reload_says_when_it_began(notices: socket.socket) -> None:
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    notify.reloading()
    first, second = notices.recv(4096).decode().split("\n")
    assert first == "RELOADING=1"
    key, _, since = second.partition("=")
    assert key == "MONOTONIC_USEC"
    assert before <= int(since) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000


def test_a_socket_that_nobody_empties_holds_nothing_up(notices: socket.socket) -> None:
    for _ in range(
        10_000
    ):  # far more than a socket takes; a call that waits ends at the time-out of the test
        notify.watchdog()
    assert notices.recv(4096) == b"WATCHDOG=1"


@pytest.mark.parametrize(
    "address", [None, "", "relative", "vsock:2:1234", "/nowhere/at/all", "/" + "x" * 200]
)
def test_nobody_who_listens_is_no_error(address: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    if address is not None:
        monkeypatch.setenv("NOTIFY_SOCKET", address)
    notify.ready()


@pytest.mark.parametrize(
    ("microseconds", "process", "seconds"),
    [
        ("30000000", None, 15.0),
        ("30000000", "this", 15.0),
        ("30000000", "1", None),  # of another process
        ("0", None, None),
        ("often", None, None),
        (None, None, None),
    ],
)
def test_the_watchdog_is_told_twice_in_its_time(
    microseconds: str | None, process: str | None, seconds: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("WATCHDOG_USEC", microseconds), ("WATCHDOG_PID", process)):
        if value is not None:
            monkeypatch.setenv(name, value.replace("this", str(os.getpid())))
    assert notify.watchdog_interval() == seconds
