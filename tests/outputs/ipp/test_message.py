"""IPP as bytes, there and back, and what a client makes of answers that are none."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printscp.outputs.ipp.message import (
    LONGEST,
    Damaged,
    Group,
    IppClient,
    Localized,
    Message,
    NoAnswer,
    NotAdmitted,
    Range,
    Resolution,
    Tag,
    Value,
    decode,
    encode,
    one,
)

# --- messages ---------------------------------------------------------------------------------------------

_I32 = st.integers(-(2**31), 2**31 - 1)
_TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
_NAMES = st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=12)
_SINGLE = st.one_of(
    st.builds(Value, st.sampled_from([Tag.INTEGER, Tag.ENUM]), _I32),
    st.builds(Value, st.just(Tag.BOOLEAN), st.booleans()),
    st.builds(Value, st.sampled_from([Tag.OCTETS, Tag.DATE_TIME]), st.binary(max_size=12)),
    st.builds(Value, st.just(Tag.RESOLUTION), st.builds(Resolution, _I32, _I32, st.integers(-128, 127))),
    st.builds(Value, st.just(Tag.RANGE), st.builds(Range, _I32, _I32)),
    st.builds(Value, st.sampled_from([Tag.TEXT, Tag.NAME, Tag.KEYWORD, Tag.URI, Tag.CHARSET]), _TEXT),
    st.builds(
        Value,
        st.sampled_from([Tag.TEXT_WITH_LANGUAGE, Tag.NAME_WITH_LANGUAGE]),
        st.builds(Localized, _TEXT, _TEXT),
    ),
    st.builds(Value, st.sampled_from([Tag.UNSUPPORTED, Tag.UNKNOWN, Tag.NO_VALUE]), st.none()),
)


def _attributes(values: st.SearchStrategy[Value]) -> st.SearchStrategy[dict[str, tuple[Value, ...]]]:
    return st.dictionaries(_NAMES, st.lists(values, min_size=1, max_size=3).map(tuple), max_size=4)


VALUES = st.recursive(
    _SINGLE,
    lambda inner: st.builds(Value, st.just(Tag.COLLECTION), _attributes(inner)),
    max_leaves=6,
)
MESSAGES = st.builds(
    Message,
    code=st.integers(0, 0xFFFF),
    request=_I32,
    groups=st.lists(st.tuples(st.sampled_from(Group), _attributes(VALUES)), max_size=4).map(tuple),
    version=st.tuples(st.integers(0, 255), st.integers(0, 255)),
)


@pytest.mark.slow
@given(MESSAGES, st.binary(max_size=9))
def test_a_message_comes_back_as_it_was(message: Message, document: bytes) -> None:
    assert decode(encode(message) + document) == message


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_damaged(data: bytes) -> None:
    with suppress(Damaged):
        decode(b"\2\0\0\0\0\0\0\1" + data)


@pytest.mark.slow
@given(MESSAGES, st.data())
def test_a_message_that_was_damaged_on_its_way_is_told(message: Message, data: st.DataObject) -> None:
    whole = encode(message)
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    with pytest.raises(Damaged):
        decode(cut)
    place, byte = data.draw(st.integers(0, len(whole) - 1)), data.draw(st.integers(0, 255))
    with suppress(Damaged):
        decode(whole[:place] + bytes([byte]) + whole[place + 1 :])


def nested(depth: int) -> Message:
    value = Value(Tag.INTEGER, 1)
    for _ in range(depth):
        value = Value(Tag.COLLECTION, {"deeper": (value,)})
    return Message(0, groups=((Group.JOB, {"first": (value,)}),))


def test_collections_go_deep_but_not_without_end() -> None:
    assert decode(encode(nested(8))) == nested(8)
    for depth in (9, 20_000):
        with pytest.raises(Damaged, match="deep"):
            decode(encode_deep(depth))


def encode_deep(depth: int) -> bytes:
    """As `encode` of `nested`, which cannot go so deep."""
    start = b"\x34\0\0\0\0"
    member = b"\x4a\0\0\0\6deeper"
    end = b"\x37\0\0\0\0"
    innermost = b"\x21\0\0\0\4\0\0\0\1"
    body = b"\x34\0\5first\0\0" + (member + start) * (depth - 1) + member + innermost + end * depth
    return b"\2\0\0\0\0\0\0\1\2" + body + b"\3"


def test_the_deep_message_of_this_test_is_one() -> None:
    assert decode(encode_deep(3)) == nested(3)


@pytest.mark.parametrize(
    "body",
    [
        b"\x21\0\1a\0\4\0\0\0\1\3",  # an attribute before its group
        b"\2\x21\0\0\0\4\0\0\0\1\3",  # a value of no attribute
        b"\2\x21\0\1a\0\2\0\1\3",  # a whole number of two bytes
        b"\2\x22\0\1a\0\2\0\1\3",
        b"\2\x33\0\1a\0\4\0\0\0\1\3",
        b"\2\x35\0\1a\0\4\0\x40en\3",  # a language longer than its value
        b"\2\x37\0\1a\0\0\3",  # the end of no collection
        b"\2\x34\0\1a\0\0\x21\0\1b\0\4\0\0\0\1\x37\0\0\0\0\3",  # a named attribute in a collection
        b"\2",
    ],
)
def test_what_breaks_the_rules_is_damaged(body: bytes) -> None:
    with pytest.raises(Damaged):
        decode(b"\2\0\0\0\0\0\0\1" + body)


def test_of_an_attribute_that_comes_twice_the_first_counts() -> None:
    twice = b"\2" + b"\x21\0\1a\0\4\0\0\0\1" + b"\x21\0\1a\0\4\0\0\0\2" + b"\3"
    message = decode(b"\2\0\0\0\0\0\0\1" + twice)
    assert message.values(Group.JOB, "a") == [1]


def test_values_are_plain() -> None:
    inner = {"x": one(Tag.INTEGER, 1), "y": one(Tag.RANGE, Range(1, 2))}
    attributes = {
        "text": one(Tag.TEXT_WITH_LANGUAGE, Localized("de", "Film leer")),
        "size": one(Tag.COLLECTION, inner),
        "none": one(Tag.NO_VALUE, None),
    }
    message = Message(0, groups=((Group.PRINTER, {}), (Group.PRINTER, attributes)))
    assert message.values(Group.PRINTER, "text") == ["Film leer"]
    assert message.values(Group.PRINTER, "size") == [{"x": [1], "y": [Range(1, 2)]}]
    assert message.values(Group.PRINTER, "none") == message.values(Group.JOB, "text") == []
    assert message.names(Group.PRINTER) == {"text", "size", "none"}


# --- over HTTP --------------------------------------------------------------------------------------------

QUESTION = Message(0x0B, groups=((Group.OPERATION, {"attributes-charset": one(Tag.CHARSET, "utf-8")}),))
ANSWER = Message(0, 1, ((Group.OPERATION, {"status-message": one(Tag.TEXT, "ok")}),))


@contextmanager
def server(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """Has one connection served by ``talk``; the URI to reach it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(20)

        def serve() -> None:
            with suppress(OSError):
                connection, _ = listener.accept()
                with connection:
                    talk(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"ipp://127.0.0.1:{listener.getsockname()[1]}/ipp/print"
        finally:
            thread.join()


def read_request(connection: socket.socket) -> bytes:
    """A request to its end: of its length, or its last chunk."""
    data = b""
    while True:
        data += connection.recv(1 << 16)
        head, _, body = data.partition(b"\r\n\r\n")
        lower = head.lower()
        if b"transfer-encoding: chunked" in lower and body.endswith(b"\r\n0\r\n\r\n"):
            return data
        length = [line for line in lower.split(b"\r\n") if line.startswith(b"content-length:")]
        if length and len(body) >= int(length[0].split(b":")[1]):
            return data


def answering(reply: bytes, requests: list[bytes] | None = None) -> Callable[[socket.socket], None]:
    def talk(connection: socket.socket) -> None:
        request = read_request(connection)
        if requests is not None:
            requests.append(request)
        connection.sendall(reply)

    return talk


def http(status: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/ipp\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def test_a_document_is_sent_in_chunks_behind_its_request() -> None:
    pieces = [bytes(range(256)) * 100] * 10
    requests: list[bytes] = []
    with server(answering(http("200 OK", encode(ANSWER)), requests)) as uri:
        assert IppClient(uri, 20).ask(QUESTION, pieces) == ANSWER
    head, _, body = requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /ipp/print HTTP/1.1\r\n")
    assert b"content-type: application/ipp" in head.lower()
    plain = b""
    while body:
        length, _, body = body.partition(b"\r\n")
        plain, body = plain + body[: int(length, 16)], body[int(length, 16) + 2 :]
    assert plain == encode(QUESTION) + b"".join(pieces)


def test_an_answer_in_chunks_is_read() -> None:
    body = encode(ANSWER)
    parts = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:5], body[5:])) + b"0\r\n\r\n"
    with server(answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + parts)) as uri:
        assert IppClient(uri, 20).ask(QUESTION) == ANSWER


