"""The `PictureStore` port over a folder of this machine; knows no subfolders and no other names than its own."""

import asyncio
import os
import re
import tempfile
from pathlib import Path
from typing import Final

from tiketi_core.event.model import Picture
from tiketi_core.kernel.errors import UnavailableError

_NAME: Final = re.compile(r"[0-9a-f]{64}\.(jpg|png|webp)")


class FolderStore:
    """Files by name; the folder is made when the first one comes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def keep(self, picture: Picture) -> None:
        assert _NAME.fullmatch(picture.name), "names are made of hashes"
        try:
            await asyncio.to_thread(self._write, picture)
        except OSError as error:
            raise UnavailableError("images cannot be kept right now") from error

    async def fetch(self, name: str) -> bytes | None:
        if not _NAME.fullmatch(name):
            return None
        try:
            return await asyncio.to_thread((self._folder / name).read_bytes)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise UnavailableError("images cannot be read right now") from error

    async def close(self) -> None:
        """Nothing is open."""

    def _write(self, picture: Picture) -> None:
        path = self._folder / picture.name
        if path.exists():
            return
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Whole or not at all: a reader must never find half a file under its final name.
        descriptor, draft = tempfile.mkstemp(dir=self._folder, prefix=".draft-")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(picture.content)
                file.flush()
                os.fsync(file.fileno())
            Path(draft).replace(path)
        except BaseException:  # cancellation too: no draft is left
            Path(draft).unlink(missing_ok=True)
            raise
