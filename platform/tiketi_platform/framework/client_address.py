"""Whose address a request comes from: the socket's, or what proxies of ours say; nobody else is believed.

Limits count by it. Behind an ingress every socket is the ingress's, and one guesser would lock everybody out;
but whoever may write the address himself has as many as he likes.
"""

import ipaddress
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from aiohttp import web
from multidict import istr

VARIABLE: Final = "TIKETI_TRUSTED_PROXIES"
HOPS_MAX: Final = 16
"""Entries of the header that are looked at, from the right."""
_FORWARDED_FOR: Final = istr("X-Forwarded-For")

AddressOf: TypeAlias = Callable[[web.Request], str]
Ip: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


def socket_address(request: web.Request) -> str:
    """As the socket says; empty where there is none."""
    return request.remote or ""


def address_behind(trusted_proxies: str) -> AddressOf:
    """How to find the address behind these proxies: addresses and networks with commas between, or nothing.

    It is the rightmost entry of X-Forwarded-For that is not a trusted proxy's: each proxy adds on the right
    whom it heard from, and what stands left of a stranger is the stranger's word. Raises ValueError.
    """
    networks = _networks(trusted_proxies)
    if not networks:
        return socket_address

    def address_of(request: web.Request) -> str:
        nearest = socket_address(request)
        said = ",".join(request.headers.getall(_FORWARDED_FOR, ()))
        hops = said.rsplit(",", HOPS_MAX)[-HOPS_MAX:] if said else []
        while hops and _is_trusted(nearest, networks):
            farther = _ip(hops.pop().strip())
            if farther is None:
                # A proxy that does not say whom it heard from: then it is who we heard from.
                break
            nearest = str(farther)
        return nearest

    return address_of


def _networks(said: str) -> Sequence[Network]:
    try:
        return tuple(ipaddress.ip_network(part.strip()) for part in said.split(",") if part.strip())
    except ValueError as error:
        raise ValueError(
            f"{VARIABLE} reads 10.0.0.0/8,192.168.1.7 and not {said!r}: {error}"
        ) from error


def _is_trusted(address: str, networks: Sequence[Network]) -> bool:
    ip = _ip(address)
    return ip is not None and any(ip in network for network in networks)


def _ip(text: str) -> Ip | None:
    try:
        ip = ipaddress.ip_address(text)
    except ValueError:
        return None
    # A listener for both families shows an IPv4 peer like this.
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return mapped or ip
