"""DICOM over TLS: what BCP 195 (RFC 8996, RFC 9325) asks of a server, by the profile of PS3.15 B.12."""

import logging
import ssl
import threading
from dataclasses import dataclass
from pathlib import Path

from printscp.errors import SetupError

# RFC 9325 4.2: forward secrecy and authenticated encryption only. TLS 1.3 has nothing else.
_TLS_1_2_SUITES = "@SECLEVEL=2:ECDHE+AESGCM:ECDHE+CHACHA20"
_NOT_A_PAIR = ("KEY_VALUES_MISMATCH", "NO_CERTIFICATE_ASSIGNED")  # OpenSSL's words for it

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TLSFiles:
    """PEM files: the printer's certificate with those that vouch for it, and its key. ``ca`` holds what
    vouches for SCUs; when given, each must show a certificate of its own."""

    certificate: Path
    key: Path
    ca: Path | None = None


class ServerTLS:
    """The TLS context of a server, made anew when its files change.

    Raises:
        SetupError: from the constructor: a file cannot be used; the message names it.
    """

    def __init__(self, files: TLSFiles) -> None:
        self._files = files
        self._lock = threading.Lock()
        self._stamps = _stamps(files)
        self._context = _load(files)

    def context(self) -> ssl.SSLContext:
        """The context for a new connection; the one before, where the files have changed for the worse."""
        with self._lock:
            stamps = _stamps(self._files)
            if stamps != self._stamps:
                self._stamps = stamps
                try:
                    self._context = _load(self._files)
                    log.info("TLS files read again")
                except SetupError as error:
                    log.error("TLS files not read again: %s", error)
            return self._context


def in_words(error: OSError) -> str:
    """What went wrong in TLS, without OpenSSL's line numbers."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return str(error.verify_message)
    if isinstance(error, ssl.SSLError) and error.reason:
        return str(error.reason).lower().replace("_", " ")
    return error.strerror or str(error)


def _stamps(files: TLSFiles) -> list[tuple[int, int, int] | None]:
    """What tells a file from the one before it; None for one that is not there."""

    def stamp(path: Path) -> tuple[int, int, int] | None:
        try:
            status = path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino

    return [stamp(path) for path in (files.certificate, files.key, files.ca) if path is not None]


def _load(files: TLSFiles) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # RFC 8996, RFC 9325 3.1.1
    context.set_ciphers(_TLS_1_2_SUITES)
    # RFC 9325 3.3 and 3.5. By its 3.4 the keys of session tickets must change weekly, but OpenSSL's last as
    # long as the context; an association is long enough to be worth a handshake of its own.
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_TICKET
    context.num_tickets = 0
    _check_certificates("TLS certificate", files.certificate)
    _load_pair(context, files.certificate, files.key)
    if files.ca is not None:
        _check_certificates("TLS CA", files.ca)
        context.load_verify_locations(files.ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _check_certificates(role: str, path: Path) -> None:
    _check_readable(role, path)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_verify_locations(path)
    except ssl.SSLError as error:
        raise SetupError(f"{role} {path}: holds no certificate in PEM") from error


def _load_pair(context: ssl.SSLContext, certificate: Path, key: Path) -> None:
    def encrypted() -> str:
        raise SetupError(f"TLS key {key}: is encrypted; give one without a pass phrase")

    _check_readable("TLS key", key)
    try:
        context.load_cert_chain(certificate, key, password=encrypted)
    except ssl.SSLError as error:
        if error.reason in _NOT_A_PAIR:
            raise SetupError(f"TLS key {key}: does not belong to {certificate}") from error
        if error.reason is None:
            raise SetupError(f"TLS key {key}: holds no private key in PEM") from error
        raise SetupError(f"TLS certificate {certificate}: {in_words(error)}") from error


def _check_readable(role: str, path: Path) -> None:
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise SetupError(f"{role} {path}: {error.strerror}") from error
