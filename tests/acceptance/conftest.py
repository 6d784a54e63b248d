"""The platform of the acceptance tests: one for the session, shared by all that do not break it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.stage import Stage, running


@pytest.fixture(scope="session")
def platform() -> Iterator[Stage]:
    """An embedded platform on free ports, with `admin` logged in. Make events and users of your own."""
    with running() as stage:
        yield stage


@pytest.fixture
def cli_environ(platform: Stage, tmp_path: Path) -> dict[str, str]:
    """The environment of a command that uses `platform` as its administrator, with an empty config folder."""
    return {**platform.environ, "TIKETI_CONFIG_DIR": str(tmp_path / "config")}
