"""IPP, as far as a print client needs it: messages (RFC 8010), and the HTTP that carries them.

What comes back may be anything: it is bounded in size, depth and time, and what is damaged ends in
`NoAnswer`.
"""

import ssl
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from itertools import chain
from pathlib import Path
from struct import Struct
from time import monotonic
from typing import Any, NamedTuple
from urllib.parse import urlsplit

LONGEST = 1 << 20  # bytes of an answer; those of printers with many sizes have 100 kB
_DEEPEST = 8  # collections in collections
_PIECE = 1 << 16
_PORT = 631
_DELIMITERS = range(0x10)


class Tag(IntEnum):
    """Value tags (RFC 8010 3.5.2)."""

    UNSUPPORTED = 0x10
    UNKNOWN = 0x12
    NO_VALUE = 0x13
    INTEGER = 0x21
    BOOLEAN = 0x22
    ENUM = 0x23
    OCTETS = 0x30
    DATE_TIME = 0x31
    RESOLUTION = 0x32
    RANGE = 0x33
    COLLECTION = 0x34
    TEXT_WITH_LANGUAGE = 0x35
    NAME_WITH_LANGUAGE = 0x36
    END_COLLECTION = 0x37
    TEXT = 0x41
    NAME = 0x42
    KEYWORD = 0x44
    URI = 0x45
    URI_SCHEME = 0x46
    CHARSET = 0x47
    LANGUAGE = 0x48
    MIME_TYPE = 0x49
    MEMBER = 0x4A


class Group(IntEnum):
    """Delimiter tags of attribute groups (RFC 8010 3.5.1)."""

    OPERATION = 1
    JOB = 2
    PRINTER = 4
    UNSUPPORTED = 5


_END = 3
_NO_VALUES = range(0x10, 0x20)
_CHARACTERS = range(0x40, 0x60)


class Resolution(NamedTuple):
    """Across and along the feed; ``unit`` 3 is dots per inch, 4 dots per cm."""

    across: int
    along: int
    unit: int = 3


class Range(NamedTuple):
    """Whole numbers, both ends included."""

    low: int
    high: int


class Localized(NamedTuple):
    """Text or a name with its natural language."""

    language: str
    text: str


class Value(NamedTuple):
    """A value and its tag: int, bool, bytes, str, `Resolution`, `Range`, `Localized`, a collection as
    `Attributes`, or None where the tag itself says that there is no value."""

    tag: int
    content: Any


Attributes = dict[str, tuple[Value, ...]]


class NoAnswer(OSError):
    """No answer that could be read came back; says so in words."""


class NotAdmitted(OSError):
    """What answers does not let us print; says in words what an operator can do."""


class Damaged(ValueError):
    """Bytes that are no IPP message."""


@dataclass(frozen=True)
class Message:
    """A request or an answer. ``code`` is the operation of a request, the status of an answer; ``groups`` has
    the attributes with the tag of their group, in order."""

    code: int
    request: int = 1
    groups: tuple[tuple[int, Attributes], ...] = ()
    version: tuple[int, int] = (2, 0)

    def values(self, group: int, name: str) -> list[Any]:
        """The contents of an attribute of the first group that has it, collections as plain dictionaries of
        lists, text without its language; none where it is missing or has no value."""
        for tag, attributes in self.groups:
            if tag == group and name in attributes:
                return _plain(attributes[name])
        return []

    def names(self, group: int) -> set[str]:
        """The attributes of all groups of a kind."""
        return {name for tag, attributes in self.groups if tag == group for name in attributes}


def _plain(values: tuple[Value, ...]) -> list[Any]:
    plain: list[Any] = []
    for tag, content in values:
        if tag == Tag.COLLECTION:
            plain.append({name: _plain(members) for name, members in content.items()})
        elif isinstance(content, Localized):
            plain.append(content.text)
        elif content is not None:
            plain.append(content)
    return plain


def one(tag: Tag, *contents: Any) -> tuple[Value, ...]:
    """An attribute of values of one tag."""
    return tuple(Value(tag, content) for content in contents)


# --- to bytes ---------------------------------------------------------------------------------------------

_U16, _I32, _HEAD = Struct(">H"), Struct(">i"), Struct(">BBHi")
_BOOLEAN, _RESOLUTION, _RANGE = Struct("?"), Struct(">iib"), Struct(">ii")


