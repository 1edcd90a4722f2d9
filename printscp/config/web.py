"""What a configuration says of the light box: where its page is served, and who may see it."""

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    IPvAnyNetwork,
    StringConstraints,
    model_validator,
)

from printscp.config.values import Port, by_commas

DEFAULT_WEB_PORT = 11180

HostName = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z0-9._-]+$")]


class WebSettings(BaseModel):
    """The table ``[web]``."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    enabled: bool | None = Field(
        None, description="Serve the light box. [default: printscp serve does, where its port is free]"
    )
    host: str = Field(
        "127.0.0.1", description="Address to serve it on; one that others reach asks for users or proxies."
    )
    port: Port = Field(DEFAULT_WEB_PORT, description="Port to serve it on; 0 takes any free one.")
    names: Annotated[tuple[HostName, ...], BeforeValidator(by_commas)] = Field(
        (),
        description="Names that browsers call it by, beside localhost, its address and that of this host.",
    )
    users: Path | None = Field(
        None, description="File of users and tokens, as printscp users makes it; none: no log-in."
    )
    proxies: Annotated[tuple[IPvAnyNetwork, ...], BeforeValidator(by_commas)] = Field(
        (), description="Addresses or networks of reverse proxies, whose X-Forwarded-For and -Proto count."
    )
    # None unless it is said: a proxy that knows nothing of it would hand on what a visitor has put there.
    proxy_header: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9-]+$",
        description="Header in which they say who somebody is, as X-Remote-User; none: they do not.",
    )
    proxy_role: Literal["view", "operate", "admin"] | None = Field(
        None, description="Role of those whom proxies name and the file of users does not; none: no entry."
    )
    certificate: Path | None = Field(None, description="PEM file of a certificate: serve by HTTPS.")
    key: Path | None = Field(None, description="PEM file of its private key.")
    session_minutes: float = Field(
        30, gt=0, le=720, description="Minutes without a request that end a session."
    )
    audit: Path | None = Field(
        None,
        description="File that says who saw and did what. [default: audit.jsonl in the spool folder]",
    )
    deidentified: bool = Field(
        False, description="For screens in corridors: nothing is shown to anybody that may name a patient."
    )

    @property
    def in_the_clear(self) -> bool:
        """Passwords would go over the network as they are."""
        return not (_is_loopback(self.host) or self.certificate or self.proxies)

    @model_validator(mode="after")
    def _nobody_unknown_comes_in(self) -> Self:
        if not _is_loopback(self.host) and self.users is None and not self.proxies:
            raise ValueError(
                f"host: {self.host} can be reached by others: give web.users (see printscp users), or "
                "web.proxies that say who somebody is"
            )
        if self.proxies and self.users is None and self.proxy_role is None:
            raise ValueError(
                "proxy_role: without it, and without users, nobody comes in whom proxies name: give either"
            )
        if self.proxy_role is not None and not (self.proxies and self.proxy_header):
            raise ValueError("proxy_role: needs proxies, and proxy_header in which they say who somebody is")
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key: give both or neither")
        return self


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
