"""A film session at another printer: films sent, then printed, in one job where that printer collates."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import chain

from pydicom.dataset import Dataset
from pydicom.uid import UID, generate_uid

from printscp.client.association import ClientError, Failed, PrintAssociation, attributes, reference
from printscp.film.uids import (
    BASIC_ANNOTATION_BOX,
    BASIC_FILM_BOX,
    BASIC_FILM_SESSION,
    PRESENTATION_LUT,
    PRINT_JOB,
)
from printscp.outputs.dicom.film import EXPENDABLE, Film, FilmImage
from printscp.outputs.output import Claim, Refused

CREATE_SESSION = "N-CREATE of the film session"

# PS3.4 H.4.2.2.1: the film box before is not printed. PS3.7: no such action here.
_ONE_FILM_AT_A_TIME, _NO_SUCH_ACTION, _UNRECOGNIZED_OPERATION = 0xC616, 0x0123, 0x0211
_NO_SUCH_ATTRIBUTE, _INVALID_VALUE = 0x0105, 0x0106
# What is expendable with another value: these say how large the image is, and which part of it is seen.
_FIRM = {("MagnificationType", "NONE"), ("RequestedDecimateCropBehavior", "CROP")}


def classes(films: Sequence[Film]) -> list[UID]:
    """The SOP classes that films need, and Print Job; the Meta SOP Classes first."""
    wanted = list(dict.fromkeys(film.meta for film in films))
    if not all(film.color for film in films):
        wanted.append(PRESENTATION_LUT)
    if any(film.texts for film in films):
        wanted.append(BASIC_ANNOTATION_BOX)
    return [*wanted, PRINT_JOB]


class FilmSession:
    """Prints films on an association, as ``order`` says, the values of a film session.

    ``jobs`` has the UIDs of the print jobs that the printer made, ``remarks`` what it does otherwise.
    """

    def __init__(self, association: PrintAssociation, order: Dataset, claim: Claim) -> None:
        self.jobs: list[str] = []
        self.remarks: list[str] = []
        self._association = association
        self._order = order
        self._claim = claim
        self._uid = UID("")
        self._look_ups: list[tuple[Dataset, UID]] = []

    def print(self, films: Sequence[Film]) -> None:
        """Print all films: as one job if there are several and the printer can, else film by film.

        Film by film, what was printed before an error is printed: a second try would print it once more.

        Raises:
            ClientError, Refused, ClaimLost
        """
        if len(films) == 1 or not self._print_collated(films):
            self._create(films[0].meta)
            for film in films:
                box = self._send(film)
                self._action(BASIC_FILM_BOX, box, film.meta)
                if film is not films[-1]:
                    self._drop(BASIC_FILM_BOX, box, film.meta)
        # Printed, whatever the printer says to this. Its first events come before the answer.
        with suppress(ClientError):
            self._association.delete("N-DELETE", BASIC_FILM_SESSION, self._uid, films[0].meta)

    def _print_collated(self, films: Sequence[Film]) -> bool:
        """Print a film session as a whole; False where the printer cannot, and nothing is printed."""
        meta = films[0].meta
        self._create(meta)
        try:
            for film in films:
                self._send(film)
            self._action(BASIC_FILM_SESSION, self._uid, meta)
        except Failed as error:
            if error.status not in (_ONE_FILM_AT_A_TIME, _NO_SUCH_ACTION, _UNRECOGNIZED_OPERATION):
                raise
        else:
            return True
        self._drop(BASIC_FILM_SESSION, self._uid, meta)
        if self._order.get("NumberOfCopies", 1) > 1:
            self.remarks.append("printer does not collate: copies come film by film")
        return False

    def _create(self, meta: UID) -> None:
        self._uid = generate_uid()
        self._settle(
            "the film session",
            self._order,
            lambda values: self._association.create(
                CREATE_SESSION, BASIC_FILM_SESSION, self._uid, values, meta
            ),
        )

    def _send(self, film: Film) -> UID:
        """Make a film box with all that is on it; its UID.

        Raises:
            ClientError
            Refused: the printer lacks a SOP class without which it is another film.
        """
        offers = self._association.offers
        if film.texts and not offers(BASIC_ANNOTATION_BOX):
            raise Refused("INVALID PAGE DES", f"printer has no annotation boxes for the texts; {_RENDER}")
        if film.needs_look_up and not offers(PRESENTATION_LUT):
            raise Refused("INVALID PAGE DES", f"printer has no Presentation LUT for the images; {_RENDER}")
        look_ups = self._create_look_ups(film) if offers(PRESENTATION_LUT) else []
        uid = generate_uid()
        values = attributes(
            **film.values,
            **(film.light if offers(PRESENTATION_LUT) else {}),
            ReferencedFilmSessionSequence=reference(BASIC_FILM_SESSION, self._uid),
        )
        if look_ups and film.look_up is not None:
            values.ReferencedPresentationLUTSequence = reference(PRESENTATION_LUT, look_ups[film.look_up])
        if film.look_ups and not look_ups:
            self.remarks.append("Presentation LUT IDENTITY left to the printer: it does not have the class")
        made = self._settle(
            "the film box",
            values,
            lambda values: self._association.create(
                "N-CREATE of the film box", BASIC_FILM_BOX, uid, values, film.meta
            ),
        )
        boxes = [box.ReferencedSOPInstanceUID for box in made.get("ReferencedImageBoxSequence") or []]
        for image in film.images:
            if image.position > len(boxes):
                words = (
                    f"printer has {len(boxes)} image boxes on {film.values['ImageDisplayFormat']}; {_RENDER}"
                )
                raise Refused("INVALID PAGE DES", words)
            self._set_image(film, image, boxes[image.position - 1], look_ups)
        annotations = made.get("ReferencedBasicAnnotationBoxSequence") or []
        self._annotate(film, [box.ReferencedSOPInstanceUID for box in annotations])
        return uid

    def _create_look_ups(self, film: Film) -> list[UID]:
        """UIDs of a film's Presentation LUTs: they live as long as the association, so each is made once."""
        uids = []
        for look_up in film.look_ups:
            known = next((uid for made, uid in self._look_ups if made == look_up), None)
            if known is None:
                known = generate_uid()
                self._association.create("N-CREATE of the Presentation LUT", PRESENTATION_LUT, known, look_up)
                self._look_ups.append((look_up, known))
            uids.append(known)
        return uids

    def _set_image(self, film: Film, image: FilmImage, box: UID, look_ups: Sequence[UID]) -> None:
        values = image.dataset(film.color)
        if look_ups and image.look_up is not None:
            values.ReferencedPresentationLUTSequence = reference(PRESENTATION_LUT, look_ups[image.look_up])
        name = f"image {image.position}"
        self._settle(
            name,
            values,
            lambda values: self._association.set(f"N-SET of {name}", film.box_class, box, values, film.meta),
        )

    def _annotate(self, film: Film, boxes: Sequence[UID]) -> None:
        """Set the texts. No standard says which box has which position: a printer refuses a wrong pair.

        Raises:
            ClientError
            Refused: no box has a position.
        """
        free = list(boxes)
        for position, text in film.texts:
            values = attributes(AnnotationPosition=position)
            values.SpecificCharacterSet = _character_set(text)
            values.TextString = text
            # From 1 on in most, from 0 on in some: the likeliest first.
            likely = boxes[position - 1 : position] if position else boxes[:1]
            for box in dict.fromkeys(chain((each for each in likely if each in free), free)):
                try:
                    self._association.set(
                        f"N-SET of annotation {position}", BASIC_ANNOTATION_BOX, box, values
                    )
                except Failed as error:
                    if error.status != _INVALID_VALUE:
                        raise
                else:
                    free.remove(box)
                    break
            else:
                raise Refused("INVALID PAGE DES", f"printer has no annotation {position}; {_RENDER}")

    def _action(self, sop_class: UID, instance: UID, meta: UID) -> None:
        """Print. The job's UID is known, and kept, as soon as the answer is there.

        Raises:
            ClientError, ClaimLost
        """
        self._claim.hold()
        answer = self._association.print("print (N-ACTION)", sop_class, instance, meta)
        # PS3.6 has this keyword for tag (2100,0500); some printers answer with the other tag of that name.
        found = answer.get("ReferencedPrintJobSequencePullStoredPrint") or answer.get(
            "ReferencedPrintJobSequence"
        )
        if found and found[0].get("ReferencedSOPInstanceUID"):
            self.jobs.append(str(found[0].ReferencedSOPInstanceUID))
            self._claim.remember(" ".join(self.jobs))

    def _drop(self, sop_class: UID, instance: UID, meta: UID) -> None:
        """Delete; a printer that does not lets go of it all at the end of the association."""
        try:
            self._association.delete("N-DELETE", sop_class, instance, meta)
        except Failed as error:
            self.remarks.append(str(error))

    def _settle(self, what: str, values: Dataset, ask: Callable[[Dataset], Dataset]) -> Dataset:
        """Ask for something without the attributes that the printer does not take, as far as the film goes
        without them; the answer.

        Raises:
            ClientError
        """
        left = Dataset()
        left.update(values)
        while True:
            try:
                return ask(left)
            except Failed as error:
                if error.status not in (_NO_SUCH_ATTRIBUTE, _INVALID_VALUE):
                    raise
                given = [element.keyword for element in left]
                spare = [
                    each for each in EXPENDABLE if each in given and (each, left[each].value) not in _FIRM
                ]
                # Some printers name what they do not take, others say it in words, most do neither.
                named = [each for each in given if each in error.offending or each in str(error)]
                if not spare or not set(named) <= set(spare):
                    raise
                for keyword in named or spare[:1]:
                    value = "" if keyword == "ICCProfile" else f" {left[keyword].value}"
                    self.remarks.append(f"{what}: {keyword}{value} left to the printer")
                    del left[keyword]


_RENDER = 'set film = "page" for this output, which sends it rendered'


def _character_set(text: str) -> str | None:
    """The defined term of the smallest character set that has a text; none for the default repertoire."""
    if text.isascii():
        return None
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return "ISO_IR 192"
    return "ISO_IR 100"
