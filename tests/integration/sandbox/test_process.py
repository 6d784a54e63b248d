"""The sandboxes run as a process of their own (on uvloop), serve, and end on SIGTERM keeping their state."""

import asyncio
import re
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import tiketi_platform
from tests.waiting import PATIENCE_S
from tiketi_platform.adapters.smtp import Mail, SmtpMailer, SmtpSettings
from tiketi_platform.adapters.toss import TossGateway, TossSettings
from tiketi_platform.sandbox.ports import TOSS_SECRET_KEY

ROOTS = [
    str(Path(tiketi_platform.__file__).parents[1]),
    str(Path(tiketi_platform.__file__).parents[2]),
]


@asynccontextmanager
async def sandbox_process(data: Path) -> AsyncIterator[tuple[Process, str, int]]:
    start = (
        f"import sys; sys.path[:0] = {ROOTS!r}; "
        "from tiketi_platform.sandbox.__main__ import main; sys.exit(main())"
    )
    ports = ("--toss-port", "0", "--smtp-port", "0", "--mailbox-port", "0", "--google-port", "0")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", start, "--data", str(data), *ports, stderr=PIPE
    )
    assert process.stderr is not None
    try:
        said = [
            (await asyncio.wait_for(process.stderr.readline(), PATIENCE_S)).decode()
            for _ in range(3)
        ]
        smtp_port = re.search(r"smtp +[\d.]+:(\d+)", said[1])
        assert smtp_port is not None, said
        yield process, said[0].split()[1], int(smtp_port[1])
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_a_killed_process_has_lost_nothing_and_a_terminated_one_says_goodbye(tmp_path: Path):
    async with (
        sandbox_process(tmp_path) as (process, toss_url, smtp_port),
        TossGateway(TossSettings(TOSS_SECRET_KEY, base_url=toss_url)) as gateway,
        SmtpMailer(SmtpSettings("127.0.0.1", smtp_port)) as mailer,
    ):
        approval = await gateway.approve(pg_token="toss_token_ok", order_id="order-1", amount_won=1)
        await mailer.send(Mail("m-1", "kim@example.com", "안녕", "하세요"))
        process.kill()
        await process.wait()
    async with sandbox_process(tmp_path) as (process, toss_url, _):
        async with TossGateway(TossSettings(TOSS_SECRET_KEY, base_url=toss_url)) as gateway:
            assert await gateway.find(order_id="order-1") == approval
        process.terminate()
        assert await asyncio.wait_for(process.wait(), PATIENCE_S) == 0
    assert (tmp_path / "mail").exists()
