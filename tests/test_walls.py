"""The rooms of the house, and the walls between them: who may import whom."""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "printscp"

# No network, no files, no clocks, no processes: what a room may use that only thinks.
PURE = frozenset(("abc", "collections", "contextlib", "copy", "dataclasses", "datetime", "enum", "fractions"))
PURE |= {
    "functools",
    "itertools",
    "math",
    "numbers",
    "operator",
    "re",
    "string",
    "threading",
    "types",
    "typing",
}
ANY_STDLIB = frozenset(sys.stdlib_module_names)


@dataclass(frozen=True)
class Room:
    """``house`` names modules of printscp (a package stands for all in it), ``others`` other packages;
    ``loads`` lets it import modules by names that it has at run time."""

    house: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    stdlib: frozenset[str] = ANY_STDLIB
    loads: bool = False


ROOMS = {
    "": Room(("printer",)),  # printscp/__init__.py, the front door
    "errors": Room(stdlib=frozenset()),
    "film": Room(("errors",), ("pydicom",), PURE),
    "catalog": Room(("film", "errors"), ("pydantic",), PURE | {"tomllib", "pathlib"}),
    "config": Room(
        ("errors", "film.profile"),
        ("pydantic",),
        PURE | {"tomllib", "pathlib", "os", "json", "fnmatch", "urllib", "ipaddress"},
    ),
    "notify": Room(stdlib=PURE | {"os", "socket", "time"}),
    "logs": Room(("errors",), ("rich",)),
    "decoding": Room(("errors",), ("pydicom",), PURE | {"struct"}),
    "transcript": Room(
        ("decoding", "errors", "film.uids", "film.statuses"),
        ("pydicom", "pydantic"),
        PURE | {"struct", "zlib"},
    ),
    "capture": Room(
        ("errors", "film.sheet", "sheet_file", "transcript"),
        ("pydantic",),
        PURE | {"io", "pathlib", "tarfile"},
    ),
    "replay": Room(
        ("errors", "capture", "client", "decoding", "transcript"), ("pydicom",), PURE | {"time", "zlib"}
    ),
    "comparison": Room(
        (
            *("errors", "capture", "film.sheet", "film.uids", "transcript"),
            *("render.compose", "render.page", "render.resample", "render.text", "render.tone"),
        ),
        ("pydicom", "numpy", "cv2", "PIL"),
        PURE | {"difflib", "pathlib", "struct", "zlib"},
    ),
    "explanation": Room(
        (
            *("errors", "film.geometry", "film.sheet", "transcript"),
            *("render.compose", "render.resample", "render.tone"),
        ),
        ("pydicom", "numpy"),
        PURE,
    ),
    "faults": Room(("errors", "durable", "film"), ("pydantic", "pydicom")),
    "wire": Room(
        ("film", "errors", "logs", "decoding", "transcript", "faults"), ("pynetdicom", "pydicom", "isal")
    ),
    "lint": Room(("errors", "decoding", "film", "transcript"), ("pydicom", "numpy")),
    "testing": Room(
        (
            *("errors", "config", "catalog", "front", "film", "render", "transcript", "lint", "faults"),
            "cli.answers",  # its program is a command as others are
        ),
        ("pydicom", "numpy", "cv2", "PIL", "isal", "matplotlib", "typer", "pytest"),
    ),
    "durable": Room(stdlib=PURE | {"errno", "os", "pathlib", "secrets"}),
    "sheet_file": Room(("film.sheet",), ("pydantic", "pydantic_core", "isal")),
    "spool": Room(("film", "errors", "sheet_file"), ("sqlalchemy", "alembic", "obstore")),
    "render": Room(
        ("film.sheet", "film.geometry"),
        ("numpy", "cv2", "PIL", "arabic_reshaper", "bidi"),
        PURE | {"pathlib", "concurrent", "unicodedata", "io"},  # fonts lie beside the code
    ),
    "outputs": Room(
        (
            *("errors", "durable", "sheet_file", "film.sheet"),
            *("render.page", "render.samples", "render.text", "render.tone"),
        ),
        ("pydantic", "numpy", "cv2", "isal", "reportlab", "PIL"),
        loads=True,  # its own modules, by the names that a configuration has for them
    ),
    "outputs.dicom": Room(
        (
            *("errors", "outputs", "film.sheet", "film.uids", "client.association"),
            *("render.page", "render.samples", "render.tone"),
        ),
        ("pydantic", "pydicom", "numpy", "cv2"),
    ),
    "delivery": Room(("film.job", "film.sheet", "spool.store", "render", "outputs"), stdlib=PURE),
    "nursery": Room(loads=True),  # what workers are made of, before it becomes one
    "supervisor": Room(("nursery", "spool"), ("pydantic_core",)),
    "worker": Room(
        ("spool", "delivery", "outputs", "film", "errors", "logs", "supervisor"), ("cv2", "pydantic")
    ),
    "workshop": Room(
        (
            "errors",
            "film",
            "config",
            "outputs.registry",
            "outputs.output",
            "outputs.curve",
            "spool",
            "supervisor",
            "transcript",
        )
    ),
    "front": Room(
        ("errors", "film", "catalog", "config", "wire", "faults", "live", "transcript"), ("pydicom",)
    ),
    "printer": Room(
        (
            *("errors", "film", "config", "front", "faults", "lightbox", "live", "transcript"),
            *("spool.rows", "workshop"),
        ),
        ("pydicom",),
    ),
    "live": Room(stdlib=PURE),
    "users": Room(("errors", "durable"), ("argon2", "pydantic")),
    "lightbox": Room(("config", "errors", "live", "notify", "users")),
    "desk": Room(
        (
            *("errors", "config", "catalog", "capture", "comparison", "delivery", "durable", "explanation"),
            *("faults", "film", "lint", "live", "outputs", "qa", "render", "sheet_file", "spool"),
            *("transcript", "workshop"),
        ),
        ("numpy", "cv2", "PIL", "pydicom"),
    ),
    "web": Room(
        ("config", "desk", "errors", "live", "logs", "users"),
        (
            *("fastapi", "starlette", "uvicorn", "jinja2", "sse_starlette", "prometheus_client", "argon2"),
            *("pydantic", "anyio", "isal", "h11"),
        ),
    ),
    "conformance": Room(("errors", "film", "catalog", "config", "wire"), ("pydicom",)),
    "client": Room(("film.uids", "errors"), ("pynetdicom", "pydicom", "numpy")),
    "qa": Room(
        ("errors", "durable", "film.sheet", "film.geometry", "render.page", "render.tone"),
        ("numpy", "cv2", "scipy", "pydantic", "pydicom", "PIL"),
    ),
    "qa.sent": Room(
        ("qa", "errors", "film.sheet", "film.geometry", "render.resample", "render.tone"), ("numpy",)
    ),
    "qa.verify": Room(
        ("qa", "errors", "film.sheet", "film.geometry", "render.page", "render.resample", "render.tone"),
        ("numpy", "cv2"),
    ),
    "qa.calibration": Room(
        ("qa", "errors", "durable", "render.samples", "render.tone", "outputs.curve"),
        ("numpy", "scipy", "pydantic"),
    ),
    "qa.report": Room(
        ("qa", "errors", "durable", "render.text", "render.tone"), ("numpy", "matplotlib", "reportlab")
    ),
    "layout_picture": Room(("film", "errors"), ("PIL",), PURE | {"pathlib"}),
    "listings": Room(("catalog", "film.job", "film.profile"), ("rich",), PURE),
    "cli": Room(
        (
            "printer",
            "capture",
            "comparison",
            "config",
            "errors",
            "explanation",
            "faults",
            "catalog",
            "lint",
            "replay",
            "transcript",
            "client",
            "conformance",
            "delivery",
            "film.job",
            "film.profile",
            "film.sheet",
            "film.statuses",
            "layout_picture",
            "listings",
            "logs",
            "notify",
            "outputs.output",
            "outputs.registry",
            "qa",
            "desk.asked",
            "desk.captured",
            "desk.grading",
            "spool.database",
            "spool.folder",
            "spool.glance",
            "spool.processes",
            "spool.queue",
            "spool.redirect",
            "spool.unprinted",
            "users",
        ),
        ("typer", "rich"),
    ),
}

