"""What an SCU asked for, film by film, and what was answered, read back from the dialogue of a print job."""

from dataclasses import dataclass, field

from pydicom.dataset import Dataset

from printscp.errors import PrintError
from printscp.film.statuses import category
from printscp.film.uids import (
    BASIC_COLOR_IMAGE_BOX,
    BASIC_FILM_BOX,
    BASIC_FILM_SESSION,
    BASIC_GRAYSCALE_IMAGE_BOX,
)
from printscp.transcript import Step, Transcript

_IMAGE_BOXES = (BASIC_GRAYSCALE_IMAGE_BOX, BASIC_COLOR_IMAGE_BOX)


@dataclass
class Asked:
    """Attributes of an instance: what was ``sent`` for it, and what is ``in_force`` as it was answered."""

    instance: str = ""
    sent: Dataset = field(default_factory=Dataset)
    in_force: Dataset = field(default_factory=Dataset)

    def take(self, sent: Dataset, answered: Dataset | None) -> None:
        """A request that was carried out, and what its answer says of it."""
        self.sent.update(sent)
        self.in_force.update(answered if answered is not None else sent)


@dataclass
class AskedFilm:
    """A film box; ``images`` has the steps of the N-SETs in force, by position."""

    session: Asked
    film_box: Asked
    images: dict[int, Step] = field(default_factory=dict)


def films_of(dialogue: Transcript, job: str) -> list[AskedFilm]:
    """The films of a print job, in their order; fewer where a very long dialogue has lost its beginning."""
    answer = next((step for step in dialogue.steps if step.job == job), None)
    last = answer.answers if answer else dialogue.steps[-1].number
    action = next((step for step in dialogue.steps if step.number == last), None)
    films = _Films()
    for request, answered in dialogue.exchanges():
        if request.number >= last:
            break
        if answered is not None and category(answered.status or 0) != "Failure":
            films.take(dialogue, request, answered)
    if action is not None and action.sop_class == BASIC_FILM_BOX:
        return [each for each in films.alive if each.film_box.instance == action.instance]
    return films.alive


class _Films:
    """The film boxes of a film session, as they come and go."""

    def __init__(self) -> None:
        self._session = Asked()
        self.alive: list[AskedFilm] = []

    def take(self, dialogue: Transcript, request: Step, answer: Step) -> None:
        """A request that was carried out."""
        service, sop_class = request.service, request.sop_class
        instance = str(request.instance or answer.instance)
        if sop_class in _IMAGE_BOXES and service == "N-SET" and self.alive:
            self._put(dialogue, request)
        elif service == "N-DELETE":
            if sop_class == BASIC_FILM_SESSION:
                self._session, self.alive = Asked(), []
            self.alive = [each for each in self.alive if each.film_box.instance != instance]
        elif service in ("N-CREATE", "N-SET") and sop_class in (BASIC_FILM_SESSION, BASIC_FILM_BOX):
            if service == "N-CREATE" and sop_class == BASIC_FILM_SESSION:
                self._session, self.alive = Asked(instance), []
            elif service == "N-CREATE":
                self.alive.append(AskedFilm(self._session, Asked(instance)))
            asked = self._session if sop_class == BASIC_FILM_SESSION else self._film_box(instance)
            if asked is not None:
                answered = _dataset(dialogue, answer) if answer.data else None
                asked.take(_dataset(dialogue, request), answered)

    def _put(self, dialogue: Transcript, request: Step) -> None:
        position = _dataset(dialogue, request).get("ImageBoxPosition")
        if isinstance(position, int):
            self.alive[-1].images[position] = request  # only the last film box is alive (PS3.4 H.4.2.1)

    def _film_box(self, instance: str) -> Asked | None:
        return next((each.film_box for each in self.alive if each.film_box.instance == instance), None)


def image_dataset(dialogue: Transcript, step: Step, pixels: bytes) -> Dataset:
    """The data set of an image box N-SET, with its pixel data; those are zeros where others were sent than
    ``pixels``."""
    fits = step.cut is not None and step.cut.length == len(pixels)
    return _dataset(dialogue, step, pixels if fits else None)


def _dataset(dialogue: Transcript, step: Step, pixels: bytes | None = None) -> Dataset:
    try:
        return dialogue.dataset(step, pixels)
    except PrintError:  # an answer that was spoilt on purpose
        return Dataset()
