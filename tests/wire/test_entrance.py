"""Who may come in to a printer: calling AE titles and addresses."""

from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printscp.wire.server import Entrance


def entrance(callers: tuple[str, ...] = (), networks: tuple[str, ...] = ()) -> Entrance:
    converse: Any = None
    return Entrance(
        ae_title="FILM",
        announced_ae_title="FILM",
        doors=(),
        contexts=(),
        converse=converse,
        callers=callers,
        networks=tuple(ip_network(network) for network in networks),
    )


@pytest.mark.parametrize(
    ("callers", "calling", "allowed"),
    [
        ((), "ANYONE", True),
        (("CT*", "MR1"), "CT", True),
        (("CT*", "MR1"), "CT_SCANNER_2", True),
        (("CT*", "MR1"), "MR12", False),
        (("CT*", "MR1"), "ct1", False),
        (("CT?",), "CT", False),
        (("CT[12]",), "CT1", False),
        (("CT[12]",), "CT[12]", True),
    ],
)
def test_callers(callers: tuple[str, ...], calling: str, allowed: bool) -> None:
    assert entrance(callers=callers).allows_caller(calling) is allowed


@pytest.mark.parametrize(
    ("networks", "address", "allowed"),
    [
        ((), "192.0.2.1", True),
        (("10.1.0.0/16", "192.168.0.5"), "10.1.255.255", True),
        (("10.1.0.0/16", "192.168.0.5"), "10.2.0.0", False),
        (("10.1.0.0/16", "192.168.0.5"), "192.168.0.5", True),
        (("10.1.0.0/16", "192.168.0.5"), "192.168.0.6", False),
        (("10.1.0.0/16",), "::1", False),
        (("fe80::/10",), "fe80::1", True),
    ],
)
def test_addresses(networks: tuple[str, ...], address: str, allowed: bool) -> None:
    assert entrance(networks=networks).allows_address(ip_address(address)) is allowed


_TITLES = st.text(
    st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="\\*?"), min_size=1, max_size=16
)


@given(_TITLES, _TITLES)
def test_a_title_without_wildcards_allows_itself_alone(title: str, other: str) -> None:
    printer = entrance(callers=(title,))
    assert printer.allows_caller(title)
    assert printer.allows_caller(other) == (other == title)
