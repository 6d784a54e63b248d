"""The platform of the acceptance tests: one for the session, shared by all that do not break it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.acceptance.stage import Stage, running
from tests.acceptance.world import World, fingerprint, make_world, settle


@pytest.fixture(scope="session")
def platform() -> Iterator[Stage]:
    """An embedded platform on free ports, with `admin` logged in. Make events and users of your own."""
    with running() as stage:
        yield stage


@pytest.fixture
def cli_environ(platform: Stage, tmp_path: Path) -> dict[str, str]:
    """The environment of a command that uses `platform` as its administrator, with an empty config folder."""
    return {**platform.environ, "TIKETI_CONFIG_DIR": str(tmp_path / "config")}


@pytest.fixture(scope="session")
def world(platform: Stage) -> World:
    """Two users and what they have, for requests that must not change it."""
    return make_world(platform)


@pytest.fixture
async def nothing_changes(world: World) -> AsyncIterator[None]:
    """What was there before a test is there after it, and nothing else."""
    settle(world)
    before = await fingerprint(world)
    yield
    settle(world)
    assert await fingerprint(world) == before
