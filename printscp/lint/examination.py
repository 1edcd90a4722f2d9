"""Goes through a dialogue request by request, with every check."""

from collections.abc import Iterator, Mapping, Sequence

from pydicom.dataset import Dataset
from pydicom.uid import UID, ImplicitVRLittleEndian

from printscp.decoding import decode
from printscp.errors import PrintError
from printscp.film.profile import PrinterProfile
from printscp.lint import association, attributes, film, image, life_cycle, look_up, text
from printscp.lint.case import Case, Flaw
from printscp.lint.finding import Finding, Graded, Report
from printscp.lint.imagers import NOT_REACHED, TAKEN, Imager
from printscp.lint.kinds import KINDS
from printscp.lint.scene import Scene
from printscp.transcript import Step, Transcript


def examine(
    transcript: Transcript,
    profile: PrinterProfile,
    imagers: Sequence[PrinterProfile],
    images: Mapping[tuple[int, int], bytes],
) -> Report:
    """As `printscp.lint.grade`."""
    return Examination(transcript, profile, imagers, images).report()


class Examination:
    """``answers`` has, by step and name of the imager, what each answers to each request."""

    def __init__(
        self,
        transcript: Transcript,
        profile: PrinterProfile,
        imagers: Sequence[PrinterProfile],
        images: Mapping[tuple[int, int], bytes],
    ) -> None:
        self._transcript = transcript
        self._images = images
        self._scene = Scene(profile)
        self._patients = text.Patients()
        self._imagers = [Imager(each, transcript) for each in imagers]
        self.answers: dict[int, dict[str, str]] = {}
        self._requests: list[Graded] = []
        self._findings: list[Finding] = []

    def report(self) -> Report:
        transcript = self._transcript
        for flaw in association.check(transcript):
            self._found(0, "A-ASSOCIATE", flaw)
        last: Step | None = None
        for request, answer in transcript.exchanges():
            self._request(request, answer, last)
            last = answer or request
        self._end()
        for imager in self._imagers:
            imager.close()
        self._findings.sort(key=lambda each: each.step)
        return Report(
            transcript.calling,
            transcript.printer,
            transcript.profile,
            transcript.mode,
            transcript.began,
            tuple(self._requests),
            tuple(self._findings),
        )

    def _request(self, request: Step, answer: Step | None, last: Step | None) -> None:
        encoded = request.encoded()
        sent = self._decoded(request, encoded)
        case = self._case(request, answer, sent)
        self._requests.append(Graded(request.number, case.name(), answer.status if answer else None))
        if self._imagers:
            self.answers[request.number] = {
                imager.name: imager.answer(case, self._decoded(request, encoded)) for imager in self._imagers
            }
        self._patients.remember(case.sent)
        flaws = [Flaw("undecodable", f"{request.size} bytes")] if sent is None else list(self._checked(case))
        serious = [flaw for flaw in flaws if KINDS[flaw.code].severity != "note"]
        said = life_cycle.explain(case)
        # A fault that was made on purpose is none of the SCU's.
        if said is not None and not (answer and answer.fault) and not (serious if case.failed else flaws):
            flaws.append(said)
        if not flaws and (differ := self._elsewhere(request.number)):
            flaws.append(Flaw("refused-elsewhere", differ))
        pause = association.pause_before(request, last) if self._scene.session else None
        for flaw in (*flaws, *([pause] if pause else [])):
            self._found(request.number, case.name(), flaw)
        self._scene.follow(request, answer, case.sent, case.returned)

    def _elsewhere(self, step: int) -> str:
        """The imagers that do not simply take a request."""
        answers = self.answers.get(step, {})
        return ", ".join(
            name for name, said in answers.items() if said != TAKEN and not said.startswith(NOT_REACHED)
        )

    def _checked(self, case: Case) -> Iterator[Flaw]:
        in_place = list(life_cycle.check(case))
        yield from in_place
        if any(flaw.code in _MISADDRESSED for flaw in in_place):
            return
        yield from attributes.check(case)
        yield from attributes.check_character_set(case)
        yield from text.check(case, self._patients)
        yield from film.check(case)
        yield from image.check(case)
        yield from look_up.check(case)

    def _case(self, request: Step, answer: Step | None, sent: Dataset | None) -> Case:
        context = self._transcript.context(request)
        session = self._scene.session
        sent = Dataset() if sent is None else sent
        if session is not None and "SpecificCharacterSet" not in sent:
            implicit, little_endian = sent.original_encoding
            character_set = session.sent.original_character_set
            sent.set_original_encoding(implicit, little_endian, character_set)
        returned = self._decoded(answer, answer.encoded()) if answer is not None else None
        return Case(
            self._transcript,
            request,
            answer,
            context.abstract_syntax if context and context.accepted else "",
            bool(context and context.accepted != ImplicitVRLittleEndian),
            sent,
            Dataset() if returned is None else returned,
            self._scene,
            self._images,
        )

    def _decoded(self, step: Step, encoded: bytes) -> Dataset | None:
        context = self._transcript.context(step)
        try:
            return decode(encoded, UID(context.accepted if context else ""))
        except PrintError:
            return None

    def _end(self) -> None:
        scene = self._scene
        names = {each.step: each.request for each in self._requests}
        left = association.at_its_end(self._transcript)
        if association.is_whole(self._transcript):
            left += life_cycle.at_the_end(scene.films, scene.failed)
            left += life_cycle.never_referred(list(scene.look_ups.values()), scene.failed)
        steps = {step.number: step.service for step in self._transcript.steps}
        for number, flaw in left:
            self._found(number, names.get(number, steps.get(number, "")), flaw)

    def _found(self, step: int, request: str, flaw: Flaw) -> None:
        kind = KINDS[flaw.code]
        message = f"{kind.title}: {flaw.message}" if flaw.message else kind.title
        self._findings.append(
            Finding(
                flaw.code,
                kind.severity,
                step,
                request,
                flaw.attribute,
                message,
                flaw.clause or kind.clause,
                kind.fix,
                self.answers.get(step, {}),
            )
        )


_MISADDRESSED = frozenset(
    (
        "meta-class-in-command",
        "class-not-on-context",
        "service-not-of-class",
        "unknown-instance",
        "wrong-box-class",
    )
)
