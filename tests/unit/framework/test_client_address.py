"""What X-Forwarded-For says is believed as far as proxies of ours wrote it, and no farther."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import pytest
from aiohttp import web
from multidict import CIMultiDict

from tiketi_platform.framework.client_address import address_behind

PROXIES = "10.0.0.0/8, 192.168.1.7, fd00::/8"


@dataclass
class Asked:
    remote: str | None
    headers: CIMultiDict[str]


def seen(remote: str | None, *said: str, proxies: str = PROXIES) -> str:
    headers = CIMultiDict([("X-Forwarded-For", each) for each in said])
    return address_behind(proxies)(cast("web.Request", Asked(remote, headers)))


@pytest.mark.parametrize(
    ("remote", "said", "address"),
    [
        # Nobody of ours: what it says is its own word.
        ("203.0.113.9", (), "203.0.113.9"),
        ("203.0.113.9", ("198.51.100.1",), "203.0.113.9"),
        # The ingress, and whom it heard from.
        ("10.1.2.3", ("198.51.100.1",), "198.51.100.1"),
        ("::ffff:10.1.2.3", ("198.51.100.1",), "198.51.100.1"),
        ("fd00::1", ("2001:db8::5",), "2001:db8::5"),
        # Whatever a client wrote itself stands on the left.
        ("10.1.2.3", ("1.1.1.1, 198.51.100.1",), "198.51.100.1"),
        ("10.1.2.3", ("1.1.1.1", "198.51.100.1, 192.168.1.7"), "198.51.100.1"),
        ("10.1.2.3", ("1.1.1.1, 198.51.100.1, 192.168.1.8",), "192.168.1.8"),
        # All of them ours: the farthest.
        ("10.1.2.3", ("10.9.9.9, 192.168.1.7",), "10.9.9.9"),
        # What is no address ends it.
        ("10.1.2.3", ("198.51.100.1, unknown",), "10.1.2.3"),
        ("10.1.2.3", ("",), "10.1.2.3"),
        ("10.1.2.3", (), "10.1.2.3"),
        (None, ("198.51.100.1",), ""),
        ("10.1.2.3", (",".join(["1.1.1.1", *["10.0.0.1"] * 40]),), "10.0.0.1"),
    ],
)
def test_the_rightmost_that_is_not_ours(
    remote: str | None, said: Sequence[str], address: str
) -> None:
    assert seen(remote, *said) == address


def test_without_proxies_of_ours_the_socket_is_believed() -> None:
    assert seen("10.1.2.3", "198.51.100.1", proxies="") == "10.1.2.3"


@pytest.mark.parametrize("proxies", ["10.0.0.0/33", "ingress", "10.0.0.1/8"])
def test_what_is_no_network_is_refused_by_name(proxies: str) -> None:
    with pytest.raises(ValueError, match="TIKETI_TRUSTED_PROXIES"):
        address_behind(proxies)