# Ways to a clock, a file or a module that an import does not show.
_CLOCKS = {"now", "today", "utcnow", "fromtimestamp", "utcfromtimestamp"}
_FILES = {"open", "print", "input", "exec", "eval", "breakpoint"}
_LOADERS = {"__import__", "import_module"}


@dataclass(frozen=True)
class Import:
    """``module`` imports ``target``, both full names; ``late`` inside a function or for types only."""

    module: str
    line: int
    target: str
    late: bool = False


def imports(module: str, source: str, is_package: bool = False) -> Iterator[Import]:
    """Every import of a module, wherever it stands; names taken from a package count as its modules."""

    def visit(node: ast.AST, late: bool) -> Iterator[Import]:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(module, node.lineno, alias.name, late)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = module.split(".")
                above = above[: len(above) - node.level + is_package]
                base = ".".join([*above, *([base] if base else [])])
            for alias in node.names:
                yield Import(module, node.lineno, f"{base}.{alias.name}", late)
        else:
            for child in ast.iter_child_nodes(node):
                inside = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
                yield from visit(child, late or inside or _for_types(node))

    yield from visit(ast.parse(source), False)


def _for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)


def room_of(module: str) -> str:
    """The room of a module of the package, of those within each other the inner one; the package itself is
    room ""."""
    inner = ".".join(module.split(".")[1:3])
    return inner if inner in ROOMS else inner.partition(".")[0]


