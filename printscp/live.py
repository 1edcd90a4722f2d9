"""What only the process of the printers knows, told to whoever shows it."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class Entrance:
    """Where printers can be called: ``titles`` are their AE titles."""

    host: str
    port: int
    tls: bool
    titles: str


@dataclass(frozen=True)
class LivePrinter:
    """A printer as SCUs see it now: Printer Status and Printer Status Info (PS3.3 C.13.9), and how many
    associations it has."""

    status: str
    status_info: str
    associations: int


@dataclass(frozen=True)
class Live:
    """The printers' process: ``held`` and ``limit`` are bytes of pixel data; ``rejected`` and ``associated``
    count associations since it ``began``."""

    pid: int
    began: datetime
    entrances: tuple[Entrance, ...] = ()
    printers: dict[str, LivePrinter] = field(default_factory=dict)
    worker_pids: tuple[int, ...] = ()
    associated: int = 0
    rejected: int = 0
    held: int = 0
    limit: int = 0
