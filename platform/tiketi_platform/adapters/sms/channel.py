"""Text messages as a channel of the notification slice, through a gateway that takes JSON.

`POST {base}/sms/messages {id, to, text}`: the id is the same in each try, and a gateway that keeps the
first of an id (the sandbox does) makes a repeat harmless.
"""

from typing import Final

import aiohttp
import orjson

from tiketi_core.notification.errors import DeferredError, ProviderDownError, RefusedError
from tiketi_core.notification.model import Letter

TIMEOUT_S: Final = 10.0
TEXT_CHARS_MAX: Final = 300


class SmsChannel:
    """One gateway."""

    def __init__(self, base_url: str) -> None:
        self._url = f"{base_url.rstrip('/')}/sms/messages"
        self._http: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Hang up."""
        if self._http is not None:
            await self._http.close()

    async def send(self, letter: Letter) -> None:
        """Return when the gateway has taken it."""
        if self._http is None:
            self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S))
        body = {
            "id": letter.delivery.notice.stable_id,
            "to": letter.recipient,
            "text": sms_text(letter),
        }
        try:
            async with self._http.post(
                self._url, data=orjson.dumps(body), headers={"Content-Type": "application/json"}
            ) as response:
                status, said = response.status, (await response.read())[:200]
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ProviderDownError(f"the SMS gateway does not answer: {error!r}") from error
        detail = f"the SMS gateway: {status} {said.decode('utf-8', 'replace')}"
        if status in {401, 403, 429}:
            raise ProviderDownError(detail)
        if status >= 500:
            raise DeferredError(detail)
        if status >= 300:
            raise RefusedError(detail)


def sms_text(letter: Letter) -> str:
    """One sentence, and for advertising the word the law wants first and the way to end it."""
    words, url = letter.words, letter.words.unsubscribe_url
    if letter.delivery.notice.category != "marketing":
        return f"[tiketi] {words.short}"[:TEXT_CHARS_MAX]
    refusal = "" if url is None else f"\n무료 수신 거부 {url}"
    return f"(광고) [tiketi] {words.short}"[: TEXT_CHARS_MAX - len(refusal)] + refusal
