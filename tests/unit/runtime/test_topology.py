"""Who listens to whom is one table, and the services do what it says."""

from collections.abc import Sequence

import pytest

from tiketi_core.kernel.message import Message
from tiketi_platform.framework.spec import AnySpec, ServiceSpec
from tiketi_platform.runtime import topology
from tiketi_platform.runtime.registry import NAMES, spec_of


@pytest.mark.parametrize("service", NAMES)
def test_a_service_listens_to_those_whom_the_table_names(service):
    assert topology.heard_by(spec_of(service)) == set(topology.LISTENS_TO[service])


def test_whoever_listens_to_somebody_else_is_refused():
    async def hear(_service: object, _messages: Sequence[Message]) -> None: ...

    spec: AnySpec = ServiceSpec(
        name="auth", build=lambda _resources: None, routes=(), listens={"payment.completed": hear}
    )
    with pytest.raises(AssertionError, match="topology"):
        topology.check(spec)
