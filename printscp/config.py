"""One frozen configuration: a TOML file, over it environment variables, over them flags; applied once."""

import tomllib
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from printscp.errors import SetupError

DEFAULT_AE_TITLE = "PRINTSCP"


class Settings(BaseSettings):
    """All there is to configure. Environment variables have the prefix ``PRINTSCP_``."""

    model_config = SettingsConfigDict(env_prefix="PRINTSCP_", frozen=True, extra="forbid")

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(11112, ge=0, le=65535, description="Port to listen on; 0 takes any free one.")
    ae_title: str | None = Field(
        None, description="AE title of the printer. When given, associations that call another are rejected."
    )
    profile: str = Field("imager17", description="Printer profile of layouts/printers.")
    spool: Path = Field(Path("printscp-spool"), description="Folder of the job table and accepted films.")
    output: Path = Field(Path("printscp-films"), description="Folder that gets one PDF per film.")
    memory_mib: int = Field(1024, ge=1, description="Pixel data that all associations may hold, in MiB.")
    max_associations: int = Field(32, ge=1, description="Associations at once; one more is rejected.")
    acse_timeout: float = Field(30.0, gt=0, description="Seconds to wait for an association request.")
    idle_timeout: float = Field(300.0, gt=0, description="Seconds of silence that end an association.")
    attempts: int = Field(3, ge=1, description="How often a film may break its worker before it is given up.")

    @field_validator("ae_title")
    @classmethod
    def _ae_title(cls, value: str | None) -> str | None:
        if value is None:
            return None
        title = value.strip()
        if not 1 <= len(title) <= 16 or "\\" in title or not title.isascii() or not title.isprintable():
            raise ValueError("an AE title has 1 to 16 printable ASCII characters and no backslash")
        return title

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

    @property
    def announced_ae_title(self) -> str:
        """The AE title the printer answers with."""
        return self.ae_title or DEFAULT_AE_TITLE


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
        key = ".".join(str(part) for part in first["loc"])
        in_file = file is not None and key in tomllib.loads(file.read_text()) and key not in given
        raise SetupError(f"configuration{f' {file}' if in_file else ''}: {key}: {first['msg']}") from error
