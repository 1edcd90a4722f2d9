"""Printers with their states, and how the house does."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from printscp.config import PrinterSettings
from printscp.config.outputs import place_of
from printscp.desk.costly import Costly
from printscp.desk.figures import Gauges
from printscp.desk.house import House
from printscp.desk.records import Figures, SeenOutput, SeenPrinter
from printscp.errors import NoSuchJob, SetupError
from printscp.faults.fault import Kind
from printscp.faults.file import read_file
from printscp.faults.rule import FaultRule
from printscp.film.printer import PrinterState, worst
from printscp.film.profile import PrinterProfile
from printscp.spool.rows import OutputState
from printscp.workshop import calibration

_LASTING = (Kind.STATE, Kind.SUPPLY)  # faults that are there all the time
_NORMAL = PrinterState()


@dataclass(frozen=True)
class States:
    """What is the matter: with ``outputs``, by name, and with the ``spool`` itself."""

    outputs: dict[str, OutputState]
    spool: OutputState | None

    @classmethod
    def of(cls, house: House) -> "States":
        """As it is now.

        Raises:
            Away
        """
        with house.reached():
            return cls(house.queue.conditions(), house.spool.state())

    def of_printer(self, house: House, name: str) -> PrinterState:
        """What SCUs are told of a printer."""
        live = house.live and house.live.printers.get(name)
        if live:
            return PrinterState(live.status, live.status_info)
        concerned = (self.outputs.get(output) for output in house.settings.outputs_of(name))
        return worst(each.printer for each in (self.spool, *concerned) if each is not None)


class Printers:
    """Printers by the AE title that they answer with."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._gauges = Gauges(house)
        self._counts = Costly(house.spool.listing.counts)
        self._profiles: dict[tuple[object, str], PrinterProfile] = {}

    def all(self) -> tuple[SeenPrinter, ...]:
        """All printers of the settings."""
        return tuple(self._seen(self._house.settings.printers))

    def one(self, name: str) -> SeenPrinter:
        """One of them."""
        printers = self._house.settings.printers
        ours = [each for each in printers if each.announced_ae_title == name]
        if not ours:
            titles = ", ".join(each.announced_ae_title for each in printers)
            raise NoSuchJob(f"no printer {name[:20]!r}: there are {titles}")
        [found] = self._seen(ours)
        return found

    def outputs(self) -> tuple[str, ...]:
        """Names of all outputs that films can go to."""
        return tuple(self._house.settings.ways)

    def figures(self) -> Figures:
        """Disk, memory, associations and throughput."""
        return self._gauges.figures()

    def ready(self) -> tuple[str, ...]:
        """Why films cannot be taken now, or printed; nothing where all is well."""
        return self._gauges.complaints()

    def _seen(self, printers: "tuple[PrinterSettings, ...] | list[PrinterSettings]") -> Iterator[SeenPrinter]:
        house = self._house
        with house.reached():
            states = States.of(house)
            waiting = house.spool.listing.waiting()
            counts: defaultdict[str, dict[str, int]] = defaultdict(dict)
            for (name, status), count in self._counts().items():
                counts[name][str(status)] = count
        faults = self._faults()
        for each in printers:
            name = each.announced_ae_title
            profile = self._profile(each.profile)
            state = states.of_printer(house, name)
            live = house.live and house.live.printers.get(name)
            outputs = house.settings.outputs_of(name)
            yield SeenPrinter(
                name=name,
                profile=each.profile,
                manufacturer=profile.manufacturer,
                model=profile.model,
                mode=str(each.mode or profile.mode),
                status=state.status,
                status_info=state.info,
                reasons=tuple(_reasons(name, outputs, states, faults)),
                entrances=tuple(_entrances(house, name)),
                associations=live.associations if live else None,
                outputs=tuple(self._output(output, states, waiting) for output in outputs),
                jobs=counts[name],
                calibrated=calibration(house.settings, name),
            )

    def _output(self, name: str, states: States, waiting: dict[str, int]) -> SeenOutput:
        table = self._house.settings.ways[name]
        condition = states.outputs.get(name, OutputState(_NORMAL, ""))
        return SeenOutput(
            name=name,
            type=table["type"],
            place=place_of(table),
            status=condition.printer.status,
            status_info=condition.printer.info,
            info=condition.info,
            waiting=waiting.get(name, 0),
        )

    def _profile(self, name: str) -> PrinterProfile:
        """Read and checked once, as the printer does it."""
        key = self._house.settings.layouts, name
        if key not in self._profiles:
            self._profiles[key] = self._house.catalog.profile(name)
        return self._profiles[key]

    def _faults(self) -> tuple[FaultRule, ...]:
        """Faults that last while they are on."""
        file = self._house.settings.faults
        try:
            rules = () if file is None else read_file(file).faults
        except SetupError:  # whoever looks at the faults is told
            return ()
        return tuple(rule for rule in rules if rule.kind in _LASTING)


def _reasons(
    printer: str, outputs: tuple[str, ...], states: States, faults: tuple[FaultRule, ...]
) -> Iterator[str]:
    """Why a printer may not be NORMAL, in words."""
    if states.spool is not None:
        yield states.spool.info
    for name in outputs:
        condition = states.outputs.get(name)
        if condition is not None:
            yield f"{name}: {condition.info or condition.printer.info}"
    for rule in faults:
        if rule.is_for(printer, rule.calling):
            yield f"fault made on purpose: {rule.name}"


def _entrances(house: House, name: str) -> Iterator[str]:
    """Where a printer can be called."""
    if house.live is not None:
        for door in house.live.entrances:
            if name in door.titles.split(", "):
                yield _entrance(door.host, door.port, door.tls)
    else:
        for planned in house.settings.doors:
            called = any(each.announced_ae_title == name for each in planned.printers)
            if called and planned.port:  # of port 0 only the printers' process knows which it got
                yield _entrance(house.settings.host, planned.port, planned.tls)


def _entrance(host: str, port: int, tls: bool) -> str:
    return f"{f'[{host}]' if ':' in host else host}:{port}{' TLS' if tls else ''}"
