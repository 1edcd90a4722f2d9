"""Films over TLS, beside a plain port."""

import socket
import ssl
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from peers.certificates import Authority
from peers.raw import RawScu
from peers.scu import META
from service.films import print_film

from printscp.printer import FilmPrinter


@pytest.mark.slow
@pytest.mark.parametrize("mutual", [False, True])
def test_a_film_over_tls_and_one_beside_it(
    start_printer: Callable[..., FilmPrinter], tmp_path: Path, mutual: bool
) -> None:
    authority = Authority(tmp_path / "certificates")
    files, modality = authority.printer, authority.issue("modality")
    tls = {"port": 0, "certificate": files.certificate, "key": files.key}
    printer = start_printer(tls=tls | ({"ca": authority.ca} if mutual else {}))
    plain, encrypted = ((host, port) for host, port, _, _ in printer.addresses)
    context = ssl.create_default_context(cafile=authority.ca)
    if mutual:
        context.load_cert_chain(modality.certificate, modality.key)

    def wrap(connection: socket.socket) -> socket.socket:
        return context.wrap_socket(connection, server_hostname="127.0.0.1")

    pixels = np.arange(512 * 512, dtype=np.uint32).reshape(512, 512).astype(np.uint16) % 4096
    with RawScu(encrypted, [META], wrap=wrap) as scu, RawScu(plain, [META], calling="PLAIN") as other:
        print_film(scu, pixels=pixels)
        print_film(other, pixels=pixels)
        scu.release()
        other.release()
    jobs = printer.wait_for(lambda jobs: len(jobs) == 2 and all(job.ended for job in jobs), 30)
    assert [(job.status, job.order.originator) for job in jobs] == [("DONE", "RAW_SCU"), ("DONE", "PLAIN")]


def test_a_printer_for_tls_only_is_not_to_be_called_on_a_plain_port(
    start_printer: Callable[..., FilmPrinter], tmp_path: Path
) -> None:
    files = Authority(tmp_path / "certificates").printer
    tls = {"port": 0, "certificate": files.certificate, "key": files.key}
    tables = [
        {"ae_title": "OPEN", "output": tmp_path / "open"},
        {"ae_title": "CLOSED", "output": tmp_path / "closed", "tls_only": True},
    ]
    printer = start_printer(tls=tls, printers=tables, output=None, workers=0)
    with pytest.raises(ConnectionRefusedError, match=r"\(1, 1, 7\)"):
        RawScu(printer.address, [META], called="CLOSED")
    with RawScu(printer.address, [META], called="OPEN") as scu:
        scu.release()
