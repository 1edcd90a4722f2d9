"""The print SCU's association: what it says of printers that are not there, refuse, fall silent or talk."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from film.scu import PROFILE
from peers.certificates import Authority
from peers.imager import Imager
from pydicom.uid import UID, generate_uid

from printscp.client.association import (
    Failed,
    NotOffered,
    PrintAssociation,
    Rejected,
    Unreachable,
    attributes,
    reference,
)
from printscp.film.job import ExecutionStatus
from printscp.film.profile import Mode
from printscp.film.uids import (
    BASIC_ANNOTATION_BOX,
    BASIC_COLOR_PRINT_MANAGEMENT_META,
    BASIC_FILM_BOX,
    BASIC_FILM_SESSION,
    BASIC_GRAYSCALE_PRINT_MANAGEMENT_META,
    PRINT_JOB,
)

GRAY, COLOR = BASIC_GRAYSCALE_PRINT_MANAGEMENT_META, BASIC_COLOR_PRINT_MANAGEMENT_META
Answer = Callable[[socket.socket], None]


def associate(port: int, *classes: UID, called: str = "IMAGER", timeout: float = 20) -> PrintAssociation:
    return PrintAssociation("127.0.0.1", port, called, "CLIENT", classes or (GRAY,), timeout)


def create_session(association: PrintAssociation) -> str:
    uid = str(generate_uid())
    association.create("the session", BASIC_FILM_SESSION, uid, attributes(NumberOfCopies=1), GRAY)
    return uid


def create_film(association: PrintAssociation, session: str) -> str:
    uid = str(generate_uid())
    values = attributes(
        ImageDisplayFormat="STANDARD\\1,1",
        ReferencedFilmSessionSequence=reference(BASIC_FILM_SESSION, session),
    )
    association.create("the film", BASIC_FILM_BOX, uid, values, GRAY)
    return uid


@contextmanager
def printer_of(answer: Answer) -> Iterator[int]:
    """A port where one connection is taken, and given to ``answer`` in a thread of its own."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                answer(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            thread.join(20)


def test_a_printer_answers() -> None:
    with Imager() as imager, associate(imager.port, GRAY, PRINT_JOB) as association:
        assert association.printer(GRAY) == ("NORMAL", "NORMAL")
        imager.be("FAILURE", "FILM JAM")
        assert association.printer(GRAY) == ("FAILURE", "FILM JAM")
        film = create_film(association, create_session(association))
        answer = association.print("print", BASIC_FILM_BOX, film, GRAY)
        (job,) = answer.ReferencedPrintJobSequencePullStoredPrint
        assert job.ReferencedSOPInstanceUID == imager.spool.jobs[0].uid
        status = association.get("job", PRINT_JOB, job.ReferencedSOPInstanceUID, ["ExecutionStatus"])
        assert status == attributes(ExecutionStatus="PENDING")
        association.delete("delete", BASIC_FILM_BOX, film, GRAY)
        assert association.warnings == []
    assert not association.stands


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(Unreachable, match=f"cannot connect to 127.0.0.1:{port}"):
        associate(port).__enter__()


def test_no_answer_to_the_association_request() -> None:
    gone = threading.Event()
    with printer_of(lambda _: (gone.wait(20), None)[1]) as port:
        with pytest.raises(Unreachable, match="no answer to the association request"):
            associate(port, timeout=0.3).__enter__()
        gone.set()


@pytest.mark.parametrize(
    ("called", "callers", "associations", "transient"),
    [("OTHER", (), 8, False), ("IMAGER", ("KNOWN",), 8, False), ("IMAGER", (), 0, True)],
)
def test_a_rejection_says_whether_it_lasts(
    called: str, callers: tuple[str, ...], associations: int, transient: bool
) -> None:
    with Imager(callers=callers, associations=associations) as imager:
        with pytest.raises(Rejected, match="association rejected") as rejected:
            associate(imager.port, called=called).__enter__()
        assert rejected.value.transient == transient


