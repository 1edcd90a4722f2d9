"""One frozen configuration: a TOML file, over it environment variables, over them flags; applied once.

Each ``[[printers]]`` table of the file is one printer. Without any there is one all the same, and the keys of
such a table stand at the top level. Either way `Settings.printers` is what there is to run, and
`Settings.ways` where its films go.
"""

import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from printscp.config.outputs import OutputOrName, RouteSettings, check_files, matches, named
from printscp.config.personas import ALL_PERSONAS, Personas, persona
from printscp.config.places import database_url, sheets_place, sqlite_url
from printscp.config.printers import (
    DEFAULT_AE_TITLE,
    DEFAULT_FOLDER,
    Door,
    PrinterKeys,
    PrinterSettings,
    TLSSettings,
)
from printscp.config.sources import environment, over
from printscp.config.values import Port
from printscp.config.web import WebSettings
from printscp.errors import SetupError

__all__ = [
    "DEFAULT_AE_TITLE",
    "Door",
    "PrinterSettings",
    "RouteSettings",
    "Settings",
    "TLSSettings",
    "WebSettings",
    "load",
]


def _database(url: SecretStr) -> SecretStr:
    return SecretStr(database_url(url.get_secret_value()))


class Settings(PrinterKeys):
    """All there is to configure; `load` reads it."""

    # What is wrong is told without its value: there may be a password in it.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: Port = Field(11112, description="Plain port of printers that name none; 0 takes any free one.")
    spool: Path = Field(
        Path("printscp-spool"),
        description="Folder of this host: its processes, and what database and sheets do not keep elsewhere.",
    )
    database: Annotated[SecretStr, AfterValidator(_database)] | None = Field(
        None,
        description="Job table: sqlite:///FILE, or postgresql://USER:PASSWORD@HOST/DATABASE. "
        "[default: jobs.sqlite in the spool folder]",
    )
    sheets: Annotated[str, AfterValidator(sheets_place)] | None = Field(
        None,
        description="Accepted films: a folder, which hosts may share, or s3://BUCKET/PREFIX. "
        "[default: sheets in the spool folder]",
    )
    layouts: Path | None = Field(
        None, description="Folder of film sizes, formats and printer profiles beside those that come along."
    )
    qa: Path = Field(
        Path("printscp-qa"),
        description="Folder of quality assurance: what was measured on each printer, and its curves.",
    )
    memory_mib: int = Field(1024, ge=1, description="Pixel data that all associations may hold, in MiB.")
    max_associations: int = Field(64, ge=1, description="Associations at once; one more is rejected.")
    max_associations_per_peer: int = Field(
        default_factory=lambda given: given["max_associations"],
        ge=1,
        description="Associations at once from one IP address. [default: max_associations, "
        "since print gateways and address translation put many SCUs behind one address]",
    )
    max_pdu: int = Field(524288, ge=4096, le=1 << 24, description="Longest PDU that is taken, in bytes.")
    acse_timeout: float = Field(30.0, gt=0, description="Seconds to wait for an association request.")
    dimse_timeout: float = Field(
        60.0,
        gt=0,
        description="Seconds to wait for the rest of a message, and for the answer to an event report.",
    )
    idle_timeout: float = Field(300.0, gt=0, description="Seconds of silence that end an association.")
    lease: float = Field(
        30.0,
        ge=2,
        le=600,
        description="Seconds without a word of a worker after which others take over its jobs.",
    )
    attempts: int = Field(
        5,
        ge=1,
        description="How often a delivery is begun, waiting for its printer apart, till it is given up.",
    )
    queue_limit: int = Field(
        0, ge=0, description="Jobs that may wait; one more is answered as queue full. 0: no limit."
    )
    reserve_mib: int = Field(
        256,
        ge=0,
        description="Free space for films, in MiB, below which new ones are answered as queue full.",
    )
    keep_jobs: int = Field(10, ge=0, description="Delivered jobs whose films are kept, to be rendered again.")
    keep_mib: int | None = Field(
        None, ge=0, description="Films of jobs that have ended, in MiB together; the oldest go first."
    )
    keep_days: float = Field(
        30.0, ge=0, description="Days after the end of a job, failed or not, when its films are gone."
    )
    keep_records_days: float = Field(
        365.0, ge=0, description="Days after the end of a job when its record is gone, and with it its films."
    )
    drain_timeout: float = Field(
        60.0, ge=0, description="Seconds for films in the making to be finished before the printer ends."
    )
    workers: int = Field(
        1,
        ge=0,
        le=16,
        description="Processes that render and deliver; 0: others do, on this host or another.",
    )
    log_format: Literal["text", "json"] = Field("text", description="text, or json: one object a line.")
    tls: TLSSettings | None = Field(None, description="Listen for TLS, too.")
    web: WebSettings = Field(
        WebSettings(), description="The light box: a page where people see films and steer printers."
    )
    personas: Personas = Field(
        (),
        description="Printer profiles to be called by their names in capitals, of which 16 characters count: "
        "each is one more printer. all: every profile.",
    )
    faults: Path | None = Field(
        None,
        description="Script of the faults that the printers make on purpose, for tests of SCUs: see "
        "docs/faults.md. It is read again when it changes.",
    )
    routes: tuple[RouteSettings, ...] = Field(
        (), description="Tables that say which films go to which outputs; the first that takes a job decides."
    )
    printers: tuple[PrinterSettings, ...] = Field(
        (), validate_default=True, description="One table a printer."
    )

    _file: Path | None = PrivateAttr(None)

    @field_validator("outputs")
    @classmethod
    def _tables(cls, outputs: tuple[OutputOrName, ...]) -> tuple[OutputOrName, ...]:
        for each in outputs:
            if isinstance(each, str):
                raise ValueError(
                    f"{each!r}: names stand in [[printers]] and [[routes]], tables are wanted here"
                )
        return outputs

    @field_validator("printers")
    @classmethod
    def _complete(
        cls, tables: tuple[PrinterSettings, ...], info: ValidationInfo
    ) -> tuple[PrinterSettings, ...]:
        """The printer that the top level describes where there is no table, and the personas; ports and
        outputs of each."""
        if not {*PrinterKeys.model_fields, "port", "routes", "personas"} <= info.data.keys():
            return tables  # one of these is wrong, and that is said first
        shared = info.data["outputs"]
        routed = {name for route in info.data["routes"] for name in route.outputs}
        unrouted = tuple(each for each in shared if named(each)[0] not in routed)

        def outputs_of(printer: PrinterSettings) -> tuple[OutputOrName, ...]:
            if shared and printer.output is None:
                return printer.outputs or unrouted
            return printer.outputs or ({"type": "pdf", "folder": str(printer.output or DEFAULT_FOLDER)},)

        flat = {key: info.data[key] for key in PrinterKeys.model_fields if key != "outputs"}
        printers = tables or (PrinterSettings(**flat),)
        ports = tuple(dict.fromkeys(port for each in printers for port in each.ports or (info.data["port"],)))
        flat |= {"ports": ports, "tls_only": all(each.tls_only for each in printers)}
        beside = tuple(persona(name, flat) for name in info.data["personas"] if name != ALL_PERSONAS)
        return tuple(
            printer.model_copy(
                update={"ports": printer.ports or (info.data["port"],), "outputs": outputs_of(printer)}
            )
            for printer in (*printers, *beside)
        )

    @model_validator(mode="after")
    def _one_way_of_saying(self) -> Self:
        beside = [
            key for key in PrinterKeys.model_fields if key in self.model_fields_set and key != "outputs"
        ]
        if "printers" in self.model_fields_set and beside:
            raise ValueError(
                f"{', '.join(beside)}: with [[printers]] this is said in each of its tables, "
                "and not at the top level, by a flag or an environment variable"
            )
        return self

    @model_validator(mode="after")
    def _each_can_be_called(self) -> Self:
        if self.tls is None and any(printer.tls_only for printer in self.printers):
            raise ValueError("tls_only: needs a table [tls]")
        # Unique over all ports: jobs are kept by the printer's name.
        titles = [printer.announced_ae_title for printer in self.printers]
        twice = [title for title in titles if titles.count(title) > 1]
        if twice:
            unnamed = " (the name of one without)" if twice[0] == DEFAULT_AE_TITLE else ""
            raise ValueError(f"printers: ae_title: {twice[0]} is there twice{unnamed}")
        plain = {door.port for door in self.doors if not door.tls and door.port}
        if self.tls is not None and self.tls.port in plain:
            raise ValueError(f"tls.port: {self.tls.port} is a plain port, too")
        return self

    @model_validator(mode="after")
    def _each_film_goes_somewhere(self) -> Self:
        check_files(self.ways)
        for key, names in self._mentions():
            for name in names:
                if name not in self.ways:
                    raise ValueError(
                        f"{key}: no output has the name {name!r}; there are "
                        f"{', '.join(self.ways) or 'none: give each a table [[outputs]]'}"
                    )
        titles = [printer.announced_ae_title for printer in self.printers]
        for number, route in enumerate(self.routes):
            for pattern in () if ALL_PERSONAS in self.personas else route.called:
                if not any(matches(title, pattern) for title in titles):
                    raise ValueError(
                        f"routes.{number}.called: no printer is {pattern}; there are {', '.join(titles)}"
                    )
        for printer, title in zip(self.printers, titles, strict=True):
            if not printer.outputs and not any(route.takes_all_of(title) for route in self.routes):
                raise ValueError(
                    f"routes: films of {title} that no route takes have no output: give its printer one, "
                    "or leave one at the top level that no route names"
                )
        return self

    def _mentions(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The keys that name outputs, and the names."""
        for number, printer in enumerate(self.printers):
            yield (
                f"printers.{number}.outputs",
                tuple(each for each in printer.outputs if isinstance(each, str)),
            )
        for number, route in enumerate(self.routes):
            yield f"routes.{number}.outputs", route.outputs

    @cached_property
    def ways(self) -> dict[str, dict[str, Any]]:
        """The table of each output that there is, by its name, which is not in the table."""
        found: dict[str, dict[str, Any]] = {}
        for outputs in (self.outputs, *(printer.outputs for printer in self.printers)):
            for name, table in map(named, outputs):
                if table and found.setdefault(name, table) != table:
                    raise ValueError(f"outputs: {name!r} is the name of two: give one a name of its own")
        return found

    def outputs_of(self, printer_name: str) -> tuple[str, ...]:
        """Names of all outputs that films of a printer may reach: its own, then those of its routes."""
        routed = (route.outputs for route in self.routes if route.is_for(printer_name))
        return tuple(
            dict.fromkeys((*self._own_outputs(printer_name), *(name for each in routed for name in each)))
        )

    def route(
        self,
        called: str,
        calling: str,
        film_sizes: Collection[str],
        medium: str,
        destination: str,
        color: bool,
    ) -> tuple[str, ...]:
        """Names of the outputs that a job goes to.

        ``called`` is the AE title that its printer answers with, ``calling`` that of the SCU, ``film_sizes``
        are the Film Size IDs of its films, ``medium`` and ``destination`` terms of its film session, and
        ``color`` says whether any film is in color.
        """
        for route in self.routes:
            if route.takes(called, calling, film_sizes, medium, destination, color):
                return tuple(dict.fromkeys(route.outputs))
        return self._own_outputs(called)

    def _own_outputs(self, printer_name: str) -> tuple[str, ...]:
        for printer in self.printers:
            if printer.announced_ae_title == printer_name:
                return tuple(named(each)[0] for each in printer.outputs)
        return ()

    def with_personas(self, profiles: Iterable[str]) -> "Settings":
        """The settings with a printer for each of ``profiles`` where the personas are all there are; else as
        they are.

        Raises:
            SetupError: two printers would have one AE title.
        """
        if ALL_PERSONAS not in self.personas:
            return self
        given = {key: getattr(self, key) for key in self.model_fields_set} | {"personas": tuple(profiles)}
        try:
            settings = Settings.model_validate(given)
        except ValidationError as error:
            reason = _reason(error.errors(include_input=False)[0])
            raise SetupError(f"{self.source}: personas: {reason}") from None
        settings._file = self._file
        return settings

    @property
    def database_url(self) -> str:
        """URL of the job table, for SQLAlchemy; it may hold a password."""
        if self.database is None:
            return sqlite_url(str(self.spool / "jobs.sqlite"))
        return self.database.get_secret_value()

    @property
    def sheets_place(self) -> str:
        """Folder of the sheets, or ``s3://BUCKET/PREFIX``."""
        return self.sheets or str(self.spool / "sheets")

    @property
    def file(self) -> Path | None:
        """The file they come from, if there is one."""
        return self._file

    @property
    def source(self) -> str:
        """What to say of where the settings come from, before what is wrong with them."""
        return "configuration" if self._file is None else f"configuration {self._file}"

    @property
    def doors(self) -> tuple[Door, ...]:
        """Where to listen: plain ports in the order in which printers name them, then that for TLS."""
        plain: dict[int, list[PrinterSettings]] = {}
        for printer in self.printers:
            if not (printer.tls_only or (self.tls and self.tls.only)):
                for port in dict.fromkeys(printer.ports):
                    plain.setdefault(port, []).append(printer)
        doors = [Door(port, False, tuple(printers)) for port, printers in plain.items()]
        return (*doors, *([Door(self.tls.port, True, self.printers)] if self.tls else []))


def load(file: Path | None = None, **flags: Any) -> Settings:
    """Settings from ``file``, the environment and ``flags``; flags that are None count as not given.

    Raises:
        SetupError: the file cannot be read or a value is wrong; the message names it.
    """
    said = {} if file is None else _read(file)
    given = {key: value for key, value in flags.items() if value is not None}
    nearer = over(given, environment(Settings.model_fields))
    try:
        settings = Settings.model_validate(over(nearer, said))
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        by_file = not key or (first["loc"][0] in said and first["loc"][0] not in nearer)
        source = f"configuration {file}" if file is not None and by_file else "configuration"
        raise SetupError(": ".join(filter(None, (source, key, _reason(first))))) from None
    settings._file = file
    return settings


def _read(file: Path) -> dict[str, Any]:
    if not file.is_file():
        raise SetupError(f"configuration {file}: no such file")
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SetupError(f"configuration {file}: {error}") from error


def _reason(error: Mapping[str, Any]) -> str:
    if error["type"] == "extra_forbidden":
        return "there is no such key"
    if error["type"] == "missing":
        return "is missing"
    message: str = error["msg"]
    return message.removeprefix("Value error, ").replace("a valid tuple", "a list")
