"""One frozen configuration: a TOML file, over it environment variables, over them flags; applied once.

Each ``[[printers]]`` table of the file is one printer. Without any there is one all the same, and the keys of
such a table stand at the top level. Either way `Settings.printers` is what there is to run.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    IPvAnyNetwork,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from printscp.errors import SetupError
from printscp.film.profile import Mode

DEFAULT_AE_TITLE = "PRINTSCP"
_FILMS = Path("printscp-films")


def _ae_title(value: str) -> str:
    title = value.strip()
    if not 1 <= len(title) <= 16 or "\\" in title or not title.isascii() or not title.isprintable():
        raise ValueError("an AE title has 1 to 16 printable ASCII characters and no backslash")
    return title


def _by_commas(value: Any) -> Any:
    """An environment variable holds a list with commas between."""
    return [each for each in value.split(",") if each.strip()] if isinstance(value, str) else value


_AETitle = Annotated[str, AfterValidator(_ae_title)]
_Port = Annotated[int, Field(ge=0, le=65535)]
_List = (NoDecode, BeforeValidator(_by_commas))


class _PrinterKeys(BaseModel):
    """What a ``[[printers]]`` table says of a printer, or the top level where there is none."""

    ae_title: _AETitle | None = Field(
        None, description="AE title of the printer; one without takes every title that no other has."
    )
    profile: str = Field("imager17", description="Printer profile of layouts/printers.")
    mode: Mode = Field(
        Mode.TOLERANT, description="tolerant: real SCUs get their film; strict: PS3.4 to the letter."
    )
    output: Path | None = Field(
        None,
        description="Folder that gets one 8-bit PDF a job: short for one of outputs. "
        f"[default: {_FILMS}, where there are no outputs]",
    )
    outputs: tuple[dict[str, Any], ...] = Field(
        (), validate_default=True, description="One table a way out: its type, and the keys of that."
    )
    job_events: bool = Field(
        True, description="Report events of print jobs to SCUs that negotiate Print Job."
    )
    printer_events: bool = Field(False, description="Report events of the printer; some SCUs abort on one.")
    allow_calling: Annotated[tuple[_AETitle, ...], *_List] = Field(
        (), description="AE titles that may print here, * and ? as wildcards; none given: all."
    )
    allow_addresses: Annotated[tuple[IPvAnyNetwork, ...], *_List] = Field(
        (), description="Addresses or networks that may print here; none given: all."
    )
    tls_only: bool = Field(False, description="Not to be called on plain ports.")

    @field_validator("outputs")
    @classmethod
    def _at_least_one(
        cls, tables: tuple[dict[str, Any], ...], info: ValidationInfo
    ) -> tuple[dict[str, Any], ...]:
        """All ways out there are, the short form among them."""
        folder = info.data.get("output")
        if tables and folder is not None:
            raise ValueError("output is given as well: make it one of these tables")
        # Files are named after jobs.
        ways = [(table.get("type"), str(Path(str(table.get("folder"))).resolve())) for table in tables]
        for kind, place in ways:
            if ways.count((kind, place)) > 1:
                raise ValueError(f"{kind} in {place} is there twice, and one would overwrite the other")
        return tables or ({"type": "pdf", "folder": folder or _FILMS},)


class PrinterSettings(_PrinterKeys):
    """One printer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ports: tuple[_Port, ...] = Field((), min_length=1, description="Plain ports. [default: port]")

    @property
    def announced_ae_title(self) -> str:
        """The AE title the printer answers with."""
        return self.ae_title or DEFAULT_AE_TITLE


