"""Workers that are forked are as processes of their own would be, and their end is told."""

import contextlib
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from printscp.nursery import ForkedWorker, Nursery

pytestmark = pytest.mark.slow

# Does in the place of a worker what its standard input says; the nursery loads it when it is asked to.
_PROBE = """
import json, os, signal, sys
import printscp.worker

def main():
    seen = {
        "environ": dict(os.environ), "folder": os.getcwd(), "descriptors": os.listdir("/proc/self/fd"),
        "handlers": [signal.getsignal(each) == signal.SIG_DFL for each in (2, 1, 15, 17)],
    }
    os.write(1, json.dumps(seen).encode() + b"\\n")
    print("said", file=sys.stderr)
    exec(sys.stdin.readline())

printscp.worker.main = main
"""


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def wait_until_gone(pid: int) -> None:
    pause = threading.Event()
    while not is_gone(pid):  # the test's time-out is the limit
        pause.wait(0.01)


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], ForkedWorker]]:
    folder = tmp_path_factory.mktemp("probe")
    (folder / "probe.py").write_text(_PROBE)
    nursery = Nursery()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(folder), *sys.path]))
        first = nursery.worker(["probe", "no.such.module"])
        tell(first, "pass")
    yield lambda: nursery.worker(["probe"])
    nursery.close()


def tell(worker: ForkedWorker, what: str) -> dict[str, Any]:
    """What a worker has, which then does something."""
    worker.stdin.write(f"{what}\n".encode())
    seen: dict[str, Any] = json.loads(worker.stdout.readline())
    return seen


def test_a_worker_has_what_the_process_has_that_asks(
    ask: Callable[[], ForkedWorker], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SOMETHING", "new \udc80")
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.chdir(tmp_path)
    kept = os.dup(2)
    with (tmp_path / "errors").open("w") as errors:
        os.dup2(errors.fileno(), 2)
        try:
            worker = ask()
        finally:
            os.dup2(kept, 2)
            os.close(kept)
    with worker.stdin, worker.stdout:
        seen = tell(worker, "pass")
        assert worker.wait() == 0
    assert seen["environ"] == dict(os.environ)
    assert seen["folder"] == str(tmp_path)
    assert seen["handlers"] == [True] * 4
    assert sorted(seen["descriptors"]) == ["0", "1", "2", "3"]  # the last is what lists them
    assert (tmp_path / "errors").read_text() == "said\n"


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ("pass", 0),
        ("sys.exit(3)", 3),
        ("sys.exit()", 0),
        ("sys.exit('why')", 1),
        ("raise ValueError", 1),
        ("os.kill(os.getpid(), 11)", -11),
        ("signal.pause()", -9),
    ],
)
def test_how_a_worker_ended_is_told(ask: Callable[[], ForkedWorker], what: str, code: int) -> None:
    worker, other = ask(), ask()
    with worker.stdin, worker.stdout, other.stdin, other.stdout:
        assert not is_gone(worker.pid)
        tell(worker, what)
        if code == -9:
            worker.kill()
        assert worker.stdout.read() == b""  # though the other one, forked after it, lives
        assert worker.wait() == code
        assert is_gone(worker.pid)
        worker.kill()  # which is nobody's process by now
        assert other.pid != worker.pid
        tell(other, "pass")
        assert other.wait() == 0


def test_a_nursery_that_is_killed_is_replaced_and_its_workers_live_on() -> None:
    nursery = Nursery()
    orphan = nursery.worker([])
    assert not is_gone(orphan.pid)
    first = nursery.pid
    for each in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):  # which a whole process group may get
        os.kill(first, each)
    assert nursery.worker([]).pid
    assert nursery.pid == first
    os.kill(first, signal.SIGKILL)
    wait_until_gone(first)
    second = nursery.worker([])
    assert second.pid
    assert nursery.pid != first
    assert not is_gone(orphan.pid)
    orphan.kill()  # which hangs, for all that is known
    assert orphan.stdout.read() == b""
    assert orphan.wait() == 1  # nobody has seen it
    orphan.kill()
    second.stdin.close()
    assert second.wait() == 0
    nursery.close()
    assert is_gone(first)


@pytest.mark.parametrize("is_gone_when_asked", [False, True])
def test_what_cannot_be_loaded_is_a_worker_that_ended(
    is_gone_when_asked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    nursery = Nursery()
    begin = nursery._begin

    def begin_and_die() -> socket.socket:
        line = begin()
        wait_until_gone(nursery.pid)
        return line

    monkeypatch.setattr("sys.executable", "/bin/false")
    if is_gone_when_asked:
        monkeypatch.setattr(nursery, "_begin", begin_and_die)
    worker = nursery.worker([])
    with contextlib.suppress(BrokenPipeError):
        worker.stdin.write(b"x")
    assert worker.stdout.read() == b""
    assert (worker.pid, worker.wait()) == (0, 1)
    worker.kill()
    monkeypatch.setattr("sys.executable", "/no/such/program")
    with pytest.raises(OSError, match="/no/such/program"):
        Nursery().worker([])
    nursery.close()


def test_a_process_id_is_told_to_all_who_ask_at_once() -> None:
    ends = [os.pipe() for _ in range(3)]
    worker = ForkedWorker(ends[0][1], ends[1][0], ends[2][0])
    asking = [threading.Thread(target=lambda: seen.append(worker.pid)) for _ in range(4)]
    seen: list[int] = []
    for thread in asking:
        thread.start()
    os.write(ends[2][1], b"12\n")
    for thread in asking:
        thread.join(20)  # and not until it ends
    assert seen == [12] * 4
    os.write(ends[2][1], b"-9\n")
    assert (worker.wait(), worker.wait(), worker.pid) == (-9, -9, 12)
    for end in (ends[0][0], ends[1][1], ends[2][1]):
        os.close(end)
    worker.stdin.close()
    worker.stdout.close()


def test_where_descriptors_run_out_none_is_lost() -> None:
    nursery = Nursery()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    kept = resource.getrlimit(resource.RLIMIT_NOFILE)
    before = len(list(Path("/proc/self/fd").iterdir()))
    free = os.dup(0)
    os.close(free)
    try:
        for room in (0, 1, 2, 3, 4, 5, 6, 7):
            resource.setrlimit(resource.RLIMIT_NOFILE, (free + room, most))
            with pytest.raises(OSError, match="Too many open files"):
                nursery.worker([])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, kept)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_folder_that_is_gone_hinders_no_worker(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    code = (
        "import os; from printscp.nursery import NURSERY; os.rmdir(os.getcwd())\n"
        "worker = NURSERY.worker([]); worker.stdin.close(); print(worker.wait())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=folder
    )
    assert (done.stdout, done.stderr) == ("0\n", "")


def test_it_ends_with_its_process_and_is_not_that_of_a_fork() -> None:
    code = (
        "import os; from printscp.nursery import NURSERY\n"
        "worker = NURSERY.worker([])\n"
        "if os.fork() == 0:\n"
        "    other = NURSERY.worker([]); print(NURSERY.pid, other.pid, flush=True); os._exit(0)\n"
        "os.wait(); print(NURSERY.pid, worker.pid, flush=True)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    pids = [int(pid) for pid in done.stdout.split()]
    assert len(set(pids)) == 4
    for pid in pids:
        wait_until_gone(pid)
    assert done.stderr == ""
