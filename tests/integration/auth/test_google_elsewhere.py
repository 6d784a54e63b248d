"""Logging in through a provider that none of us wrote, and through a real browser."""

import asyncio
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import aiohttp

from tests.engines import Database
from tests.services import serving, settings_for
from tests.users import environment
from tests.waiting import until
from tiketi_platform.runtime.engines.ports import free_port
from tiketi_platform.runtime.engines.process import spawn
from tiketi_platform.runtime.engines.valkey import ValkeyServer
from tiketi_platform.sandbox.google.server import running_google_sandbox
from tiketi_platform.sandbox.ports import GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET

CLAIMS = (
    '{"sub": "minji", "email": "minji@elsewhere.test", "email_verified": true, "name": "김민지"}'
)


@asynccontextmanager
async def foreign_provider(folder: Path) -> AsyncIterator[str]:
    """oidc-provider-mock in a process of its own."""
    port = free_port()
    argv = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port)]
    process = spawn(
        [*argv, "--require-nonce", "true", "--user-claims", CLAIMS],
        log=folder / "provider.log",
        on_parent_death=signal.SIGTERM,
        env=environment(),
    )
    url = f"http://127.0.0.1:{port}"
    try:
        async with aiohttp.ClientSession() as http:

            async def answers() -> bool:
                try:
                    async with http.get(f"{url}/.well-known/openid-configuration") as answer:
                        return answer.status == 200
                except aiohttp.ClientError:
                    return False

            await until(answers, timeout_s=60)
        yield url
    finally:
        process.terminate()
        process.wait(30)


async def test_a_provider_none_of_us_wrote(
    postgres: Database, valkey: ValkeyServer, tmp_path: Path
) -> None:
    async with foreign_provider(tmp_path) as url:
        settings = settings_for(
            postgres, valkey, tmp_path, google_url=url, google_client_id="tiketi-there"
        )
        (settings.secrets_dir / "google-client-secret").write_text("a secret")
        async with serving(settings, "auth") as auth:
            callback = "http://127.0.0.1:9/callback"
            asked = (
                await auth.ask(
                    "GET",
                    "auth",
                    "/api/auth/google/authorize",
                    params={"redirect_uri": callback},
                )
            ).body
            async with auth.http.post(
                asked["url"], data={"sub": "minji"}, allow_redirects=False
            ) as answer:
                location = answer.headers["Location"]
            came = dict(parse_qsl(urlsplit(location).query))
            assert came["state"] == asked["state"]
            body = {
                "code": came["code"],
                "state": came["state"],
                "code_verifier": asked["code_verifier"],
            }
            session = await auth.ask("POST", "auth", "/api/auth/google", json=body)
            assert session.status == 200, session
            user = session.body["user"]
            assert (user["email"], user["name"]) == ("minji@elsewhere.test", "김민지")
            again = await auth.ask("POST", "auth", "/api/auth/google", json=body)
            assert again.code == "google_refused"


class Browser:
    """Headless Chromium, driven over its DevTools socket."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._number = 0

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": params})
        while True:
            said = await self._socket.receive_json(timeout=60)
            if said.get("id") == self._number:
                return dict(said["result"])

    async def run(self, script: str) -> Any:
        result = await self.call("Runtime.evaluate", expression=script)
        return result["result"].get("value")


@asynccontextmanager
async def browser(folder: Path) -> AsyncIterator[Browser]:
    """A browser with an empty profile; it ends with the block."""
    binary = shutil.which("chromium")
    assert binary is not None, "chromium is needed: apt-get install chromium"
    profile = folder / "chromium"
    flags = (
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        "--disable-dev-shm-usage", "--remote-debugging-port=0", f"--user-data-dir={profile}",
    )  # fmt: skip
    process = spawn(
        [binary, *flags, "about:blank"],
        log=folder / "chromium.log",
        on_parent_death=signal.SIGTERM,
        env=environment(),
    )
    try:
        async with aiohttp.ClientSession() as http:
            told = profile / "DevToolsActivePort"

            async def page() -> str | None:
                lines = told.read_text().splitlines() if told.exists() else []
                if len(lines) < 2:  # still being written
                    return None
                port = lines[0]
                try:
                    async with http.get(f"http://127.0.0.1:{port}/json/list") as answer:
                        pages = await answer.json(content_type=None)
                except aiohttp.ClientError:
                    return None
                found = [each for each in pages if each["type"] == "page"]
                return str(found[0]["webSocketDebuggerUrl"]) if found else None

            address = await until(page, timeout_s=90)
            async with http.ws_connect(address, max_msg_size=0) as socket:
                yield Browser(socket)
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, 30)


async def test_the_command_logs_in_through_a_real_browser(
    postgres: Database, valkey: ValkeyServer, tmp_path: Path
) -> None:
    async with running_google_sandbox(port=0) as google:
        settings = settings_for(
            postgres, valkey, tmp_path, google_url=google.url, google_client_id=GOOGLE_CLIENT_ID
        )
        (settings.secrets_dir / "google-client-secret").write_text(GOOGLE_CLIENT_SECRET)
        async with serving(settings, "auth") as auth:
            command = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tiketi_cli", "auth", "login", "--google", "--no-browser"),
                *("--json", "--profile", "local", "--url", auth.url("auth")),
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env={**environment(), "TIKETI_CONFIG_DIR": str(tmp_path / "config")},
            )
            assert command.stderr is not None
            lines = [(await command.stderr.readline()).decode() for _ in range(2)]
            url = lines[1].strip()
            assert url.startswith(google.url), lines
            async with browser(tmp_path) as chromium:
                await chromium.call("Page.navigate", url=url)
                button = "document.querySelector('button[value=\"minji.kim@gmail.test\"]')"

                async def clicked() -> bool:
                    return bool(await chromium.run(f"{button} && ({button}.click(), true)"))

                await until(clicked, timeout_s=60)

                async def is_back() -> bool:
                    text = await chromium.run("document.body && document.body.innerText")
                    return "터미널로 돌아가세요" in str(text)

                await until(is_back, timeout_s=60)
            out, _ = await asyncio.wait_for(command.communicate(), 60)
    assert command.returncode == 0
    assert b"minji.kim@gmail.test" in out