def crossings(module: str, source: str, is_package: bool = False) -> list[str]:
    """What a module does that the table of rooms does not allow, each with file, line and wall."""
    name = room_of(module)
    where = module.replace(".", "/") + ("/__init__.py" if is_package else ".py")
    if name not in ROOMS:
        return [f"{where}: belongs to no room of the table"]
    room = ROOMS[name]
    wall = f"the wall of {name or 'the package itself'}"
    found = []
    for each in imports(module, source, is_package):
        root, _, inner = each.target.partition(".")
        if root == "printscp":
            own = bool(name) and room_of(each.target) == name
            allowed = inner == "__version__" or own or _within(inner, room.house)
        elif root in ANY_STDLIB:
            allowed = root in room.stdlib
        else:
            allowed = root in room.others
        if not allowed:
            found.append(f"{where}:{each.line} imports {each.target}: crosses {wall}")
    for node in ast.walk(ast.parse(source)):
        called = node.func if isinstance(node, ast.Call) else None
        spelled = called.id if isinstance(called, ast.Name) else getattr(called, "attr", None)
        hidden = spelled in _LOADERS and not room.loads
        if room.stdlib <= PURE:
            hidden = hidden or spelled in _CLOCKS or (isinstance(called, ast.Name) and spelled in _FILES)
        if hidden:
            found.append(f"{where}:{node.lineno} calls {spelled}: crosses {wall}")
    return found


def _within(inner: str, allowed: tuple[str, ...]) -> bool:
    """A name of the package lies in one of the modules or packages that are allowed."""
    return any(inner == one or inner.startswith(f"{one}.") for one in allowed)


def modules() -> list[tuple[str, str, bool]]:
    """Name, source, and whether it is a package's own file, of every module of printscp."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if is_package else parts)
        found.append((name, path.read_text(encoding="utf-8"), is_package))
    return found


MODULES = modules()


@pytest.mark.parametrize(("name", "source", "is_package"), MODULES, ids=[name for name, _, _ in MODULES])
def test_no_wall_is_crossed(name: str, source: str, is_package: bool) -> None:
    faults = crossings(name, source, is_package)
    assert not faults, "\n".join(faults)


def test_every_module_belongs_to_a_room_and_every_room_is_lived_in() -> None:
    assert {room_of(name) for name, _, _ in MODULES} == set(ROOMS)


def test_pynetdicom_is_known_in_wire_and_client_only() -> None:
    users = {
        room_of(each.module)
        for module in MODULES
        for each in imports(*module)
        if each.target.split(".")[0] == "pynetdicom"
    }
    assert users == {"wire", "client"}


def room_graph(sources: list[tuple[str, str, bool]]) -> dict[str, set[str]]:
    """Which room imports which; the front door's late import of the printer is no way in."""
    graph: dict[str, set[str]] = {room_of(name): set() for name, _, _ in sources}
    for module in sources:
        for each in imports(*module):
            root, _, inner = each.target.partition(".")
            if root == "printscp" and inner != "__version__" and room_of(each.target) != room_of(each.module):
                graph[room_of(each.module)].add(room_of(each.target))
    return graph


def test_rooms_do_not_import_each_other_in_circles() -> None:
    TopologicalSorter(room_graph(MODULES)).prepare()


def test_the_front_door_imports_nothing_of_the_house_before_it_is_asked() -> None:
    [source] = [source for name, source, _ in MODULES if name == "printscp"]
    early = [each for each in imports("printscp", source, True) if not each.late]
    assert [each for each in early if each.target.startswith("printscp")] == []


