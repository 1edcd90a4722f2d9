"""Who uses a spool folder, and who died there: told by locks, which the system lets go of."""

import errno
import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from printscp.errors import SetupError
from printscp.spool.processes import Presence, Process, bury, dead, living

_LIVES = """
import sys
from pathlib import Path
from printscp.spool.processes import Presence

presence = Presence(Path(sys.argv[1]), "worker", Path("/etc/printscp.toml"))
(presence.tmp / "film").write_bytes(b"patient")
print(presence.name, flush=True)
sys.stdin.read()
presence.close()
"""
# Killed at the n-th of its calls that change files.
_DIES = """
import os, signal, sys
from itertools import count
from pathlib import Path
from printscp.spool import processes

numbers = count(1)

def dying(name):
    real = getattr(os, name)
    def call(*arguments, **options):
        if next(numbers) == int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **options)
    setattr(os, name, call)

for name in ("mkdir", "open", "rename", "unlink", "rmdir"):
    dying(name)
spool = Path(sys.argv[1])
with processes.Presence(spool, "worker") as presence:
    for name in processes.dead(spool):
        processes.bury(spool, name)
"""


class Other:
    """A process that is present in a spool folder."""

    def __init__(self, spool: Path) -> None:
        command = [sys.executable, "-c", _LIVES, str(spool)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.name = self.process.stdout.readline().strip()

    def end(self) -> None:
        self.process.communicate(timeout=30)

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=30)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], Other]]:
    started: list[Other] = []

    def start() -> Other:
        started.append(Other(tmp_path))
        return started[-1]

    yield start
    for other in started:
        if other.process.poll() is None:
            other.kill()


def run(spool: Path) -> list[str]:
    return sorted(path.name for path in (spool / "run").iterdir())


def test_a_spool_that_nobody_used_has_nobody(tmp_path: Path) -> None:
    assert (dead(tmp_path), living(tmp_path)) == ([], [])
    bury(tmp_path, "worker-1")


def test_this_process_is_there_until_it_closes(tmp_path: Path) -> None:
    spool = tmp_path / "new"
    with Presence(spool, "serve") as presence:
        assert living(spool) == [Process(presence.name, os.getpid(), "serve", None)]
        assert presence.name.startswith("serve-")
        assert dead(spool) == []
        (presence.tmp / "film").write_bytes(b"patient")
        folders = (spool, spool / "run", presence.folder, presence.tmp)
        assert [folder.stat().st_mode & 0o777 for folder in folders] == [0o700] * 4
        assert set(json.loads((presence.folder / "process.json").read_text())) == {
            "pid",
            "kind",
            "started",
            "configuration",
        }
    assert (living(spool), dead(spool), run(spool)) == ([], [], [])


def test_a_configuration_is_told_with_its_whole_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Presence(tmp_path, "serve", Path("film.toml")):
        [process] = living(tmp_path)
    assert process.configuration == tmp_path / "film.toml"


@pytest.mark.slow
def test_who_is_killed_is_dead_at_once_and_who_ends_leaves_nothing(
    tmp_path: Path, start: Callable[[], Other]
) -> None:
    ends, dies, lives = start(), start(), start()
    assert {each.pid for each in living(tmp_path)} == {each.process.pid for each in (ends, dies, lives)}
    ends.end()
    dies.kill()
    assert dead(tmp_path) == [dies.name]
    assert living(tmp_path) == [
        Process(lives.name, lives.process.pid, "worker", Path("/etc/printscp.toml")),
    ]
    assert (tmp_path / "run" / dies.name / "tmp" / "film").exists()
    for _ in range(2):
        bury(tmp_path, dies.name)
    assert (dead(tmp_path), run(tmp_path)) == ([], [lives.name])


def test_a_process_that_is_stopped_lives(tmp_path: Path, start: Callable[[], Other]) -> None:
    other = start()
    other.process.send_signal(signal.SIGSTOP)
    assert dead(tmp_path) == []
    other.process.send_signal(signal.SIGCONT)


def test_a_child_does_not_keep_a_dead_process_alive(tmp_path: Path) -> None:
    child = "import subprocess; child = subprocess.Popen(['sleep', '60'], stdout=subprocess.DEVNULL)"
    code = _LIVES.replace("print(", f"{child}\nprint(child.pid, ")
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        pid, name = process.stdout.readline().split()
        process.kill()
    assert dead(tmp_path) == [name]
    os.kill(int(pid), signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.parametrize("call", range(1, 23))
def test_killed_at_any_call_it_leaves_what_others_can_clear(tmp_path: Path, call: int) -> None:
    """While it appears, while it buries a dead one, and while it goes."""
    gone = Presence(tmp_path, "serve")
    (gone.tmp / "film").write_bytes(b"patient")
    os.close(gone._lock)  # as if it were killed
    with Presence(tmp_path, "lives") as lives:
        subprocess.run([sys.executable, "-c", _DIES, str(tmp_path), str(call)], timeout=60)
        with Presence(tmp_path, "next") as following:
            for name in dead(tmp_path):
                assert (tmp_path / "run" / name / "lock").exists()
                bury(tmp_path, name)
            assert {each.name for each in living(tmp_path)} == {lives.name, following.name}
        assert run(tmp_path) == [lives.name]


@pytest.mark.slow
def test_many_appear_and_go_and_none_is_taken_for_dead(tmp_path: Path) -> None:
    """Each tidies when it appears, which must not take the folder of another that appears just then."""
    with ProcessPoolExecutor(3, get_context("spawn")) as pool:
        faults = list(pool.map(_come_and_go, [tmp_path] * 3, [60] * 3))
    assert faults == [[], [], []]
    assert run(tmp_path) == []


def _come_and_go(spool: Path, times: int) -> list[str]:
    faults = []
    for _ in range(times):
        with ThreadPoolExecutor(2) as threads:
            presences = list(threads.map(lambda _: Presence(spool, "worker"), range(2)))
        faults += dead(spool)
        there = {each.name for each in living(spool)}
        for presence in presences:
            if presence.name not in there or not (presence.folder / "lock").exists():
                faults.append(f"{presence.name} is not seen")
            presence.close()
    return faults


def test_those_who_look_do_not_disturb_each_other(tmp_path: Path) -> None:
    gone = Presence(tmp_path, "serve")
    os.close(gone._lock)
    with (gone.folder / "lock").open() as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        assert dead(tmp_path) == [gone.name]
        assert living(tmp_path) == []


@pytest.mark.parametrize("fault", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: int
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(fault, os.strerror(fault))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(SetupError, match="put the spool on a local disk"):
        Presence(tmp_path, "serve")
    assert run(tmp_path) == []


def test_a_spool_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("not a folder")
    with pytest.raises(SetupError, match=f"spool {tmp_path}: "):
        Presence(tmp_path, "serve")
