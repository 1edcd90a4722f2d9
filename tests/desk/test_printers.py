"""Printers and figures as people see them."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from printscp import __version__
from printscp.config import Settings, load
from printscp.desk import figures
from printscp.desk.house import House
from printscp.desk.printers import Printers
from printscp.desk.records import SeenOutput
from printscp.errors import Away, NoSuchJob
from printscp.faults.file import add_rule
from printscp.film.job import Job
from printscp.film.printer import PrinterState
from printscp.film.sheet import Sheet
from printscp.live import Entrance, Live, LivePrinter
from printscp.spool.folder import Limits, Spool

Printed = Callable[..., Job]
_NOBODY = 2**22 + 1  # no process has that number


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Two printers, one of which has an output behind a password."""
    curve = tmp_path / "curve.toml"
    curve.write_text('printer = "DRY"\nmeasured = 2026-02-03\npoints = [[0.0, 3.0], [1.0, 0.2]]\n')
    (tmp_path / "printer.toml").write_text(
        f"""
        spool = "{tmp_path / "spool"}"
        faults = "{tmp_path / "faults.toml"}"
        port = 1113
        reserve_mib = 1
        [tls]
        certificate = "x.pem"
        key = "x.pem"
        [[outputs]]
        name = "ward"
        type = "ipp"
        uri = "ipp://anna:geheim@[::1]:631/queue"
        [[outputs]]
        name = "dry"
        type = "pdf"
        folder = "dry"
        tone = "curve"
        curve = "{curve}"
        [[printers]]
        ae_title = "ROOM1"
        outputs = ["ward", "dry"]
        [[printers]]
        ae_title = "ROOM2"
        profile = "fuji_drypix4000"
        mode = "strict"
        tls_only = true
        outputs = ["ward"]
        """
    )
    (tmp_path / "faults.toml").touch()
    return load(tmp_path / "printer.toml")


@pytest.fixture
def house(settings: Settings, spool: Spool) -> Iterator[House]:
    house = House(settings)
    yield house
    house.close()


@pytest.fixture
def printers(house: House) -> Printers:
    return Printers(house)


def _live(**fields: Any) -> Live:
    return Live(os.getpid(), datetime.now(UTC) - timedelta(seconds=90), **fields)


def _trouble(spool: Spool, printed: Printed, sheet: Sheet, output: str, state: PrinterState) -> None:
    printed(sheet, to=(output,), printer_name="ROOM1")
    claim = spool.claims.take("w", {output: 0})
    assert claim is not None
    claim.postpone(state, f"{output} is in trouble")


def test_printers_are_told_as_they_are_set_up(printers: Printers, printed: Printed, film: Any) -> None:
    printed(film(), to=("ward",), printer_name="ROOM1")
    one, two = printers.all()
    assert (one.name, one.profile, one.mode, one.associations) == ("ROOM1", "imager17", "tolerant", None)
    assert (two.name, two.profile, two.mode) == ("ROOM2", "fuji_drypix4000", "strict")
    assert two.model
    assert two.manufacturer
    assert (one.status, one.status_info, one.reasons) == ("NORMAL", "NORMAL", ())
    assert one.entrances == ("127.0.0.1:1113", "127.0.0.1:2762 TLS")
    assert two.entrances == ("127.0.0.1:2762 TLS",)
    ward = SeenOutput("ward", "ipp", "ipp://[::1]:631/queue", "NORMAL", "NORMAL", "", 1)
    assert one.outputs == (ward, SeenOutput("dry", "pdf", "dry", "NORMAL", "NORMAL", "", 0))
    assert two.outputs == (ward,)
    assert (one.jobs, two.jobs) == ({"PENDING": 1}, {})
    assert (one.calibrated, two.calibrated) == (date(2026, 2, 3), None)
    assert "geheim" not in repr(one)
    assert printers.one("ROOM2") == two
    assert printers.outputs() == ("ward", "dry")
    with pytest.raises(NoSuchJob, match="'ROOM3': there are ROOM1, ROOM2"):
        printers.one("ROOM3")


def test_a_printer_is_as_bad_as_the_worst_of_its_outputs(
    printers: Printers, spool: Spool, printed: Printed, film: Any
) -> None:
    _trouble(spool, printed, film(), "ward", PrinterState("WARNING", "SUPPLY LOW"))
    _trouble(spool, printed, film(), "dry", PrinterState("FAILURE", "FILM JAM"))
    one, two = printers.all()
    assert (one.status, one.status_info) == ("FAILURE", "FILM JAM")
    assert one.reasons == ("ward: ward is in trouble", "dry: dry is in trouble")
    assert (two.status, two.status_info) == ("WARNING", "SUPPLY LOW")
    assert two.reasons == ("ward: ward is in trouble",)
    assert [(each.status, each.status_info, each.info) for each in one.outputs] == [
        ("WARNING", "SUPPLY LOW", "ward is in trouble"),
        ("FAILURE", "FILM JAM", "dry is in trouble"),
    ]