class TLSSettings(BaseModel):
    """DICOM over TLS (PS3.15 Annex B)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: _Port = Field(2762, description="Port of all printers for TLS.")
    certificate: Path = Field(
        description="PEM file of the printer's certificate, and those that vouch for it."
    )
    key: Path = Field(description="PEM file of its private key.")
    ca: Path | None = Field(
        None, description="PEM file of certificates that vouch for SCUs; when given, each must show its own."
    )
    only: bool = Field(False, description="No plain ports at all.")


@dataclass(frozen=True)
class Door:
    """A port to listen on, and the printers that can be called there. Port 0 takes any free one."""

    port: int
    tls: bool
    printers: tuple[PrinterSettings, ...]


class Settings(_PrinterKeys, BaseSettings):
    """All there is to configure. Environment variables have the prefix ``PRINTSCP_``."""

    model_config = SettingsConfigDict(
        env_prefix="PRINTSCP_", env_nested_delimiter="__", frozen=True, extra="forbid"
    )

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: _Port = Field(11112, description="Plain port of printers that name none; 0 takes any free one.")
    spool: Path = Field(Path("printscp-spool"), description="Folder of the job table and accepted films.")
    layouts: Path | None = Field(
        None, description="Folder of film sizes, formats and printer profiles beside those that come along."
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
    attempts: int = Field(3, ge=1, description="How often a film may break its worker before it is given up.")
    keep_jobs: int = Field(10, ge=0, description="Delivered jobs whose films are kept, to be rendered again.")
    workers: int = Field(1, ge=1, le=16, description="Processes that render and deliver.")
    log_format: Literal["text", "json"] = Field("text", description="text, or json: one object a line.")
    tls: TLSSettings | None = Field(None, description="Listen for TLS, too.")
    printers: tuple[PrinterSettings, ...] = Field(
        (), validate_default=True, description="One table a printer."
    )

    @field_validator("printers")
    @classmethod
    def _complete(
        cls, tables: tuple[PrinterSettings, ...], info: ValidationInfo
    ) -> tuple[PrinterSettings, ...]:
        """The printer that the top level describes where there is no table, and each with its ports."""
        if not {*_PrinterKeys.model_fields, "port"} <= info.data.keys():
            return tables  # one of these is wrong, and that is said first
        flat = {key: info.data[key] for key in _PrinterKeys.model_fields}
        if flat["output"] is not None:
            del flat["outputs"]  # made of it
        ports = {"ports": (info.data["port"],)}
        return tuple(
            printer if printer.ports else printer.model_copy(update=ports)
            for printer in tables or (PrinterSettings(**flat),)
        )

    @model_validator(mode="after")
    def _one_way_of_saying(self) -> Self:
        beside = [key for key in _PrinterKeys.model_fields if key in self.model_fields_set]
        if "printers" in self.model_fields_set and beside:
            raise ValueError(
                f"{', '.join(beside)}: with [[printers]] this is said in each of its tables, "
                "and not by a flag or an environment variable"
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

    @property
    def source(self) -> str:
        """What to say of where the settings come from, before what is wrong with them."""
        file = self.model_config.get("toml_file")
        return "configuration" if file is None else f"configuration {file}"

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

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load(file: Path | None = None, **flags: Any) -> Settings:
    """Settings from ``file``, the environment and ``flags``; flags that are None count as not given.

    Raises:
        SetupError: the file cannot be read or a value is wrong; the message names it.
    """
    given = {key: value for key, value in flags.items() if value is not None}
    if file is not None and not file.is_file():
        raise SetupError(f"configuration {file}: no such file")

    class FromFile(Settings):
        model_config = SettingsConfigDict(toml_file=file)

    try:
        return FromFile(**given)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SetupError(f"configuration {file}: {error}") from error
    except SettingsError as error:
        raise SetupError(f"configuration: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        key = first["loc"]
        reason = first["msg"].removeprefix("Value error, ").replace("a valid tuple", "a list")
        place = f" {file}" if file is not None and _said_in(file, key, given) else ""
        raise SetupError(": ".join([f"configuration{place}", *_dotted(key), reason])) from error


def _said_in(file: Path, key: tuple[int | str, ...], given: dict[str, Any]) -> bool:
    """Whether it is the file that gives the value of a key; where no single key is wrong, it has its part."""
    over = given.keys() | EnvSettingsSource(Settings)().keys()
    return not key or (key[0] in tomllib.loads(file.read_text(encoding="utf-8")) and key[0] not in over)


def _dotted(key: tuple[int | str, ...]) -> list[str]:
    return [".".join(str(part) for part in key)] if key else []