def encode(message: Message) -> bytes:
    """The bytes of a message, up to where a document follows."""
    parts = [_HEAD.pack(*message.version, message.code, message.request)]
    for tag, attributes in message.groups:
        parts.append(bytes([tag]))
        for name, values in attributes.items():
            parts.extend(_encoded(name, values))
    parts.append(bytes([_END]))
    return b"".join(parts)


def _encoded(name: str, values: tuple[Value, ...]) -> Iterator[bytes]:
    for tag, content in values:
        yield bytes([tag]) + _counted(name.encode())
        name = ""  # of one more value (RFC 8010 3.1.5)
        if tag == Tag.COLLECTION:
            yield _counted(b"")
            for member, contents in content.items():
                yield bytes([Tag.MEMBER]) + _counted(b"") + _counted(member.encode())
                yield from _encoded("", contents)
            yield bytes([Tag.END_COLLECTION]) + _counted(b"") + _counted(b"")
        else:
            yield _counted(_bytes_of(tag, content))


def _bytes_of(tag: int, content: Any) -> bytes:
    if content is None:
        return b""
    if isinstance(content, bool):
        return bytes([content])
    if isinstance(content, int):
        return _I32.pack(content)
    if isinstance(content, Resolution):
        return _RESOLUTION.pack(*content)
    if isinstance(content, Range):
        return _RANGE.pack(*content)
    if isinstance(content, Localized):
        return _counted(content.language.encode()) + _counted(content.text.encode())
    return content.encode() if isinstance(content, str) else bytes(content)


def _counted(data: bytes) -> bytes:
    return _U16.pack(len(data)) + data


# --- from bytes -------------------------------------------------------------------------------------------


def decode(data: bytes) -> Message:
    """The message that an answer begins with.

    Raises:
        Damaged: it begins with none.
    """
    try:
        return _Reader(data).message()
    except (struct.error, IndexError) as error:
        raise Damaged("is cut off or damaged") from error


@dataclass
class _Reader:
    """Reads on from ``place``; raises Damaged, struct.error or IndexError."""

    data: bytes
    place: int = 0

    def message(self) -> Message:
        """The whole."""
        major, minor, code, request = _HEAD.unpack(self._take(_HEAD.size))
        groups = []
        while (tag := self._take(1)[0]) != _END:
            if tag not in _DELIMITERS or tag == 0:
                raise Damaged("has an attribute of no group")
            groups.append((tag, self._attributes()))
        return Message(code, request, tuple(groups), (major, minor))

    def _attributes(self) -> Attributes:
        """Those of a group."""
        found = _Found()
        while self.data[self.place] not in _DELIMITERS:
            tag, name = self._take(1)[0], self._counted()
            if name:
                found.start(name)
            found.add(self._value(tag, 0))
        return found.attributes()

    def _collection(self, depth: int) -> Attributes:
        """The members of a collection (RFC 8010 3.1.6)."""
        if depth > _DEEPEST:
            raise Damaged("has collections too deep")
        found = _Found()
        while True:
            tag = self._take(1)[0]
            if self._counted():
                raise Damaged("has an attribute inside a collection")
            if tag == Tag.END_COLLECTION:
                self._counted()
                return found.attributes()
            if tag == Tag.MEMBER:
                found.start(self._counted())
            else:
                found.add(self._value(tag, depth))

    def _value(self, tag: int, depth: int) -> Value:
        if tag in (Tag.MEMBER, Tag.END_COLLECTION):
            raise Damaged("has a part of a collection outside one")
        data = self._counted()
        return Value(tag, self._collection(depth + 1) if tag == Tag.COLLECTION else _content(tag, data))

    def text(self) -> str:
        """A string behind its length."""
        return self._counted().decode(errors="replace")

    def _counted(self) -> bytes:
        return self._take(_U16.unpack(self._take(2))[0])

    def _take(self, length: int) -> bytes:
        self.place += length
        if self.place > len(self.data):
            raise Damaged("is cut off")
        return self.data[self.place - length : self.place]