def test_what_scus_are_told_is_what_people_see(printers: Printers, house: House, settings: Settings) -> None:
    house.live = _live(
        printers={"ROOM1": LivePrinter("WARNING", "CHECK CHEMISTRY", 3)},
        entrances=(Entrance("::1", 4711, False, "ROOM1, ROOM2"), Entrance("::1", 4712, True, "ROOM2")),
    )
    assert settings.faults is not None
    add_rule(settings.faults, {"fault": "out-of-film", "films": 3, "printer": "ROOM1", "calling": "CT[1]"})
    add_rule(settings.faults, {"fault": "abort", "at": "echo"})
    one, two = printers.all()
    assert (one.status, one.status_info, one.associations) == ("WARNING", "CHECK CHEMISTRY", 3)
    assert one.reasons == ("fault made on purpose: out-of-film",)
    assert one.entrances == ("[::1]:4711",)
    assert two.entrances == ("[::1]:4711", "[::1]:4712 TLS")
    assert (two.status, two.associations, two.reasons) == ("NORMAL", None, ())
    settings.faults.write_text("[")
    assert printers.one("ROOM1").reasons == ()


def test_a_full_spool_is_a_reason(house: House, printers: Printers) -> None:
    house.spool.limits = Limits(0, 1 << 60)
    for each in printers.all():
        assert (each.status, each.status_info) == ("WARNING", "PRINT BUFF FULL")
        assert each.reasons == ("no room for films: less than 1099511627776 MiB is free",)
    assert printers.ready()[0] == each.reasons[0]


def test_all_personas_are_printers(settings: Settings, spool: Spool) -> None:
    house = House(load(spool=settings.spool, port=0, personas="all"))
    seen = Printers(house).all()
    assert len(seen) == len(house.catalog.profile_names) + 1
    assert {each.profile for each in seen} == set(house.catalog.profile_names)
    house.close()


# --- figures ---------------------------------------------------------------------------------------------


def test_figures_without_printers_are_those_of_the_spool(
    printers: Printers, spool: Spool, printed: Printed, film: Any
) -> None:
    empty = printers.figures()
    assert (empty.jobs, empty.oldest_waiting, empty.films_day, empty.workers) == ({}, None, 0, None)
    for _ in range(2):
        printed(film(), film(), to=("ward",))
    claim = spool.claims.take("w", {"ward": 0})
    assert claim is not None
    claim.done("x")
    seen = Printers(House(printers._house.settings)).figures()
    assert (seen.version, seen.jobs) == (__version__, {"DONE": 1, "PENDING": 1})
    assert (seen.films_minute, seen.films_hour, seen.films_day) == (2, 2, 2)
    assert seen.oldest_waiting is not None
    assert 0 <= seen.oldest_waiting < 60
    assert seen.disk_free == pytest.approx(shutil.disk_usage(spool.folder).free, abs=1 << 30)
    assert seen.disk_reserve == 1 << 20
    files = [each.stat().st_size for each in spool.folder.rglob("*") if each.is_file()]
    assert seen.spool_bytes == pytest.approx(sum(files), abs=1 << 20)
    assert seen.max_associations == 64
    absent = (seen.pixels_held, seen.pixels_limit, seen.associations, seen.associated, seen.rejected)
    assert (*absent, seen.uptime) == (None,) * 6


def test_figures_of_the_printers_process(printers: Printers, house: House) -> None:
    each = LivePrinter("NORMAL", "NORMAL", 2)
    workers = (os.getpid(), _NOBODY)
    fields = {"associated": 5, "rejected": 4, "held": 3, "limit": 9, "worker_pids": workers}
    house.live = _live(printers={"ROOM1": each, "ROOM2": each}, **fields)
    seen = printers.figures()
    assert (seen.associations, seen.associated, seen.rejected, seen.workers) == (4, 5, 4, 1)
    assert (seen.pixels_held, seen.pixels_limit) == (3, 9)
    assert seen.uptime == pytest.approx(90, abs=30)
    if Path("/proc/self/statm").exists():
        assert seen.resident.keys() == {"printers", "workers", "light box"}
        assert all(1 << 20 < size < 1 << 36 for size in seen.resident.values())


def test_what_takes_long_is_not_found_out_each_time(
    printers: Printers, printed: Printed, film: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = printers.figures().spool_bytes
    printed(film(), to=("ward",))
    assert printers.figures().spool_bytes == before
    assert printers.figures().jobs == {"PENDING": 1}


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="Linux")
def test_memory_of_nobody_is_not_known() -> None:
    assert figures._resident(_NOBODY) is None


def test_films_are_taken_where_all_is_there(printers: Printers, house: House) -> None:
    assert printers.ready() == ("the printers do not run, or are not known here",)
    open_ = _live(entrances=(Entrance("::1", 1, False, "ROOM1"),), worker_pids=(_NOBODY, os.getpid()))
    house.live = open_
    assert printers.ready() == ()
    house.live = replace(open_, entrances=())
    assert printers.ready() == ("the printers do not listen",)
    house.live = replace(open_, worker_pids=(_NOBODY,))
    assert printers.ready() == ("no worker runs: films are taken, and wait",)
    house.settings = house.settings.model_copy(update={"workers": 0})
    assert printers.ready() == ()


def test_a_job_table_that_is_away_is_the_reason(printers: Printers, house: House, spool: Spool) -> None:
    house.live = _live(entrances=(Entrance("::1", 1, False, "ROOM1"),), worker_pids=(os.getpid(),))
    with _without_table(spool):
        assert printers.ready() == ("job table: no such table: job",)
        for ask in (printers.all, printers.figures):
            with pytest.raises(Away):
                ask()
    assert printers.ready() == ()


@contextmanager
def _without_table(spool: Spool) -> Iterator[None]:
    for act in ("job RENAME TO other", "other RENAME TO job"):
        with spool._database.write() as transaction:
            transaction.connection.exec_driver_sql(f"ALTER TABLE {act}")
        if act.endswith("other"):
            yield
