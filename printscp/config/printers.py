"""What a configuration says of a printer, of TLS, and where both can be called."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    IPvAnyNetwork,
    ValidationInfo,
    field_validator,
)

from printscp.config.outputs import OutputOrName, named
from printscp.config.values import AETitle, Port, by_commas
from printscp.film.profile import Mode

DEFAULT_AE_TITLE = "PRINTSCP"
DEFAULT_FOLDER = Path("printscp-films")


class PrinterKeys(BaseModel):
    """What a ``[[printers]]`` table says of a printer, or the top level where there is none."""

    ae_title: AETitle | None = Field(
        None, description="AE title of the printer; one without takes every title that no other has."
    )
    profile: str = Field("imager17", description="Printer profile of layouts/printers.")
    mode: Mode | None = Field(
        None,
        description="tolerant: real SCUs get their film; strict: PS3.4 to the letter. "
        "[default: as the profile says]",
    )
    output: Path | None = Field(
        None,
        description="Folder that gets one 8-bit PDF a job: short for one of outputs. "
        f"[default: {DEFAULT_FOLDER}, where there are no outputs]",
    )
    outputs: tuple[OutputOrName, ...] = Field(
        (),
        description="Tables with type, keys of that type, and name; a printer may have names of such tables, "
        "too. [default: the tables of the top level that no route names]",
    )
    job_events: bool = Field(
        True, description="Report events of print jobs to SCUs that negotiate Print Job."
    )
    printer_events: bool = Field(False, description="Report events of the printer; some SCUs abort on one.")
    allow_calling: Annotated[tuple[AETitle, ...], BeforeValidator(by_commas)] = Field(
        (), description="AE titles that may print here, * and ? as wildcards; none given: all."
    )
    allow_addresses: Annotated[tuple[IPvAnyNetwork, ...], BeforeValidator(by_commas)] = Field(
        (), description="Addresses or networks that may print here; none given: all."
    )
    tls_only: bool = Field(False, description="Not to be called on plain ports.")

    @field_validator("outputs")
    @classmethod
    def _said_once(cls, outputs: tuple[OutputOrName, ...], info: ValidationInfo) -> tuple[OutputOrName, ...]:
        if outputs and info.data.get("output") is not None:
            raise ValueError("output is given as well: make it one of these tables")
        names = [named(each)[0] for each in outputs]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"{name} is there twice")
        return outputs


class PrinterSettings(PrinterKeys):
    """One printer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ports: tuple[Port, ...] = Field((), min_length=1, description="Plain ports. [default: port]")

    @property
    def announced_ae_title(self) -> str:
        """The AE title the printer answers with."""
        return self.ae_title or DEFAULT_AE_TITLE


class TLSSettings(BaseModel):
    """DICOM over TLS (PS3.15 Annex B)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: Port = Field(2762, description="Port of all printers for TLS.")
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