class _Found:
    """Attributes as they come; of one that comes twice the first counts, as with libcups."""

    def __init__(self) -> None:
        self._attributes: dict[str, list[Value]] = {}
        self._values: list[Value] | None = None

    def start(self, name: bytes) -> None:
        self._values = []
        self._attributes.setdefault(name.decode(errors="replace"), self._values)

    def add(self, value: Value) -> None:
        if self._values is None:
            raise Damaged("has a value of no attribute")
        self._values.append(value)

    def attributes(self) -> Attributes:
        return {name: tuple(values) for name, values in self._attributes.items()}


def _content(tag: int, data: bytes) -> Any:
    match tag:
        case Tag.INTEGER | Tag.ENUM:
            return _I32.unpack(data)[0]
        case Tag.BOOLEAN:
            return _BOOLEAN.unpack(data)[0]
        case Tag.RESOLUTION:
            return Resolution(*_RESOLUTION.unpack(data))
        case Tag.RANGE:
            return Range(*_RANGE.unpack(data))
        case Tag.TEXT_WITH_LANGUAGE | Tag.NAME_WITH_LANGUAGE:
            reader = _Reader(data)
            return Localized(reader.text(), reader.text())
    if tag in _NO_VALUES:
        return None
    return data.decode(errors="replace") if tag in _CHARACTERS else data


# --- over HTTP --------------------------------------------------------------------------------------------

_NOT_ADMITTED = {
    401: "asks for a user name and password: let this host print without",
    403: "does not let this host print: allow it there",
    404: "has nothing at this address: correct the uri",
    426: "wants TLS: write ipps:// in the uri",
}


@dataclass(frozen=True)
class IppClient:
    """Asks one printer; each request has a connection of its own, and no proxy.

    ``timeout`` is in seconds, for each step. Over ``ipps`` the printer's certificate must be one of ``ca``, a
    PEM file, or of those that this host trusts, unless ``verify`` is False.
    """

    uri: str
    timeout: float
    ca: Path | None = None
    verify: bool = True

    def ask(self, message: Message, document: Iterable[bytes] | None = None) -> Message:
        """Send a request, with the pieces of a document behind it where given; returns the answer.

        Raises:
            NoAnswer: the printer cannot be reached, or what comes back is no answer.
            NotAdmitted
            What ``document`` raises; then the connection is closed before the end of the request.
        """
        connection = self._connection()
        try:
            return self._answer(connection, encode(message), document)
        except ssl.SSLCertVerificationError as error:
            words = "shows a certificate that is not trusted: name its issuer in ca, or set verify = false"
            raise NotAdmitted(f"{words} ({error.verify_message})") from error
        except (HTTPException, ValueError) as error:  # Damaged among them
            raise NoAnswer(f"gives an answer that {error or 'is not HTTP'}") from error
        except (NoAnswer, NotAdmitted):
            raise
        except TimeoutError as error:
            raise NoAnswer(f"does not answer within {self.timeout:g} s") from error
        except OSError as error:
            raise NoAnswer(f"cannot be reached: {error.strerror or error}") from error
        finally:
            connection.close()

    def _connection(self) -> HTTPConnection:
        where = urlsplit(self.uri)
        host, port = where.hostname or "", where.port or _PORT
        if where.scheme == "ipp":
            return HTTPConnection(host, port, timeout=self.timeout)
        context = ssl.create_default_context(cafile=self.ca)
        if not self.verify:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return HTTPSConnection(host, port, timeout=self.timeout, context=context)

    def _answer(self, connection: HTTPConnection, head: bytes, document: Iterable[bytes] | None) -> Message:
        path = urlsplit(self.uri).path or "/"
        kind = {"Content-Type": "application/ipp"}
        try:
            if document is None:
                connection.request("POST", path, head, kind)
            else:
                connection.request("POST", path, chain([head], document), kind)  # in chunks
        except (BrokenPipeError, ConnectionResetError):
            if connection.sock is None:
                raise
            # It may have said why before it closed.
        with connection.getresponse() as response:
            if response.status != 200:
                words = _NOT_ADMITTED.get(response.status)
                if words:
                    raise NotAdmitted(words)
                raise NoAnswer(f"answers with HTTP status {response.status}")
            return decode(_read(response, monotonic() + self.timeout))


def _read(response: HTTPResponse, deadline: float) -> bytes:
    data = b""
    while piece := response.read1(_PIECE):
        data += piece
        if len(data) > LONGEST:
            raise NoAnswer(f"gives an answer longer than {LONGEST} bytes")
        if monotonic() > deadline:
            raise TimeoutError
    return data
