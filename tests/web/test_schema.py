"""The API against its own OpenAPI document: asked at random by schemathesis it neither fails nor answers what
it does not say."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from peers.lightbox import bearer, write_people
from peers.printed import print_to, settings_in
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from printscp.config import WebSettings
from printscp.desk import Desk
from printscp.live import Entrance, Live
from printscp.web.app import create_app

pytestmark = pytest.mark.slow

ENDLESS = "/api/v1/events"
EXAMPLES = 2  # of each operation
COSTLY = "/verification"
CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Any]:
    print_to(tmp_path)
    users = write_people(tmp_path / "users.toml")
    web = WebSettings(users=users, names=("testserver", "localhost"))
    with Desk(settings_in(tmp_path).model_copy(update={"web": web})) as desk:
        entrance = Entrance("127.0.0.1", 11112, False, "PRINTSCP")
        desk.tell(Live(1, datetime.now(UTC), (entrance,), worker_pids=(1,)))
        yield create_app(desk)


def operations(app: Any, headers: dict[str, str]) -> list[Any]:
    """Of the API, those that make an end of things last."""
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", app, headers=bearer("chief"))
    found = [each.ok() for each in schema.get_all_operations()]
    found = [each for each in found if each.path != ENDLESS and COSTLY not in each.path]
    return sorted(found, key=lambda each: each.method == "delete")


def ask(operation: Any, mode: GenerationMode, examples: int, headers: dict[str, str]) -> None:
    """Half of the questions are of a film that is there."""

    @given(case=operation.as_strategy(generation_mode=mode), there=st.booleans())
    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def run(case: Any, there: bool) -> None:
        if there:
            for name, value in (("job", "latest"), ("film", 1), ("number", 1), ("printer", "PRINTSCP")):
                if name in case.path_parameters:
                    case.path_parameters[name] = value
        if (case.query or {}).get("wait"):
            case.query["wait"] = 0
        answer = case.call(headers=headers)
        case.validate_response(answer, checks=CHECKS)

    with suppress(Unsatisfiable):  # there is nothing that can be asked wrongly
        run()


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_an_administrator_is_answered_as_the_document_says(app: Any, mode: GenerationMode) -> None:
    for operation in operations(app, bearer("chief")):
        ask(operation, mode, EXAMPLES, bearer("chief"))


def test_nobody_is_answered_as_the_document_says(app: Any) -> None:
    for operation in operations(app, {}):
        ask(operation, GenerationMode.POSITIVE, 1, {})
