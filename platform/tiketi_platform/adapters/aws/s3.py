"""The `PictureStore` port over S3, or whatever speaks like it; connects when the first image comes."""

from dataclasses import dataclass, field
from typing import Final

from tiketi_core.event.model import Picture
from tiketi_core.kernel.errors import UnavailableError
from tiketi_platform.adapters.aws.clients import AwsClients

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
        self._clients = AwsClients(
            bucket.region,
            endpoint_url=bucket.endpoint or "",
            access_key=bucket.access_key,
            secret_key=bucket.secret_key,
            read_timeout_s=timeout_s,
        )

    async def keep(self, picture: Picture) -> None:
        client = await self._clients.get("s3")
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
        client = await self._clients.get("s3")
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
        await self._clients.close()

    def _key(self, name: str) -> str:
        return f"{self._bucket.prefix}/{name}".lstrip("/")


def _failures() -> tuple[type[Exception], ...]:
    from botocore.exceptions import BotoCoreError, ClientError

    return (BotoCoreError, ClientError, OSError, TimeoutError)
