"""Which store the settings name: a folder, or a bucket; opens neither."""

from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

from tiketi_core.event.ports import PictureStore
from tiketi_platform.adapters.aws.s3 import Bucket, S3Store
from tiketi_platform.adapters.images.folder import FolderStore
from tiketi_platform.framework.settings import Settings


class ClosingStore(PictureStore, Protocol):
    """A store to be closed at the end."""

    async def close(self) -> None: ...


def store_of(settings: Settings) -> ClosingStore:
    """The store of `images_store`; ValueError for an address that names none."""
    parts = urlsplit(settings.images_store)
    if parts.scheme == "file" and parts.path and not parts.netloc:
        return FolderStore(Path(unquote(parts.path)))
    options = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
    if parts.scheme == "s3" and parts.netloc and options.keys() <= {"endpoint", "region"}:
        return S3Store(
            Bucket(
                name=parts.netloc,
                prefix=unquote(parts.path).strip("/"),
                endpoint=options.get("endpoint"),
                region=options.get("region"),
                access_key=settings.optional_secret("s3-access-key"),
                secret_key=settings.optional_secret("s3-secret-key"),
            )
        )
    msg = (
        "TIKETI_IMAGES_STORE must be file:///folder or s3://bucket/prefix?endpoint=…&region=…, "
        f"not {settings.images_store!r}"
    )
    raise ValueError(msg)
