"""`client.images`: kept once, under the hash of their content, and never changed."""

from tiketi_sdk import codec
from tiketi_sdk.codec import PreparedRequest
from tiketi_sdk.contract import images as contract
from tiketi_sdk.contract.images import Image
from tiketi_sdk.resources.base import AsyncResource


class AsyncImages(AsyncResource):
    """Images of events and news, and of yourself."""

    async def upload(self, content: bytes) -> Image:
        """Keep a JPEG, PNG or WebP of at most 5 MiB (administrators); the same again is the same image.

        It is kept upright, without metadata, and in smaller sizes. Raises `ImageInvalidError`,
        `ImageTooLargeError`, `InvalidRequestError`.
        """
        return await self._ask(contract.UPLOAD, image=content)

    async def upload_portrait(self, content: bytes) -> Image:
        """Keep a picture of yourself, a JPEG, PNG or WebP of at most 2 MiB; ten a day.

        It is kept at most 800 pixels wide; `auth.update_me(profile_image=image.url)` shows it. Raises
        `ImageInvalidError`, `ImageTooLargeError`, `InvalidRequestError`, `RateLimitedError`.
        """
        return await self._ask(contract.UPLOAD_PORTRAIT, image=content)

    async def get(self, name: str) -> bytes:
        """The bytes of an image, by its name or a variant's. Raises `ImageNotFoundError`."""
        request = codec.build(contract.GET, {"name": name})

        def prepare(token: str | None) -> PreparedRequest:
            return codec.encode(contract.GET, request, token=token)

        answer = await self._caller.raw("event", prepare=prepare, repeatable=True)
        return answer.body