def test_a_class_that_is_not_offered_is_named() -> None:
    with Imager(color=False) as imager:
        with pytest.raises(NotOffered, match=r"offer Basic Color Print Management$") as missed:
            associate(imager.port, COLOR).__enter__()
        assert missed.value.sop_class == COLOR
        with associate(imager.port, GRAY, COLOR) as association:
            assert association.offers(GRAY)
            assert not association.offers(COLOR)
            with pytest.raises(NotOffered, match="the text: printer does not offer Basic Annotation Box"):
                association.set("the text", BASIC_ANNOTATION_BOX, generate_uid(), attributes())


def test_a_failure_has_step_status_and_comment() -> None:
    with Imager(Mode.STRICT) as imager, associate(imager.port) as association:
        with pytest.raises(Failed, match=r"^the film: 0x0106, Invalid Attribute Value, ") as failed:
            create_film(association, str(generate_uid()))
        assert (failed.value.step, failed.value.status) == ("the film", 0x0106)
        assert association.stands


def test_attributes_that_a_printer_names_are_known() -> None:
    with Imager(Mode.STRICT) as imager, associate(imager.port) as association:
        session = create_session(association)
        values = attributes(PatientID="1", NumberOfCopies=2)
        with pytest.raises(Failed, match="0x0105") as failed:
            association.set("the session", BASIC_FILM_SESSION, session, values, GRAY)
        assert failed.value.offending == {"PatientID"}


def test_a_warning_is_kept() -> None:
    with Imager() as imager, associate(imager.port) as association:
        uid = generate_uid()
        association.create("the session", BASIC_FILM_SESSION, uid, attributes(MediumType="GLASS"), GRAY)
        (warning,) = association.warnings
        assert warning.startswith("the session: 0x0116, ")


def test_a_connection_that_is_lost() -> None:
    with Imager() as imager, associate(imager.port) as association:
        session = create_session(association)
        imager.__exit__()
        with pytest.raises(Unreachable, match="the film: connection lost"):
            create_film(association, session)
        assert not association.stands


def test_events_between_answers_are_noted_and_confirmed() -> None:
    profile = replace(PROFILE, max_collated_films=0)
    with (
        Imager(tell=(ExecutionStatus.DONE, "NORMAL"), profile=profile) as imager,
        associate(imager.port, GRAY, PRINT_JOB) as association,
    ):
        session = create_session(association)
        for _ in range(5):
            film = create_film(association, session)
            association.print("print", BASIC_FILM_BOX, film, GRAY)
            association.delete("delete", BASIC_FILM_BOX, film, GRAY)
        create_film(association, session)
        association.printer(GRAY)
        jobs = [job.uid for job in imager.spool.jobs]
        told = [(each.instance, each.kind) for each in association.events]
        assert told == [(uid, kind) for uid in jobs for kind in (1, 3)]  # Pending, Done
        assert association.events[0].sop_class == PRINT_JOB
        assert association.events[1].dataset.ExecutionStatusInfo == "NORMAL"
        assert imager.spool.confirmed[:4] == jobs[:4]


def test_something_that_is_no_dicom() -> None:
    with (
        printer_of(lambda connection: connection.sendall(struct.pack(">BxL", 0x48, 4) + b"TTP/")) as port,
        pytest.raises(Unreachable),
    ):
        associate(port, timeout=1).__enter__()


def test_tls(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with Imager(tls=authority.issue("imager")) as imager:
        with PrintAssociation(
            "127.0.0.1", imager.port, "IMAGER", "CLIENT", [GRAY], 20, authority.client()
        ) as association:
            assert association.printer(GRAY) == ("NORMAL", "NORMAL")
        stranger = Authority(tmp_path / "other").client()
        with pytest.raises(Unreachable):
            PrintAssociation("127.0.0.1", imager.port, "IMAGER", "CLIENT", [GRAY], 5, stranger).__enter__()
