"""What may follow what: instances, their classes and contexts, and the order of requests (PS3.4 H.4, H.5)."""

import re

from pydicom.uid import UID

from printscp.film.dialogue import META_CLASSES
from printscp.film.rules import FILM_SESSION_REFERENCE
from printscp.film.service import COVERED, SOP_CLASSES
from printscp.film.statuses import MEANINGS, category
from printscp.film.uids import (
    BASIC_ANNOTATION_BOX,
    BASIC_COLOR_IMAGE_BOX,
    BASIC_FILM_BOX,
    BASIC_FILM_SESSION,
    BASIC_GRAYSCALE_IMAGE_BOX,
    PRESENTATION_LUT,
    PRINT_JOB,
    PRINTER,
    PRINTER_CONFIGURATION_RETRIEVAL,
)
from printscp.lint.attributes import words
from printscp.lint.case import CLAUSES, Case, Flaw, Flaws, class_name, misreferred
from printscp.lint.scene import ALWAYS_THERE, Box, Film, LookUp, Session
from printscp.lint.values import reference_of, value_of

_SERVICES = {
    BASIC_FILM_SESSION: ("create", "set", "action", "delete"),
    BASIC_FILM_BOX: ("create", "set", "action", "delete"),
    BASIC_GRAYSCALE_IMAGE_BOX: ("set",),
    BASIC_COLOR_IMAGE_BOX: ("set",),
    BASIC_ANNOTATION_BOX: ("set",),
    PRINT_JOB: ("get",),
    PRINTER: ("get",),
    PRESENTATION_LUT: ("create", "delete"),
    PRINTER_CONFIGURATION_RETRIEVAL: ("get",),
}
_UID = re.compile(r"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))+")
_LONGEST_UID = 64
_SESSION = "ReferencedFilmSessionSequence"
_PRINT = 1
_NOT_PRINTED = 0xC616


def check(case: Case) -> Flaws:
    """A request at its place in the dialogue."""
    stopped = list(_addressed(case))
    yield from stopped
    if stopped:
        return
    if case.verb == "create":
        yield from _created(case)
    elif case.verb == "action":
        yield from _printed(case)
    elif case.verb == "get":
        yield from _asked(case)


def explain(case: Case) -> Flaw | None:
    """What an answer says that no other finding explains."""
    answer = case.answer
    if answer is None or not answer.status:
        return None
    said = category(answer.status)
    comment = str(answer.command.get("ErrorComment") or "")
    text = f"0x{answer.status:04X} {MEANINGS.get(answer.status, 'unknown status')}"
    return Flaw("refused" if said == "Failure" else "warned", f"{text}: {comment}" if comment else text)


def _addressed(case: Case) -> Flaws:
    """Class, context and instance of a request: with one of them wrong the rest is of no use."""
    sop_class, uid = case.sop_class, str(case.step.instance)
    if sop_class in META_CLASSES:
        yield Flaw("meta-class-in-command", class_name(sop_class))
    elif not sop_class or sop_class not in COVERED.get(UID(case.context), {case.context}):
        where = class_name(UID(case.context)) if case.context else "no context that was accepted"
        yield Flaw("class-not-on-context", f"{class_name(sop_class)} on {where}")
    elif case.verb not in _SERVICES.get(sop_class, (case.verb,)):
        yield Flaw("service-not-of-class", f"{class_name(sop_class)} has no {case.step.service}")
    elif uid and (len(uid) > _LONGEST_UID or _UID.fullmatch(uid) is None):
        yield Flaw("uid", "too long" if len(uid) > _LONGEST_UID else "not as a UID is written")
    elif case.verb != "create" and case.step.service != "C-ECHO":
        yield from _aimed(case, uid)


def _aimed(case: Case, uid: str) -> Flaws:
    """The instance that a request aims at."""
    target = case.target
    sop_class = ALWAYS_THERE.get(UID(uid)) if target is None else target.sop_class
    if sop_class is None and (case.sop_class == PRINT_JOB or case.transcript.dropped):
        return  # it may be of another association, or of what is no longer there
    if sop_class is None and uid in case.scene.refused:
        yield Flaw("went-on-after-failure", f"the N-CREATE of this {class_name(case.sop_class)} was refused")
    elif sop_class is None:
        yield Flaw("unknown-instance", f"no such {class_name(case.sop_class)} on this association")
    elif sop_class != case.sop_class:
        yield Flaw("wrong-box-class", f"the instance is a {class_name(sop_class)}")
    elif target is not None and not case.scene.is_alive(target):
        yield Flaw("not-alive", _end_of(target))


def _end_of(target: Session | Film | Box | LookUp) -> str:
    film = target.film if isinstance(target, Box) else target
    if isinstance(film, Film) and not film.deleted:
        return "a later film box was created since, or its session deleted"
    return "it was deleted"


