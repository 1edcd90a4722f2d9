"""Plays the dialogue of a print job again, to any printer.

The same presentation contexts are proposed, and the same requests sent in the same order, each with the
bytes of the data set that it had; they are encoded anew only where the other printer chose another transfer
syntax, or gave instances other UIDs. Events are confirmed as they come (PS3.7 10.1.1), whatever the SCU did.
"""

import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from pydicom.dataset import Dataset
from pydicom.uid import UID

from printscp.capture import Capture
from printscp.client.association import ClientError, Unreachable
from printscp.client.verbatim import Reply, VerbatimAssociation, encoded
from printscp.decoding import decode
from printscp.errors import NotPossible, PrintError
from printscp.transcript import Cut, Step, Transcript
from printscp.transcript.renaming import Renaming
from printscp.transcript.words import title

LONGEST_PAUSE = 10.0
"""Seconds that a pause of the SCU is kept at most."""

_TIMEOUT = 60.0  # seconds for each answer: a printer that renders first takes its time
_INSTANCES = ("AffectedSOPInstanceUID", "RequestedSOPInstanceUID")


@dataclass(frozen=True)
class Played:
    """A request of the dialogue: its answers ``then`` and ``now``, None where none came or it was not sent;
    ``note`` says what else there is to say."""

    number: int
    request: str
    then: int | None
    now: int | None
    note: str

    @property
    def same(self) -> bool:
        """It was answered as then."""
        return self.then == self.now


def replay(
    capture: Capture,
    host: str,
    port: int,
    *,
    called: str = "",
    calling: str = "",
    as_timed: bool = False,
    wait: Callable[[float], None] = time.sleep,
    timeout: float = _TIMEOUT,
) -> Iterator[Played]:
    """Play the dialogue of a job to a printer, with its AE titles unless others are given; yields each
    request once it is answered. ``as_timed`` keeps the pauses that the SCU made, up to `LONGEST_PAUSE` each.

    Raises:
        NotPossible: the dialogue is not kept, or has lost its beginning.
        ClientError: the printer cannot be reached, or takes no association.
    """
    said = capture.said
    if said.dropped:
        raise NotPossible(f"{capture.name}: the beginning of its dialogue is not kept: it was too long")
    if not any(each.proposed for each in said.contexts):
        raise NotPossible(f"{capture.name}: its dialogue has no presentation context to propose")
    proposed = [(each.abstract_syntax, each.proposed) for each in said.contexts]
    titles = called or said.called or said.printer, calling or said.calling
    with VerbatimAssociation(host, port, *titles, proposed, timeout) as association:
        player = _Player(said, association, _Pixels(capture))
        answered = 0.0  # of the dialogue, in its time
        for request, answer in said.exchanges():
            if as_timed:
                wait(min(max(0.0, request.at - answered), LONGEST_PAUSE))
            answered = answer.at if answer else request.at
            yield player.play(request, answer)


class _Pixels:
    """The pixel data of a job's films, by what a `Cut` says of them."""

    def __init__(self, capture: Capture) -> None:
        self._capture = capture
        self._known: dict[tuple[int, int], tuple[int, int]] = {}  # to film and index of image
        self._film: tuple[int, tuple[bytes, ...]] = 0, ()
        for number in range(1, capture.films + 1):
            for index, pixels in enumerate(self._images(number)):
                self._known[len(pixels), zlib.crc32(pixels)] = number, index

    def of(self, cut: Cut) -> bytes | None:
        """The pixel data that were cut; None where no film has them any more."""
        found = self._known.get((cut.length, cut.crc))
        return None if found is None else self._images(found[0])[found[1]]

    def _images(self, number: int) -> tuple[bytes, ...]:
        """Of one film at a time: they are large."""
        if self._film[0] != number:
            try:
                images = self._capture.film(number).images
            except NotPossible:
                images = ()
            self._film = number, tuple(bytes(image.pixels) for image in images)
        return self._film[1]


class _Player:
    """What plays requests, one by one."""

    def __init__(self, said: Transcript, association: VerbatimAssociation, pixels: _Pixels) -> None:
        self._said = said
        self._association = association
        self._pixels = pixels
        self._renaming = Renaming()
        self._contexts = {context.id: index for index, context in enumerate(said.contexts)}

    def play(self, request: Step, answer: Step | None) -> Played:
        name, then = title(self._said, request), answer.status if answer else None
        pixels = self._pixels.of(request.cut) if request.cut else None
        notes = [f"then {request.note}"] if request.note else []
        if request.cut and pixels is None:
            notes.append("pixels are not kept: zeros sent")
        try:
            reply = self._send(name, request, pixels)
        except (ClientError, PrintError) as error:
            return Played(request.number, name, then, None, str(error).removeprefix(f"{name}: "))
        self._learn(request, answer, reply)
        if reply.comment:
            notes.append(reply.comment)
        return Played(request.number, name, then, reply.status, "; ".join(notes))

    def _send(self, name: str, request: Step, pixels: bytes | None) -> Reply:
        context = self._contexts.get(request.context_id)
        if not self._association.stands:
            raise Unreachable(f"{name}: not sent: the association has ended")
        syntax = None if context is None else self._association.syntax(context)
        if context is None or syntax is None:
            raise ClientError(f"{name}: not sent: the printer did not accept its presentation context")
        command = request.command | {
            keyword: self._renaming.uid(request.command[keyword])
            for keyword in _INSTANCES
            if request.command.get(keyword)
        }
        data = self._encoded(request, pixels, syntax)
        return self._association.ask(name, request.service, command, data, context)

    def _encoded(self, request: Step, pixels: bytes | None, syntax: UID) -> bytes:
        """The data set of a request, as the printer is to have it."""
        whole = request.encoded(pixels)
        context = self._said.context(request)
        accepted = UID(context.accepted if context else syntax)
        if not whole or (accepted == syntax and not self._renaming.needed):
            return whole
        dataset = decode(whole, accepted)
        if not self._renaming.apply(dataset) and accepted == syntax:
            return whole
        return encoded(_own(dataset), syntax)

    def _learn(self, request: Step, answer: Step | None, reply: Reply) -> None:
        if answer is None:
            return
        then = request.command.get("AffectedSOPInstanceUID") or str(answer.instance)
        now = request.command.get("AffectedSOPInstanceUID") or reply.instance
        self._renaming.learn(then, _read(self._said, answer), now, reply.dataset)


def _read(said: Transcript, answer: Step) -> Dataset:
    try:
        return said.dataset(answer)
    except PrintError:  # one that was spoilt on purpose
        return Dataset()


def _own(dataset: Dataset) -> Dataset:
    """The data set with values that a writer takes: long ones were views of the bytes it came from."""
    for element in dataset.iterall():
        if isinstance(element.value, memoryview):
            element.value = bytes(element.value)
    return dataset


def differing(played: Sequence[Played]) -> int:
    """How many requests were answered otherwise than then."""
    return sum(not each.same for each in played)
