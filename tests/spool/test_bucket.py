"""A bucket of sheets: out of reach for now is not lost for good."""

import errno
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from peers.s3 import S3, Door, go_by

from printscp.errors import SetupError
from printscp.film.sheet import Sheet
from printscp.sheet_file import DamagedSheet
from printscp.spool import processes
from printscp.spool.store import SheetStore, SheetWriter, open_store

pytestmark = pytest.mark.slow

_STAGES_AND_WAITS = """
import sys
from pathlib import Path
from threading import Thread
from printscp.spool.processes import Presence
from printscp.spool.store import open_store

spool, where = Path(sys.argv[1]), sys.argv[2]
presence = Presence(spool, "serve")
draft = open_store(where, spool / "staging", presence.name).write()
draft.put(1, bytes(1 << 20))
print(presence.name, flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def s3() -> Iterator[S3]:
    with S3() as s3:
        yield s3


@pytest.fixture
def door(s3: S3, monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    """The endpoint of the environment."""
    with Door(s3.port) as door:
        go_by(door.endpoint, monkeypatch)
        yield door


@pytest.fixture
def bucket(s3: S3) -> str:
    return s3.bucket()


@pytest.fixture
def store(bucket: str, tmp_path: Path, door: Door) -> SheetStore:
    return open_store(f"s3://{bucket}/spool/films", tmp_path / "staging", "serve-1")


def whole(store: SheetStore, sheet: Sheet) -> SheetWriter:
    writer = store.write()
    writer.finish(sheet)
    return writer


def save(store: SheetStore, name: str, sheet: Sheet) -> None:
    writer = whole(store, sheet)
    store.make_good({name: writer})
    writer.discard()


def test_sheets_lie_under_their_prefix_and_nothing_else_is_theirs(
    s3: S3, bucket: str, store: SheetStore, sheet: Sheet
) -> None:
    others = ["1.2.9-1.sheet", "spool/filmsy.sheet", "spool/films/README", "spool/films/deeper/1.2.9-2.sheet"]
    for key in others:
        s3.put(bucket, key, b"not ours")
    save(store, "1.2.3-1", sheet)
    assert s3.keys(bucket) == sorted([*others, "spool/films/1.2.3-1.sheet"])
    assert store.names() == {"1.2.3-1"}
    assert [store.sweep(set, 0) for _ in range(2)] == [0, 1]
    assert s3.keys(bucket) == sorted(others)


def test_a_bucket_may_have_no_prefix(s3: S3, bucket: str, door: Door, tmp_path: Path, sheet: Sheet) -> None:
    for where in (f"s3://{bucket}", f"s3://{bucket}/"):
        save(open_store(where, tmp_path / "staging"), str(len(where)), sheet)
    assert len(s3.keys(bucket)) == 2


def test_an_object_that_is_no_sheet_is_damaged(s3: S3, bucket: str, store: SheetStore) -> None:
    s3.put(bucket, "spool/films/1.2.3-1.sheet", b"x" * 3000)
    with pytest.raises(DamagedSheet):
        store.load("1.2.3-1")


# --- out of reach ----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_an_endpoint_that_goes_away_and_comes_back_loses_nothing(
    store: SheetStore, door: Door, sheet: Sheet
) -> None:
    save(store, "1.2.3-1", sheet)
    store.sweep(set, 0)
    writer = whole(store, sheet)
    door.shut()
    asked = (
        lambda: store.load("1.2.3-1"),
        lambda: store.copy("1.2.3-1", "1.2.4-1"),
        lambda: "1.2.3-1" in store,
        lambda: store.size("1.2.3-1"),
        store.names,
        lambda: store.make_good({"1.2.5-1": writer}),
        lambda: store.remove("1.2.3-1"),
        lambda: store.sweep(set, 0),
    )
    for ask in asked:
        with pytest.raises(OSError, match="bucket out of reach") as caught:
            ask()
        assert caught.value.errno == errno.EIO
        assert len(caught.value.strerror) <= 24  # it becomes part of an Error Comment
    door.open()
    assert store.load("1.2.3-1") == sheet
    store.make_good({"1.2.5-1": writer})
    assert store.load("1.2.5-1") == sheet
    writer.discard()


def test_a_bucket_that_is_gone_damages_no_sheet(
    s3: S3, bucket: str, store: SheetStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = s3.bucket()
    gone = open_store(f"s3://{other}/films", tmp_path / "staging")
    s3.drop(other)
    for ask in (lambda: gone.load("1.2.3-1"), lambda: "1.2.3-1" in gone, lambda: gone.copy("1", "2")):
        with pytest.raises(FileNotFoundError, match="no such bucket"):
            ask()


def test_an_upload_that_breaks_leaves_none_of_a_job_s_sheets(
    store: SheetStore, door: Door, sheet: Sheet
) -> None:
    writer = whole(store, sheet)
    names = ["1.2.3-1", "1.2.3-2", "1.2.3-3"]
    door.refused = b"1.2.3-3.sheet HTTP"
    with pytest.raises(OSError, match="bucket out of reach"):
        store.make_good(dict.fromkeys(names, writer))
    door.refused = None
    assert store.names() == set()
    store.make_good(dict.fromkeys(names, writer))
    assert store.names() == set(names)
    writer.discard()


def test_a_download_that_breaks_damages_no_sheet(store: SheetStore, door: Door, sheet: Sheet) -> None:
    torn = b"".join(b"torn here %07d" % number for number in range(1 << 16))
    large = replace(sheet, images=(replace(sheet.images[0], pixels=bytes(1 << 20) + torn),))
    save(store, "1.2.3-1", large)
    door.refused = b"torn here"
    with pytest.raises(OSError, match="bucket out of reach"):
        store.load("1.2.3-1")
    door.refused = None
    assert store.load("1.2.3-1") == large


@pytest.mark.parametrize(
    ("answer", "words"),
    [(403, "no access to the bucket"), (401, "no access to the bucket"), (400, "bucket out of reach")],
)
def test_a_bucket_that_says_no_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: int, words: str
) -> None:
    class Refuses(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(answer)

        def log_message(self, *_: object) -> None:
            """No word of it on standard error."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Refuses) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        go_by(f"http://127.0.0.1:{server.server_port}", monkeypatch)
        with pytest.raises(SetupError, match=f"sheets s3://films: {words}"):
            open_store("s3://films", tmp_path / "staging")
        server.shutdown()
        thread.join()


