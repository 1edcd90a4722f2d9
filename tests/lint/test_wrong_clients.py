"""Each script of `samples/wrong` makes the findings that it says it makes, and no others."""

import subprocess
import sys

import pytest
from peers.wrong import WRONG, assert_refusals_are_explained, client, codes, dialogue, report

from printscp.catalog import Catalog
from printscp.lint.kinds import KINDS
from printscp.testing import BenchPrinter

pytestmark = pytest.mark.slow

_CLIENTS = sorted(path.stem for path in WRONG.glob("*.py") if path.stem != "right")


@pytest.mark.parametrize("mode", ["tolerant", "strict"])
@pytest.mark.parametrize("name", _CLIENTS)
def test_a_wrong_client_is_found_out(name: str, mode: str) -> None:
    module = client(name)
    found = report(dialogue(lambda address: module.WrongScu(*address).print_films(), mode))
    assert codes(found, "error", "warning") == set(module.FINDINGS)
    assert_refusals_are_explained(found)


@pytest.mark.parametrize("mode", ["tolerant", "strict"])
def test_the_right_client_has_nothing_to_be_said_of(mode: str) -> None:
    right = client("right")
    found = report(dialogue(lambda address: right.PrintScu(*address).print_films(), mode))
    assert found.findings == ()
    assert found.ok
    assert {each.status for each in found.requests} == {0}


def test_there_are_clients_for_the_common_mistakes() -> None:
    assert len(_CLIENTS) >= 20
    for name in _CLIENTS:
        module = client(name)
        assert set(module.FINDINGS) <= KINDS.keys()
        assert (module.__doc__ or "").count("\n") >= 2, f"{name} does not say what goes wrong"


def test_the_read_me_lists_them() -> None:
    listed = (WRONG / "README.md").read_text(encoding="utf-8")
    for name in _CLIENTS:
        module = client(name)
        first = (module.__doc__ or "").splitlines()[0]
        found = ", ".join(f"`{code}`" for code in module.FINDINGS)
        assert f"| `{name}.py` | {first} | {found} |" in listed


def test_a_client_is_a_program() -> None:
    with BenchPrinter() as printer:
        script = [sys.executable, str(WRONG / "polarity_doubled.py"), printer.host, str(printer.port)]
        subprocess.run(script, check=True, timeout=60)
        printer.wait_for_association_end()
        (transcript,) = printer.dialogues
    assert codes(report(transcript)) == {"polarity-doubled"}


def test_what_every_imager_answers_is_told() -> None:
    module = client("wrong_position")
    imagers = Catalog().profile_names
    found = report(dialogue(lambda address: module.WrongScu(*address).print_films()), *imagers)
    (flaw,) = [each for each in found.findings if each.code == "wrong-position"]
    assert flaw.imagers.keys() == set(imagers)
    assert flaw.imagers["fuji_drypix4000"].startswith("0x0106 refused: ImageBoxPosition")
    assert flaw.imagers["iherestricted"].startswith("not reached: refused at step ")
