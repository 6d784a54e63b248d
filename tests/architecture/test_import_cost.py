"""Importing the SDK or starting the CLI loads nothing heavy: it happens inside the command that needs it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

ENGINES = {"tiketi_platform", "tiketi_core", "aiohttp", "asyncpg", "redis", "socketio", "uvloop"}
LOAD = {"locust", "gevent", "hdrh", "plotext"}


def _loaded_by(statement):
    program = f"import sys, json; {statement}; print(json.dumps(sorted(sys.modules)))"
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return {name.partition(".")[0] for name in json.loads(answer.stdout)}


@pytest.mark.parametrize(
    ("statement", "heavy"),
    [
        ("import tiketi_sdk", {"httpx", "asyncio", "pydantic", "typer", "rich"} | ENGINES | LOAD),
        ("import tiketi_sdk.contract.queue", {"httpx", "typer", "rich"} | ENGINES | LOAD),
        ("from tiketi_sdk import Tiketi", {"typer", "rich"} | ENGINES | LOAD),
        (
            "import tiketi_cli.app",
            {"httpx", "pydantic", "typer", "rich", "asyncio"} | ENGINES | LOAD,
        ),
        ("import tiketi_platform", {"httpx"} | ENGINES - {"tiketi_platform"} | LOAD),
    ],
)
def test_import_is_light(statement, heavy):
    assert _loaded_by(statement) & heavy == set()
