"""Where a request comes from: by which name of this host, from a page of which site, by which proxy.

A light box without users trusts whoever is at its host, but a browser there also shows pages of others, which
can send requests anywhere and give this address a name of their own (DNS rebinding). So each request has to
name this host as it is called here, and what a page of another site asks for is refused.
"""

import socket
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from fastapi import Request
from starlette.datastructures import Headers
from starlette.types import Scope

from printscp.config import WebSettings

_KEY = "printscp.way"
_SAFE = ("GET", "HEAD", "OPTIONS")
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


@dataclass(frozen=True)
class Way:
    """How a request came: ``proxy`` from one of ours, ``forwarded`` by any, and ``ours`` says that it names
    this host and may be looked at."""

    proxy: bool = False
    forwarded: bool = False
    ours: bool = True


def came_by(request: Request) -> Way:
    """How a request came, as `mark` wrote down."""
    found: Way = request.scope.get(_KEY, Way())
    return found


def mark(scope: Scope, way: Way) -> None:
    scope[_KEY] = way


class Origins:
    """The names of this host, and its proxies."""

    def __init__(self, settings: WebSettings) -> None:
        self._proxies = [ip_network(str(each)) for each in settings.proxies]
        names = ("localhost", socket.gethostname(), settings.host, *settings.names)
        self._names = {name.lower().rstrip(".") for name in names}

    def way(self, scope: Scope) -> Way:
        """How a request came; before anybody has changed what it says of its peer."""
        headers = Headers(scope=scope)
        return Way(
            proxy=self.is_proxy((scope.get("client") or ("", 0))[0]),
            forwarded=any(name in headers for name in _FORWARDED),
            ours=self.is_ours(headers.getlist("host")),
        )

    def is_proxy(self, address: str) -> bool:
        """Whether a peer is a proxy of ours."""
        try:
            peer = ip_address(address.partition("%")[0])
        except ValueError:
            return False
        peer = getattr(peer, "ipv4_mapped", None) or peer
        return any(peer in network for network in self._proxies)

    def is_ours(self, hosts: Iterable[str]) -> bool:
        """Whether Host names this host, at whatever port. An address is as good as a name of ours: there is
        nothing in it that others could have point here."""
        said = list(hosts)
        name = host_of(said[0]) if len(said) == 1 else None
        return name is not None and (name in self._names or _is_address(name))


def host_of(said: str) -> str | None:
    """The host of a Host header (RFC 9110 7.2) without its port, None where it is none."""
    if said.startswith("["):
        name, bracket, port = said[1:].partition("]")
        if not bracket or (port and not port.startswith(":")):
            return None
        port = port[1:]
    else:
        name, _, port = said.partition(":")
    if port and not (port.isascii() and port.isdecimal()):
        return None
    return name.lower().rstrip(".") or None


def cross_site(scope: Scope) -> bool:
    """Whether a page of another site asks for something, other than that its visitor follows a link."""
    headers = Headers(scope=scope)
    site = headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        return not (scope["method"] == "GET" and _follows_a_link(headers))
    origin = headers.get("origin")
    if origin is None or site is not None or scope["method"] in _SAFE:
        return False
    # Browsers leave Sec-Fetch-Site out where a page comes by HTTP from elsewhere.
    return origin.lower() != f"{scope['scheme']}://{headers.get('host', '')}".lower()


def _follows_a_link(headers: Headers) -> bool:
    return headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"


def _is_address(name: str) -> bool:
    try:
        ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True
