"""DICOM over TLS: who is let in, with what, and certificates that change while the printer runs."""

import logging
import ssl
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from peers.bare import BareScu, association_request
from peers.certificates import Authority
from peers.echo import PLAIN, TLS, EchoServer

from printscp.errors import SetupError
from printscp.wire.tls import ServerTLS, TLSFiles

TLS_1_2, TLS_1_3 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority that nobody here trusts."""
    return Authority(tmp_path_factory.mktemp("stranger"))


def no_tls(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was logged of handshakes that failed, and nothing else may have been."""
    warnings = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert {record.message for record in warnings} <= {"no TLS"}
    return [vars(record)["error"] for record in warnings]


def common_name(scu: BareScu) -> str:
    assert isinstance(scu.socket, ssl.SSLSocket)
    certificate = scu.socket.getpeercert()
    assert certificate is not None
    subject = dict(pair for (pair,) in certificate["subject"])  # type: ignore[misc]
    return str(subject["commonName"])


# --- versions and suites ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("version", "said"), [(TLS_1_2, "TLSv1.2"), (TLS_1_3, "TLSv1.3"), (None, "TLSv1.3")])
def test_tls_1_2_and_1_3_are_spoken_the_newer_where_both_can(
    authority: Authority, version: ssl.TLSVersion | None, said: str
) -> None:
    with EchoServer(authority.printer) as echo:
        with BareScu(echo.address(TLS), authority.client(version=version)) as scu:
            assert scu.associate().echo() == 0
            assert isinstance(scu.socket, ssl.SSLSocket)
            assert scu.socket.version() == said
            assert scu.socket.compression() is None
            scu.release()
        with BareScu(echo.address(PLAIN)) as scu:
            assert scu.associate().echo() == 0


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_tls_1_1_is_refused(authority: Authority, caplog: pytest.LogCaptureFixture) -> None:
    client = authority.client(version=ssl.TLSVersion.TLSv1_1)
    client.set_ciphers("DEFAULT:@SECLEVEL=0")  # or OpenSSL would not even try
    with EchoServer(authority.printer) as echo:
        with pytest.raises(ssl.SSLError, match=r"(?i)protocol version"):
            BareScu(echo.address(TLS), client)
        echo.settle()
    assert no_tls(caplog) == ["unsupported protocol"]


@pytest.mark.parametrize(
    ("suites", "spoken"),
    [
        ("ECDHE-ECDSA-AES128-GCM-SHA256", True),
        ("ECDHE-ECDSA-AES256-GCM-SHA384", True),
        ("ECDHE-ECDSA-CHACHA20-POLY1305", True),
        ("ECDHE-ECDSA-AES256-SHA384", False),  # no authenticated encryption
        ("ECDHE-ECDSA-AES256-CCM", False),
        ("AES256-GCM-SHA384:DHE-RSA-AES256-GCM-SHA384", False),  # not by ECDHE
    ],
)
def test_of_tls_1_2_only_suites_with_ecdhe_and_aead_are_spoken(
    authority: Authority, suites: str, spoken: bool
) -> None:
    client = authority.client(version=TLS_1_2)
    client.set_ciphers(suites)
    with EchoServer(authority.printer) as echo:
        if spoken:
            with BareScu(echo.address(TLS), client) as scu:
                assert scu.associate().echo() == 0
        else:
            with pytest.raises(ssl.SSLError, match=r"(?i)handshake failure"):
                BareScu(echo.address(TLS), client)


def test_no_session_outlives_its_association(authority: Authority) -> None:
    """No tickets, whose keys would have to be changed (RFC 9325 3.4)."""
    for version in (TLS_1_2, TLS_1_3):
        client = authority.client(version=version)
        with EchoServer(authority.printer) as echo, BareScu(echo.address(TLS), client) as scu:
            assert scu.associate().echo() == 0
            assert isinstance(scu.socket, ssl.SSLSocket)
            assert scu.socket.session is None or not scu.socket.session.has_ticket


# --- who is let in ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [TLS_1_2, TLS_1_3])
def test_with_a_ca_each_scu_must_show_a_certificate(
    authority: Authority, stranger: Authority, version: ssl.TLSVersion, caplog: pytest.LogCaptureFixture
) -> None:
    known, unknown = authority.issue("modality"), stranger.issue("stranger")
    with EchoServer(authority.issue("mutual", mutual=True)) as echo:
        with BareScu(echo.address(TLS), authority.client(known, version)) as scu:
            assert scu.associate().echo() == 0
        for shown, alert in (
            (None, "(?i)certificate.required|handshake.failure"),
            (unknown, "(?i)unknown.ca"),
        ):
            # By TLS 1.3 the SCU hears of it only after it believes the handshake done.
            with pytest.raises(ssl.SSLError, match=alert):
                BareScu(echo.address(TLS), authority.client(shown, version)).associate()
        echo.settle()
        assert len(echo.conversations) == 1
    assert no_tls(caplog) == ["peer did not return a certificate", "unable to get local issuer certificate"]


