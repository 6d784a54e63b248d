"""Amazon's services, played by moto in a process of its own."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest

from tests.waiting import until
from tiketi_platform.adapters.aws.clients import AwsClients
from tiketi_platform.runtime.engines.ports import free_port


@pytest.fixture(scope="session")
def moto_process() -> Iterator[str]:
    """The emulator's address; it may still be starting."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


@pytest.fixture
async def moto(moto_process: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of an emulator that knows nothing yet."""
    # botocore looks for credentials in the environment and nowhere we could pass them in.
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")

    async def is_empty() -> bool:
        try:
            async with (
                aiohttp.ClientSession() as http,
                http.post(f"{moto_process}/moto-api/reset") as answer,
            ):
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    await until(is_empty, timeout_s=90)
    return moto_process


@pytest.fixture
async def clients(moto: str) -> AsyncIterator[AwsClients]:
    opened = AwsClients("ap-northeast-2", endpoint_url=moto)
    yield opened
    await opened.close()
