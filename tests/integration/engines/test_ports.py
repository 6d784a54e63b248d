"""A taken port is named together with the process that holds it."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import psutil
import pytest

from tiketi_platform.runtime.engines.ports import free_port, holder, is_free, require_free
from tiketi_platform.runtime.errors import PortTakenError


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_free_port_has_no_holder():
    port = free_port()
    assert is_free(port)
    assert holder(port) is None
    require_free({"queue": port})


def test_a_taken_port_is_named_with_its_holder(taken: int):
    assert not is_free(taken)
    found = holder(taken)
    assert found is not None
    assert found.pid == os.getpid()
    with pytest.raises(PortTakenError) as caught:
        require_free({"queue": taken, "auth": free_port()})
    text = str(caught.value)
    assert text.startswith(f"port {taken} (queue) is taken by {psutil.Process().name()} (")
    assert f"(pid {os.getpid()}, " in text
    assert text.endswith("; stop it or choose other ports")
    assert "auth" not in text


def test_all_taken_ports_are_named_at_once(taken: int):
    with pytest.raises(PortTakenError, match=r"\(one\).*\(two\)"):
        require_free({"one": taken, "two": taken})


def test_a_port_taken_on_all_addresses_is_not_free():
    with socket.create_server(("0.0.0.0", 0)) as server:
        assert not is_free(server.getsockname()[1])
