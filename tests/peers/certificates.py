"""Certificates for TLS tests, made on the spot."""

import ssl
from pathlib import Path

import trustme

from printscp.wire.tls import TLSFiles


class Authority:
    """A certification authority, with its files in a folder; ``printer`` are those of a printer."""

    def __init__(self, folder: Path) -> None:
        self._ca = trustme.CA()
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.ca = folder / "ca.pem"
        self._ca.cert_pem.write_to_path(self.ca)
        self.printer = self.issue("printer")

    def issue(self, name: str, *, mutual: bool = False) -> TLSFiles:
        """A certificate for 127.0.0.1 and its key, in files of that name; the old ones are written over."""
        issued = self._ca.issue_cert("127.0.0.1", common_name=name)
        files = TLSFiles(
            self._folder / f"{name}.pem", self._folder / f"{name}.key", self.ca if mutual else None
        )
        issued.private_key_pem.write_to_path(files.key)
        files.certificate.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        return files

    def client(self, files: TLSFiles | None = None, version: ssl.TLSVersion | None = None) -> ssl.SSLContext:
        """An SCU's context that trusts this authority, and shows the certificate of ``files``."""
        context = ssl.create_default_context(cafile=self.ca)
        if files is not None:
            context.load_cert_chain(files.certificate, files.key)
        if version is not None:
            context.minimum_version = context.maximum_version = version
        return context