def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with server(answering(http("200 OK", encode(ANSWER)))) as uri:
        assert IppClient(uri, 20).ask(QUESTION) == ANSWER


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (b"", "HTTP|closed|connection"),
        (b"\0\1\2\3 nothing\r\n\r\n", "HTTP|nothing"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nshort", "answer"),
        (http("200 OK", b"<html>Not IPP</html>"), "answer that"),
        (http("200 OK", encode(ANSWER)[:-3]), "cut off"),
        (http("200 OK", b""), "cut off"),
        (http("500 Internal Server Error", b""), "500"),
        (http("301 Moved", b""), "301"),
        (http("200 OK", bytes(LONGEST + 1)), "longer than"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 5000 + b"\r\n", "headers"),
    ],
)
def test_what_is_no_answer_is_told_in_words(reply: bytes, words: str) -> None:
    with server(answering(reply)) as uri, pytest.raises(NoAnswer, match=words):
        IppClient(uri, 20).ask(QUESTION)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("401 Unauthorized", "password"),
        ("403 Forbidden", "allow"),
        ("404 Not Found", "uri"),
        ("426 Upgrade Required", "ipps://"),
    ],
)
def test_what_an_operator_can_mend_is_told(status: str, words: str) -> None:
    for document in (None, [bytes(50_000)] * 2):
        with server(answering(http(status, b"<html/>"))) as uri, pytest.raises(NotAdmitted, match=words):
            IppClient(uri, 20).ask(QUESTION, document)


