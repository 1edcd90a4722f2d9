"""An IPP printer of our own that misbehaves as it is told, where `ippeveprinter` and `cupsd` do not."""

import threading
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from printscp.outputs.ipp.message import Attributes, Group, Message, Range, Tag, decode, encode, one

PRINT_JOB, CREATE_JOB, SEND_DOCUMENT, CANCEL_JOB, GET_JOB, GET_PRINTER = 2, 5, 6, 8, 9, 11


def size(width: int, height: int) -> dict[str, Any]:
    """A ``media-size`` in hundredths of mm."""
    return {"x-dimension": one(Tag.INTEGER, width), "y-dimension": one(Tag.INTEGER, height)}


FILM_PRINTER: Attributes = {
    "copies-supported": one(Tag.RANGE, Range(1, 9)),
    "document-format-supported": one(Tag.MIME_TYPE, "application/pdf"),
    "job-creation-attributes-supported": one(Tag.KEYWORD, "copies", "media-col", "job-priority"),
    "media-col-supported": one(Tag.KEYWORD, "media-size"),
    "media-size-supported": one(Tag.COLLECTION, size(20320, 25400), size(43180, 43180)),
    "operations-supported": one(Tag.ENUM, 2, 5, 6, 8, 9, 11),
    "printer-is-accepting-jobs": one(Tag.BOOLEAN, True),
    "printer-state": one(Tag.ENUM, 3),
    "printer-state-reasons": one(Tag.KEYWORD, "none"),
}


@dataclass
class Job:
    """A job as the printer has it; ``document`` is None until it came."""

    attributes: Attributes
    document: bytes | None = None
    state: int = 4
    reasons: str = "job-incoming"


@dataclass
class IppDouble:
    """The printer: ``attributes`` are its own, ``statuses`` what it answers next, by operation, instead of
    doing anything. An operation of ``silent`` is done, and the connection closed without an answer.
    ``ignored`` attributes of jobs are named as such, and ``job_attributes`` put over those that jobs ask for.
    With ``uuids`` off, jobs have none, and with ``octets`` off it does not tell how long documents are.
    Of ``version`` 1 it knows no other.
    """

    attributes: Attributes = field(default_factory=lambda: dict(FILM_PRINTER))
    statuses: dict[int, list[int]] = field(default_factory=dict)
    silent: set[int] = field(default_factory=set)
    ignored: tuple[str, ...] = ()
    job_attributes: Attributes = field(default_factory=dict)
    uuids: bool = True
    octets: bool = True
    version: int = 2
    jobs: dict[int, Job] = field(default_factory=dict)
    asked: list[int] = field(default_factory=list)

    @property
    def uri(self) -> str:
        """Where it prints."""
        return f"ipp://127.0.0.1:{self._server.server_address[1]}/film"

    @property
    def printed(self) -> list[Job]:
        """The jobs that came with their document, and were not cancelled."""
        return [job for job in self.jobs.values() if job.document is not None and job.state != 7]

    def answer(self, request: Message, document: bytes) -> Message | None:
        """The answer to a request; None: there is none."""
        self.asked.append(request.code)
        if request.version[0] > self.version:
            return Message(0x0503, version=(1, 1))
        status = self.statuses.get(request.code) or [0]
        code = status.pop(0)
        answer = Message(code) if code else self._do(request, document)
        return None if request.code in self.silent else answer

    def _do(self, request: Message, document: bytes) -> Message:
        if request.code == GET_PRINTER:
            return Message(0, groups=((Group.PRINTER, self.attributes),))
        if request.code in (PRINT_JOB, CREATE_JOB):
            asked = next((dict(each) for tag, each in request.groups if tag == Group.JOB), {})
            number = len(self.jobs) + 1
            self.jobs[number] = Job({k: v for k, v in asked.items() if k not in self.ignored})
            if request.code == PRINT_JOB:
                self._take(self.jobs[number], document)
            lost: Attributes = {name: one(Tag.UNSUPPORTED, None) for name in self.ignored}
            groups = [(Group.UNSUPPORTED, lost)] if lost else []
            return Message(1 if lost else 0, groups=(*groups, (Group.JOB, self._told(number))))
        number = request.values(Group.OPERATION, "job-id")[0]
        if number not in self.jobs:
            return Message(0x0406)
        job = self.jobs[number]
        if request.code == SEND_DOCUMENT:
            if job.state >= 7:
                return Message(0x0404)
            self._take(job, document)
        elif request.code == CANCEL_JOB:
            if job.state >= 7:
                return Message(0x0404)
            job.state, job.reasons = 7, "job-canceled-by-user"
        return Message(0, groups=((Group.JOB, self._told(number)),))

    def _take(self, job: Job, document: bytes) -> None:
        job.document, job.state, job.reasons = document, 9, "job-completed-successfully"

    def _told(self, number: int) -> Attributes:
        job = self.jobs[number]
        told = job.attributes | self.job_attributes
        told |= {"job-id": one(Tag.INTEGER, number), "job-state": one(Tag.ENUM, job.state)}
        told["job-state-reasons"] = one(Tag.KEYWORD, job.reasons)
        told["number-of-documents"] = one(Tag.INTEGER, int(job.document is not None))
        if self.octets:
            told["job-k-octets"] = one(Tag.INTEGER, -(-len(job.document or b"") // 1024))
        if self.uuids:
            told["job-uuid"] = one(Tag.URI, f"urn:uuid:{id(self):032x}-{number}")
        return told

    def __enter__(self) -> Self:
        double = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                data = self._body()
                request = decode(data)
                answer = double.answer(request, data[len(encode(request)) :])
                self.close_connection = True
                if answer is not None:
                    body = encode(answer)
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)

            def _body(self) -> bytes:
                length = self.headers.get("Content-Length")
                if length is not None:
                    return self.rfile.read(int(length))
                data = b""
                while count := int(self.rfile.readline(), 16):
                    data += self.rfile.read(count)
                    self.rfile.readline()
                self.rfile.readline()
                return data

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = False

            def handle_error(self, *_: Any) -> None:
                """A client that went away is no fault of this printer."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        with suppress(OSError):
            self._server.server_close()