def _created(case: Case) -> Flaws:
    scene, uid = case.scene, str(case.step.instance)
    instance = scene.find(uid) if uid else None
    if UID(uid) in ALWAYS_THERE or (instance is not None and scene.is_alive(instance)):
        yield Flaw("uid-in-use", "of an instance that is there")
    if case.sop_class == BASIC_FILM_SESSION and scene.session is not None:
        yield Flaw("second-session", f"that of step {scene.session.step} is open")
    if case.sop_class != BASIC_FILM_BOX or (scene.session is None and case.transcript.dropped):
        return
    wanted = reference_of(case.sent, _SESSION)
    if scene.session is None and wanted in scene.refused:
        yield Flaw("went-on-after-failure", "the N-CREATE of its film session was refused", _SESSION)
    elif scene.session is None:
        yield Flaw("no-film-session", "")
    elif why := misreferred(case, _SESSION, FILM_SESSION_REFERENCE):
        yield Flaw("wrong-session-reference", why, _SESSION)
    elif wanted and wanted != scene.session.uid:
        yield Flaw("wrong-session-reference", "it names another instance", _SESSION)
    else:
        yield from _one_by_one(case, scene.session)


def _one_by_one(case: Case, session: Session) -> Flaws:
    """A film box after another one of its session."""
    before = session.last
    if before is None:
        return
    collates = case.profile.max_collated_films > 0 and _prints_session(case, session)
    refused = case.answer is not None and case.answer.status == _NOT_PRINTED
    if not before.printed_at and (refused or not collates):
        yield Flaw("film-box-before-print", f"that of step {before.step} is not printed")
    sizes = (str(value_of(film, "FilmSizeID") or "") for film in (before.sent, case.sent))
    if len(set(sizes)) > 1 and (case.failed or _prints_session(case, session)):
        yield Flaw("film-sizes-mixed", "another Film Size ID than the film box before", "FilmSizeID")


def _prints_session(case: Case, session: Session) -> bool:
    """Whether the SCU prints the session as a whole later on."""
    return any(
        step.number > case.step.number and step.service == "N-ACTION" and str(step.instance) == session.uid
        for step in case.transcript.steps
        if step.is_request
    )


def _printed(case: Case) -> Flaws:
    target = case.target
    action = case.step.command.get("ActionTypeID")
    clause = CLAUSES.get((case.sop_class, "action"), "")
    if action != _PRINT:
        yield Flaw("action-type", f"Action Type ID {action}", "", clause)
        return
    if case.step.size:
        yield Flaw("action-information", f"{case.step.size} bytes", "", clause)
    films = [target] if isinstance(target, Film) else []
    if isinstance(target, Session):
        films = [film for film in target.films if not film.deleted]
        if not films:
            yield Flaw("session-without-film-box", "N-CREATE a film box first")
    for film in films:
        yield from _contents(film, clause)


def _contents(film: Film, clause: str) -> Flaws:
    """What is on a film that is printed."""
    lost = [box.position for box in film.images if box.refused_at]
    empty = [box.position for box in film.images if not box.set_at and not box.refused_at]
    if lost:
        yield Flaw("printed-after-failure", f"image {_listed(lost)} was refused")
    elif len(empty) == len(film.images):
        yield Flaw("empty-film", "no image was set", "", clause)
    elif empty:
        yield Flaw("box-left-empty", f"image {_listed(empty)} of {len(film.images)}")


def _asked(case: Case) -> Flaws:
    """The attributes that an N-GET asks for."""
    asked = case.step.command.get("AttributeIdentifierList") or []
    asked = asked if isinstance(asked, list) else [asked]
    known = {row.tag for row in SOP_CLASSES[case.sop_class].tables["get"] if row.depth == 0}
    for tag in asked:
        if tag not in known:
            yield Flaw("get-unknown-attribute", words(tag))


def _listed(numbers: list[int]) -> str:
    return ", ".join(str(number) for number in numbers)


def at_the_end(films: list[Film], failed: bool) -> list[tuple[int, Flaw]]:
    """What was left undone when the association ended, with the step that began it."""
    left: list[tuple[int, Flaw]] = []
    for film in films:
        images = [box for box in film.images if box.set_at]
        after = [box for box in images if 0 < film.printed_at < box.set_at]
        if after:
            flaw = Flaw("image-after-print", f"image {_listed([box.position for box in after])}")
            left.append((after[-1].set_at, flaw))
        elif images and not film.printed_at and film.alive and not failed:
            left.append((film.step, Flaw("never-printed", f"{len(images)} of its images were set")))
    return left


def never_referred(look_ups: list[LookUp], failed: bool) -> list[tuple[int, Flaw]]:
    """Presentation LUTs that were made for nothing."""
    return [
        (each.step, Flaw("lut-never-referred", "neither film box nor image box does"))
        for each in look_ups
        if not each.referred and not failed
    ]
