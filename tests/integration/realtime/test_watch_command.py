"""`tiketi queue watch` against a real queue service: a line a second in a pipe, JSON lines, a picture on a terminal."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import signal
import sys

from tests.integration.realtime.conftest import EVENT_ID, enter, set_policy
from tests.users import environment
from tests.waiting import PATIENCE_S, until


def settings_of(platform, token, tmp_path):
    urls = {f"TIKETI_URL_{name.upper()}": platform.url(name) for name in platform.settings.ports}
    return {
        **environment(),
        **urls,
        "TIKETI_TOKEN": token,
        "TIKETI_CONFIG_DIR": str(tmp_path / "config"),
        "COLUMNS": "100",
        "TERM": "xterm-256color",
    }


async def run(env, *arguments):
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tiketi_cli", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=env,
    )
    async with asyncio.timeout(PATIENCE_S):
        out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


async def first_line(env, *arguments):
    """The first line a watch writes, and how it ends when it is interrupted then."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tiketi_cli", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=env,
    )
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE_S):
        line = await process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, said = await process.communicate()
    return process.returncode, line.decode(), said.decode()


async def test_an_administrator_sees_the_room_a_line_a_second(platform, tmp_path):
    await set_policy(platform, capacity=0)
    await enter(platform, 1)
    env = settings_of(platform, platform.admin, tmp_path)
    status, line, err = await first_line(env, "queue", "watch", str(EVENT_ID))
    # Ctrl-C is how looking ends, and no mistake.
    assert (status, err) == (0, "")
    assert line.startswith("waiting 1  pace 0.0/s  inside 0 of 0  admitted 0")
    assert "gave up 0" in line
    _, line, _ = await first_line(env, "--json", "queue", "watch", str(EVENT_ID))
    assert json.loads(line)["waiting_count"] == 1
    assert (
        await platform.ask("GET", "queue", f"/api/queue/{EVENT_ID}/stats", token=platform.admin)
    ).body["entered_total"] == 1  # who only looks enters nothing


async def test_a_user_waits_and_comes_back_admitted(platform, tmp_path):
    await set_policy(platform, capacity=0)
    env = settings_of(platform, platform.token(sub="7"), tmp_path)
    waiting = asyncio.create_task(run(env, "--json", "queue", "watch", str(EVENT_ID)))
    await until(lambda: _waiting_count(platform))
    await set_policy(platform, capacity=1)
    status, out, _ = await waiting
    told = [json.loads(line) for line in out.splitlines()]
    assert status == 0
    assert (told[-1]["kind"], told[-1]["state"]) == ("admitted", "admitted")
    assert told[-1]["entry_token"]


async def _waiting_count(platform):
    stats = await platform.ask("GET", "queue", f"/api/queue/{EVENT_ID}/stats", token=platform.admin)
    return stats.body["waiting_count"]


async def test_a_terminal_gets_a_picture(platform, tmp_path):
    await set_policy(platform, capacity=0)
    for user in range(1, 4):
        await enter(platform, user)
    env = settings_of(platform, platform.admin, tmp_path)
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tiketi_cli", "queue", "watch", str(EVENT_ID)),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=env,
    )
    os.close(theirs)
    async with asyncio.timeout(PATIENCE_S):
        shown = await asyncio.to_thread(_read, ours, until="Ctrl-C")
        process.send_signal(signal.SIGINT)
        await asyncio.to_thread(_read, ours)
        assert await process.wait() == 0
    os.close(ours)
    assert "콘서트" in shown
    assert f"event {EVENT_ID}" in shown
    assert "waiting" in shown
    assert "░" in shown


def _read(terminal: int, *, until: str = "") -> str:
    """What is shown until this is, or until the other end is closed."""
    shown = b""
    while not until or until.encode() not in shown:
        try:
            read = os.read(terminal, 65_536)
        except OSError:  # the other end is closed
            break
        if not read:
            break
        shown += read
    return shown.decode(errors="replace")
