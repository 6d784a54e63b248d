"""One lazily opened client for each of Amazon's services; credentials come from where botocore looks for them."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any, Final

CONNECT_TIMEOUT_S: Final = 5
READ_TIMEOUT_S: Final = 30
"""Longer than any long poll."""
CONNECTIONS_MAX: Final = 32


class AwsClients:
    """The clients of one process and region; `close` hangs up."""

    def __init__(self, region: str, *, endpoint_url: str = "") -> None:
        """`endpoint_url`: an emulator instead of Amazon."""
        self._region = region
        self._endpoint_url = endpoint_url or None
        self._stack = AsyncExitStack()
        self._opened: dict[str, Any] = {}
        self._opening = asyncio.Lock()

    async def get(
        self, service: str
    ) -> Any:  # botocore's clients are made of their service's model
        """The client of `sqs`, `sns`, `sesv2`, …"""
        async with self._opening:
            if service not in self._opened:
                # Half a second of imports that only those who use Amazon should pay.
                from aiobotocore.config import AioConfig
                from aiobotocore.session import get_session

                config = AioConfig(
                    connect_timeout=CONNECT_TIMEOUT_S,
                    read_timeout=READ_TIMEOUT_S,
                    max_pool_connections=CONNECTIONS_MAX,
                    retries={"mode": "standard", "total_max_attempts": 2},
                )
                session = get_session()
                self._opened[service] = await self._stack.enter_async_context(
                    session.create_client(
                        service,
                        region_name=self._region,
                        endpoint_url=self._endpoint_url,
                        config=config,
                    )
                )
            return self._opened[service]

    async def close(self) -> None:
        """Hang up on all."""
        await self._stack.aclose()
        self._opened.clear()
