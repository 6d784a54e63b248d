"""Images of events, news and users: developed, kept and given back."""

from contextlib import suppress

from tiketi_core.event import rules
from tiketi_core.event.errors import ImageNotFoundError
from tiketi_core.event.model import Pictures
from tiketi_core.event.ports import Darkroom, PictureBooks, PictureStore
from tiketi_core.kernel.clock import Clock
from tiketi_core.kernel.errors import UnavailableError
from tiketi_core.kernel.ids import UserId


class Gallery:
    """Images of events and news, and of users."""

    def __init__(
        self, *, darkroom: Darkroom, store: PictureStore, books: PictureBooks, clock: Clock
    ) -> None:
        self._darkroom = darkroom
        self._store = store
        self._books = books
        self._clock = clock

    async def add(self, content: bytes, *, user_id: UserId) -> Pictures:
        """Keep an image in all its sizes. Raises ImageInvalidError, ImageTooLargeError, UnavailableError."""
        return await self._keep(await self._darkroom.develop(content), user_id=user_id)

    async def add_portrait(self, content: bytes, *, user_id: UserId) -> Pictures:
        """Keep a user's own picture, small; raises TooManyPortraitsError too."""
        # Before the work: it is what costs.
        await self._books.count_portrait(user_id, now_ms=self._clock.now_ms())
        try:
            pictures = await self._darkroom.develop(content)
            return await self._keep(rules.as_portrait(pictures), user_id=user_id)
        except UnavailableError:
            # That one was our fault. Where the books do not answer either, it stays counted.
            with suppress(UnavailableError):
                await self._books.discount_portrait(user_id)
            raise

    async def _keep(self, pictures: Pictures, *, user_id: UserId) -> Pictures:
        for picture in (*pictures.variants, pictures.original):
            await self._store.keep(picture)
        await self._books.note(pictures, uploaded_by=user_id, now_ms=self._clock.now_ms())
        return pictures

    async def content(self, name: str) -> bytes:
        """The bytes of an image; raises ImageNotFoundError, UnavailableError."""
        content = await self._store.fetch(name)
        if content is None:
            raise ImageNotFoundError
        return content