def test_an_scu_that_does_not_trust_the_printer_is_told_of(
    authority: Authority, stranger: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    with EchoServer(authority.printer) as echo:
        with pytest.raises(ssl.SSLCertVerificationError):
            BareScu(echo.address(TLS), stranger.client())
        echo.settle()
    assert no_tls(caplog) == ["tlsv1 alert unknown ca"]


@pytest.mark.slow
@pytest.mark.parametrize("said", [b"", b"\x16\x03\x01\x02\x00"])
def test_no_handshake_in_time(authority: Authority, said: bytes, caplog: pytest.LogCaptureFixture) -> None:
    with EchoServer(authority.printer, acse_timeout=0.2) as echo, BareScu(echo.address(TLS)) as scu:
        scu.send(said)
        assert scu.rest() == b""
        echo.settle()
    assert no_tls(caplog) == ["no TLS handshake"]


def test_plain_dicom_at_the_door_for_tls(authority: Authority, caplog: pytest.LogCaptureFixture) -> None:
    with EchoServer(authority.printer) as echo, BareScu(echo.address(TLS)) as scu:
        scu.send(association_request())
        assert scu.rest()[:1] in (b"", b"\x15")  # a TLS alert
        scu.close()
        echo.settle()
    assert no_tls(caplog) == ["wrong version number"]


def test_tls_at_the_plain_door(authority: Authority, caplog: pytest.LogCaptureFixture) -> None:
    with EchoServer(authority.printer) as echo:
        with pytest.raises(ssl.SSLError):
            BareScu(echo.address(PLAIN), authority.client())
        echo.settle()
    assert [record.message for record in caplog.records if record.name.startswith("printscp")] == [
        "protocol error"
    ]


@pytest.mark.parametrize("leave", [BareScu.close, BareScu.reset])
def test_one_line_for_who_leaves_before_the_handshake(
    authority: Authority, caplog: pytest.LogCaptureFixture, leave: Callable[[BareScu], None]
) -> None:
    with EchoServer(authority.printer) as echo:
        leave(BareScu(echo.address(TLS)))
        with BareScu(echo.address(TLS), authority.client()) as scu:
            assert scu.associate().echo() == 0
        echo.settle()
    assert len(no_tls(caplog)) == 1


# --- files -----------------------------------------------------------------------------------------------


def encrypted(files: TLSFiles) -> bytes:
    key = serialization.load_pem_private_key(files.key.read_bytes(), None)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"secret"),
    )