# --- the checker itself ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "source", "wall"),
    [
        ("printscp.film.sheet", "import socket", "film/sheet.py:1 imports socket: crosses the wall of film"),
        ("printscp.film.sheet", "\nimport os.path as p", "film/sheet.py:2 imports os.path: crosses"),
        ("printscp.film.sheet", "import re, time", "imports time: crosses"),
        ("printscp.film.sheet", "from pathlib import Path", "imports pathlib.Path: crosses"),
        ("printscp.film.sheet", "from printscp.spool import queue", "imports printscp.spool.queue: crosses"),
        ("printscp.film.sheet", "from ..wire import dimse", "imports printscp.wire.dimse: crosses"),
        ("printscp.film.sheet", "from .. import worker", "imports printscp.worker: crosses"),
        ("printscp.film.sheet", "import printscp", "imports printscp: crosses"),
        ("printscp.film.sheet", "from printscp import FilmPrinter", "imports printscp.FilmPrinter: crosses"),
        ("printscp.film.sheet", "from printscp import *", "imports printscp.*: crosses"),
        ("printscp.film.sheet", "import numpy as np", "imports numpy: crosses"),
        ("printscp.film.sheet", "def f():\n    import time", "film/sheet.py:2 imports time: crosses"),
        ("printscp.film.sheet", "class A:\n    def f(self):\n        from cv2 import LUT", "imports cv2.LUT"),
        (
            "printscp.film.sheet",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from printscp.render.page import Page",
            "film/sheet.py:3 imports printscp.render.page.Page: crosses the wall of film",
        ),
        ("printscp.film.sheet", "try:\n    import isal\nexcept ImportError:\n    pass", "imports isal"),
        ("printscp.film.sheet", "from datetime import datetime\nx = datetime.now()", "sheet.py:2 calls now"),
        ("printscp.film.sheet", "f = open('x')", "calls open: crosses"),
        ("printscp.film.sheet", "__import__('socket')", "calls __import__: crosses"),
        ("printscp.wire.dimse", "import importlib\nimportlib.import_module('cv2')", "calls import_module"),
        ("printscp.wire.dimse", "from printscp.render.page import Page", "imports printscp.render.page.Page"),
        ("printscp.render.compose", "from printscp.film.dialogue import Dialogue", "the wall of render"),
        ("printscp.render.compose", "from printscp.film import sheet, dialogue", "printscp.film.dialogue"),
        ("printscp.outputs.pdf", "from printscp.film.job import Job", "the wall of outputs"),
        ("printscp.outputs.pdf", "import pydicom", "the wall of outputs"),
        ("printscp.outputs.dicom.film", "import pynetdicom", "the wall of outputs.dicom"),
        ("printscp.outputs.pdf", "from printscp.render.compose import compose", "the wall of outputs"),
        ("printscp.errors", "import re", "errors.py:1 imports re: crosses the wall of errors"),
        ("printscp.printer", "from printscp.cli import app", "printer.py:1 imports printscp.cli.app"),
        ("printscp.worker", "import pynetdicom", "worker.py:1 imports pynetdicom: crosses"),
        (
            "printscp.cli",
            "from printscp.spool.store import SheetStore",
            "imports printscp.spool.store.SheetStore",
        ),
        ("printscp.attic", "", "printscp/attic.py: belongs to no room of the table"),
    ],
)
def test_a_crossing_is_caught(module: str, source: str, wall: str) -> None:
    [fault] = crossings(module, source)
    assert wall in fault


@pytest.mark.parametrize(
    ("module", "source"),
    [
        (
            "printscp.film.sheet",
            "from printscp.film.uids import PRINTER\nfrom . import memory\nfrom .job import Job",
        ),
        ("printscp.film.sheet", "from printscp.errors import PrintError\nfrom pydicom.uid import UID"),
        (
            "printscp.film.sheet",
            "import re\nfrom collections.abc import Callable\nfrom datetime import datetime",
        ),
        ("printscp.outputs.pdf", "from printscp import __version__\nimport os\nopen('x')"),
        ("printscp.render.compose", "from printscp.film import sheet\nfrom printscp.film.sheet import Sheet"),
    ],
)
def test_a_door_is_no_wall(module: str, source: str) -> None:
    assert crossings(module, source) == []


def test_a_circle_is_caught() -> None:
    sources = [
        ("printscp.spool.queue", "from printscp.worker import Worker", False),
        ("printscp.worker", "def f():\n    from printscp.spool.queue import JobQueue", False),
    ]
    with pytest.raises(CycleError):
        TopologicalSorter(room_graph(sources)).prepare()


def test_a_package_s_own_file_counts_its_dots_from_itself() -> None:
    [found] = imports("printscp.film", "from .sheet import Sheet", True)
    assert found.target == "printscp.film.sheet.Sheet"
    [found] = imports("printscp.film", "from ..wire import dimse", True)
    assert found.target == "printscp.wire.dimse"
