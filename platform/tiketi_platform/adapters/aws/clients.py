"""One lazily opened client for each of Amazon's services; without others, credentials come from where botocore looks."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any, Final

CONNECT_TIMEOUT_S: Final = 5
READ_TIMEOUT_S: Final = 30
"""Longer than any long poll."""
CONNECTIONS_MAX: Final = 32


class AwsClients:
    """The clients of one process and region; `close` hangs up."""

    def __init__(
        self,
        region: str | None,
        *,
        endpoint_url: str = "",
        access_key: str | None = None,
        secret_key: str | None = None,
        read_timeout_s: int = READ_TIMEOUT_S,
    ) -> None:
        """`endpoint_url`: an emulator instead of Amazon. None leaves a value to the surroundings."""
        self._region = region
        self._endpoint_url = endpoint_url or None
        self._access_key = access_key
        self._secret_key = secret_key
        self._read_timeout_s = read_timeout_s
        self._stack = AsyncExitStack()
        self._opened: dict[str, Any] = {}
        self._opening = asyncio.Lock()

    async def get(
        self, service: str
    ) -> Any:  # botocore's clients are made of their service's model
        """The client of `sqs`, `sns`, `sesv2`, …"""
        async with self._opening:
            if service not in self._opened:
                # Half a second of imports that only those who use Amazon should pay, off the loop.
                session = await asyncio.to_thread(_session)
                from aiobotocore.config import AioConfig

                config = AioConfig(
                    connect_timeout=CONNECT_TIMEOUT_S,
                    read_timeout=self._read_timeout_s,
                    max_pool_connections=CONNECTIONS_MAX,
                    retries={"mode": "standard", "total_max_attempts": 2},
                    # Names of buckets are no names of hosts where we name the host.
                    s3={"addressing_style": "path"} if self._endpoint_url else None,
                )
                self._opened[service] = await self._stack.enter_async_context(
                    session.create_client(
                        service,
                        region_name=self._region,
                        endpoint_url=self._endpoint_url,
                        aws_access_key_id=self._access_key,
                        aws_secret_access_key=self._secret_key,
                        config=config,
                    )
                )
            return self._opened[service]

    async def close(self) -> None:
        """Hang up on all."""
        await self._stack.aclose()
        self._opened.clear()


def _session() -> Any:
    from aiobotocore.session import get_session

    return get_session()