@pytest.mark.parametrize(
    ("role", "content", "complaint"),
    [
        ("certificate", None, "TLS certificate {path}: No such file or directory"),
        ("certificate", b"", "TLS certificate {path}: holds no certificate in PEM"),
        ("certificate", b"certificate", "TLS certificate {path}: holds no certificate in PEM"),
        ("certificate", "cut", "TLS certificate {path}: holds no certificate in PEM"),
        ("key", None, "TLS key {path}: No such file or directory"),
        ("key", b"key", "TLS key {path}: holds no private key in PEM"),
        ("key", "certificate", "TLS key {path}: holds no private key in PEM"),
        ("key", "other", "TLS key {path}: does not belong to {certificate}"),
        ("key", "encrypted", "TLS key {path}: is encrypted; give one without a pass phrase"),
        ("ca", None, "TLS CA {path}: No such file or directory"),
        ("ca", b"ca", "TLS CA {path}: holds no certificate in PEM"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_what_is_wrong(
    tmp_path: Path, role: str, content: bytes | str | None, complaint: str
) -> None:
    authority = Authority(tmp_path)
    files = authority.issue("broken", mutual=True)
    path: Path = getattr(files, role)
    made = {
        "cut": lambda: path.read_bytes()[:300],
        "certificate": files.certificate.read_bytes,
        "other": authority.printer.key.read_bytes,
        "encrypted": lambda: encrypted(files),
    }
    if content is None:
        path.unlink()
    else:
        path.write_bytes(made[content]() if isinstance(content, str) else content)
    with pytest.raises(SetupError) as caught:
        EchoServer(files).server.start()
    assert str(caught.value) == complaint.format(path=path, certificate=files.certificate)


def test_a_folder_and_a_file_of_others_are_refused_by_name(tmp_path: Path) -> None:
    files = Authority(tmp_path).printer
    with pytest.raises(SetupError, match=f"^TLS certificate {tmp_path}: Is a directory$"):
        ServerTLS(TLSFiles(tmp_path, files.key))


def test_a_new_certificate_is_shown_to_the_next_association(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    files = authority.issue("first")
    with EchoServer(files) as echo, BareScu(echo.address(TLS), authority.client()) as before:
        assert common_name(before.associate()) == "first"
        second = authority.issue("second")
        second.certificate.replace(files.certificate)
        second.key.replace(files.key)
        with BareScu(echo.address(TLS), authority.client()) as after:
            assert common_name(after.associate()) == "second"
            assert after.echo() == 0
        # Written over in place it is a new one just the same.
        third = authority.issue("third")
        files.certificate.write_bytes(third.certificate.read_bytes())
        files.key.write_bytes(third.key.read_bytes())
        with BareScu(echo.address(TLS), authority.client()) as after:
            assert common_name(after.associate()) == "third"
        assert before.echo() == 0


def test_an_authority_taken_away_lets_nobody_in_any_more(tmp_path: Path, stranger: Authority) -> None:
    authority = Authority(tmp_path)
    modality = authority.issue("modality")
    with EchoServer(authority.issue("mutual", mutual=True)) as echo:
        client = authority.client(modality, TLS_1_3)
        with BareScu(echo.address(TLS), client) as scu:
            assert scu.associate().echo() == 0
        trusted = authority.ca.read_bytes()
        authority.ca.write_bytes(stranger.ca.read_bytes())
        with pytest.raises(ssl.SSLError):
            BareScu(echo.address(TLS), client).associate()
        authority.ca.write_bytes(trusted)
        with BareScu(echo.address(TLS), client) as scu:
            assert scu.associate().echo() == 0


def test_new_files_that_are_broken_are_told_once_and_the_old_ones_stay(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    authority = Authority(tmp_path)
    files = authority.issue("first")

    def shown() -> str:
        with BareScu(echo.address(TLS), authority.client()) as scu:
            return common_name(scu.associate())

    def told() -> list[str]:
        return [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]

    with EchoServer(files) as echo:
        second = authority.issue("second")
        files.certificate.write_bytes(second.certificate.read_bytes())
        assert [shown() for _ in range(3)] == ["first"] * 3
        complaint = f"TLS files not read again: TLS key {files.key}: does not belong to {files.certificate}"
        assert told() == [complaint]
        files.key.unlink()
        assert [shown() for _ in range(3)] == ["first"] * 3
        assert told()[1:] == [f"TLS files not read again: TLS key {files.key}: No such file or directory"]
        files.key.write_bytes(second.key.read_bytes())
        assert shown() == "second"
        assert len(told()) == 2


# --- programs that others wrote --------------------------------------------------------------------------


def echoscu(address: tuple[str, int], *options: str | Path) -> subprocess.CompletedProcess[str]:
    command = ["echoscu", "-v", *map(str, options), address[0], str(address[1])]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.peer("echoscu")
@pytest.mark.parametrize("profile", ["+py", "+px", "+pz"])
def test_dcmtk_comes_in_by_each_of_its_bcp_195_profiles(authority: Authority, profile: str) -> None:
    with EchoServer(authority.printer) as echo:
        done = echoscu(echo.address(TLS), "+tla", profile, "+cf", authority.ca)
        assert done.returncode == 0, done.stderr
        assert [conversation.closed for conversation in echo.conversations] == [1]


@pytest.mark.peer("echoscu")
def test_dcmtk_comes_in_with_its_certificate_and_not_without(
    authority: Authority, stranger: Authority
) -> None:
    known, unknown = authority.issue("dcmtk"), stranger.issue("dcmtk")
    with EchoServer(authority.issue("mutual", mutual=True)) as echo:

        def knocks(*options: str | Path) -> bool:
            return echoscu(echo.address(TLS), *options, "+cf", authority.ca).returncode == 0

        assert knocks("+tls", known.key, known.certificate)
        assert not knocks("+tls", unknown.key, unknown.certificate)
        assert not knocks("+tla")
        assert not knocks()
        assert echoscu(echo.address(PLAIN)).returncode == 0


@pytest.mark.peer("openssl")
def test_a_key_update_is_no_message_and_holds_nobody(
    authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    """TLS 1.3 key updates make the connection readable without anything to read."""
    with EchoServer(authority.printer, acse_timeout=1.0) as echo:
        host, port = echo.address(TLS)
        command = [
            "openssl",
            "s_client",
            "-connect",
            f"{host}:{port}",
            "-CAfile",
            str(authority.ca),
            "-tls1_3",
        ]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as client:
            assert client.stdin is not None
            assert client.stdout is not None
            client.stdin.write(b"K\n")
            client.stdin.flush()
            started = time.monotonic()
            said = client.stdout.read()
            assert b"KEYUPDATE" in said
            assert time.monotonic() - started < 10
    assert [record.message for record in caplog.records if record.levelno >= logging.WARNING] == [
        "no association request in time"
    ]
