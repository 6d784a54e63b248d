"""The `PictureStore` port over S3, or whatever speaks like it; connects when the first image comes."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, Final

from tiketi_core.event.model import Picture
from tiketi_core.kernel.errors import UnavailableError

FOR_EVER: Final = "public, max-age=31536000, immutable"
timeout_s: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Where, and as whom; None leaves it to the surroundings as Amazon's own tools read them."""

    name: str
    prefix: str = ""
    endpoint: str | None = None
    region: str | None = None
    access_key: str | None = None
    secret_key: str | None = field(default=None, repr=False)


class S3Store:
    """Objects by name below a prefix."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._open = AsyncExitStack()
        self._connecting = asyncio.Lock()
        self._client: Any = None

    async def keep(self, picture: Picture) -> None:
        client = await self._connected()
        try:
            await client.put_object(
                Bucket=self._bucket.name,
                Key=self._key(picture.name),
                Body=picture.content,
                ContentType=picture.content_type,
                CacheControl=FOR_EVER,
            )
        except _failures() as error:
            raise UnavailableError("images cannot be kept right now") from error

    async def fetch(self, name: str) -> bytes | None:
        client = await self._connected()
        try:
            found = await client.get_object(Bucket=self._bucket.name, Key=self._key(name))
            async with found["Body"] as body:
                return bytes(await body.read())
        except client.exceptions.NoSuchKey:
            return None
        except _failures() as error:
            raise UnavailableError("images cannot be read right now") from error

    async def close(self) -> None:
        """Close the connections."""
        await self._open.aclose()

    def _key(self, name: str) -> str:
        return f"{self._bucket.prefix}/{name}".lstrip("/")

    async def _connected(self) -> Any:
        async with self._connecting:
            if self._client is None:
                # Half a second of imports, off the loop.
                session = await asyncio.to_thread(_session)
                from aiobotocore.config import AioConfig

                self._client = await self._open.enter_async_context(
                    session.create_client(
                        "s3",
                        endpoint_url=self._bucket.endpoint,
                        region_name=self._bucket.region,
                        aws_access_key_id=self._bucket.access_key,
                        aws_secret_access_key=self._bucket.secret_key,
                        config=AioConfig(
                            connect_timeout=timeout_s,
                            read_timeout=timeout_s,
                            retries={"max_attempts": 2},
                            # Names of buckets are no names of hosts where we name the host.
                            s3=None
                            if self._bucket.endpoint is None
                            else {"addressing_style": "path"},
                        ),
                    )
                )
            return self._client


def _session() -> Any:
    from aiobotocore.session import get_session

    return get_session()


def _failures() -> tuple[type[Exception], ...]:
    from botocore.exceptions import BotoCoreError, ClientError

    return (BotoCoreError, ClientError, OSError, TimeoutError)
