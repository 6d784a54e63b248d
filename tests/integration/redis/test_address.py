"""Redis URLs: what they mean, what is refused, and that passwords stay inside."""

import pytest

from tiketi_platform.adapters.redis.address import Address, parse_address


@pytest.mark.parametrize(
    "url, address",
    [
        ("redis://localhost", Address("localhost", 6379, "", 0)),
        ("redis://:p%40ss@10.0.0.1:7000/4", Address("10.0.0.1", 7000, "", 4, None, "p@ss")),
        ("redis://ann:x@[::1]:7000", Address("::1", 7000, "", 0, "ann", "x")),
        ("unix:///run/v.sock?db=2", Address("", 0, "/run/v.sock", 2)),
        ("unix://:x@/run/v.sock", Address("", 0, "/run/v.sock", 0, None, "x")),
    ],
)
def test_urls(url, address):
    assert parse_address(url) == address


@pytest.mark.parametrize(
    "url", ["", "localhost:6379", "http://host", "rediss://host", "redis://", "redis://host/x"]
)
def test_refused_urls(url):
    with pytest.raises(ValueError):
        parse_address(url)


def test_the_password_is_never_shown():
    address = parse_address("redis://ann:hunter2@host/1")
    assert "hunter2" not in f"{address} {address!r}"
    with pytest.raises(ValueError) as caught:
        parse_address("https://ann:hunter2@host/1")
    assert "hunter2" not in str(caught.value)