def test_the_log_tells_what_failed_and_nothing_in_the_ordinary_course(
    store: SheetStore, door: Door, sheet: Sheet, caplog: pytest.LogCaptureFixture
) -> None:
    save(store, "1.2.3-1", sheet)
    store.copy("1.2.3-1", "1.2.4-1")
    assert "1.2.5-1" not in store
    store.sweep(set, 0)
    assert caplog.records == []
    door.shut()
    with pytest.raises(OSError, match="bucket out of reach"):
        store.names()
    [record] = caplog.records
    assert "error sending request" in vars(record)["error"]
    assert "\n" not in vars(record)["error"]
    door.open()


@pytest.mark.slow
def test_a_process_killed_before_the_upload_leaves_a_draft_that_is_found(
    s3: S3, bucket: str, store: SheetStore, tmp_path: Path
) -> None:
    where = f"s3://{bucket}/spool/films"
    command = [sys.executable, "-c", _STAGES_AND_WAITS, str(tmp_path), where]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        name = process.stdout.readline().strip()
        assert [each.name for each in processes.living(tmp_path)] == [name]
        process.kill()
    [draft] = (tmp_path / "staging").iterdir()
    assert draft.stat().st_size >= 1 << 20
    assert processes.dead(tmp_path) == [name]
    store.drop_drafts(name)
    processes.bury(tmp_path, name)
    assert list((tmp_path / "staging").iterdir()) == []
    assert (s3.keys(bucket), processes.dead(tmp_path)) == ([], [])


# --- opening ---------------------------------------------------------------------------------------------


def test_a_bucket_that_is_not_there_is_told(door: Door, tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="sheets s3://nowhere/films: no such bucket"):
        open_store("s3://nowhere/films", tmp_path / "staging")


def test_a_server_that_is_not_there_is_told(door: Door, bucket: str, tmp_path: Path) -> None:
    door.shut()
    with pytest.raises(SetupError, match="bucket out of reach"):
        open_store(f"s3://{bucket}", tmp_path / "staging")
    door.open()


@pytest.mark.parametrize("endpoint", ["localhost:9000", "nonsense", ""])
def test_an_endpoint_that_is_no_url_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, endpoint: str
) -> None:
    go_by(endpoint, monkeypatch)
    with pytest.raises(SetupError, match=f"AWS_ENDPOINT_URL={endpoint}: is to be a URL"):
        open_store("s3://films", tmp_path / "staging")


@pytest.mark.parametrize("where", ["s3://", "s3:///films"])
def test_a_url_without_a_bucket_is_told(tmp_path: Path, where: str) -> None:
    with pytest.raises(SetupError, match="names no bucket"):
        open_store(where, tmp_path / "staging")
