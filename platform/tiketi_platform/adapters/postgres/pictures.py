"""What is known of images, in PostgreSQL; the images themselves are kept elsewhere."""

from typing import Final

from tiketi_core.event.errors import TooManyPortraitsError
from tiketi_core.event.model import Picture, Pictures
from tiketi_core.kernel import bounds
from tiketi_core.kernel.ids import UserId
from tiketi_platform.adapters.postgres.pool import Database
from tiketi_platform.adapters.postgres.queries import Queries

_SQL: Final = Queries.load("event")


class PostgresPictures:
    """The `PictureBooks` port."""

    def __init__(self, database: Database) -> None:
        self._database = database.refusing(TooManyPortraitsError)

    async def count_portrait(self, user_id: UserId, *, now_ms: int) -> None:
        await self._database.execute(
            _SQL["count_portrait"],
            user_id,
            bounds.portraits_max,
            bounds.portraits_window_s,
            now_ms,
        )

    async def discount_portrait(self, user_id: UserId) -> None:
        await self._database.execute(_SQL["discount_portrait"], user_id)

    async def note(self, pictures: Pictures, *, uploaded_by: UserId, now_ms: int) -> None:
        original = pictures.original
        await self._database.execute(
            _SQL["keep_image"],
            original.name,
            original.content_type,
            original.width,
            original.height,
            len(original.content),
            [_described(each) for each in pictures.variants],
            uploaded_by,
            now_ms,
        )


def _described(picture: Picture) -> dict[str, object]:
    return {
        "name": picture.name,
        "width": picture.width,
        "height": picture.height,
        "bytes_count": len(picture.content),
    }