def test_a_reason_that_comes_before_the_document_is_through_is_heard() -> None:
    def talk(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(http("401 Unauthorized", b""))
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(1 << 16):
            pass

    with server(talk) as uri, pytest.raises(NotAdmitted, match="password"):
        IppClient(uri, 20).ask(QUESTION, [bytes(1_000_000)] * 20)


def test_a_printer_that_says_nothing_is_not_waited_for_without_end() -> None:
    def silent(connection: socket.socket) -> None:
        read_request(connection)
        connection.recv(1)

    def slow(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        with suppress(OSError):
            while True:
                connection.sendall(b"x")
                threading.Event().wait(0.02)

    for talk in (silent, slow):
        with server(talk) as uri, pytest.raises(NoAnswer, match=r"within 0\.3 s"):
            IppClient(uri, 0.3).ask(QUESTION)


def test_a_printer_that_is_not_there_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(NoAnswer, match="refused"):
        IppClient(f"ipp://127.0.0.1:{port}/", 20).ask(QUESTION)
    with pytest.raises(NoAnswer, match="cannot be reached"):
        IppClient("ipp://printer.invalid/", 20).ask(QUESTION)


@given(st.binary(max_size=300))
def test_no_answer_of_any_bytes_gets_through_as_another_error(body: bytes) -> None:
    replies: list[Any] = [http("200 OK", b"\2\0\0\0\0\0\0\1" + body), body]
    for reply in replies:
        with server(answering(reply)) as uri, suppress(NoAnswer, NotAdmitted):
            IppClient(uri, 20).ask(QUESTION)
