"""Push messages as a channel of the notification slice: one to each of the user's devices.

FCM knows no idempotency key. Each message carries the same tag in every try, so that a device which gets
it twice shows it once: the second replaces the first.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import aiohttp
import orjson

from tiketi_core.kernel.errors import UnavailableError
from tiketi_core.notification.errors import DeferredError, ProviderDownError, RefusedError
from tiketi_core.notification.model import Letter
from tiketi_platform.adapters.fcm.account import AccessTokens, ServiceAccount

_log = logging.getLogger(__name__)

TIMEOUT_S: Final = 10.0
CONNECTIONS_MAX: Final = 16
URGENT: Final = frozenset({"entry.admitted"})
"""Messages that may wake a sleeping device."""
_GONE: Final = "UNREGISTERED"
_STRANGE: Final = "SENDER_ID_MISMATCH"
"""Registered with another sender: the device is there, and it may be our account that is wrong."""
_DOWN: Final = frozenset({401, 403, 429, 500, 502, 503, 504})

Forget = Callable[[Sequence[str]], Awaitable[None]]


class PushChannel:
    """FCM at `base_url`; devices that are gone are forgotten."""

    def __init__(
        self, base_url: str, account: Callable[[], ServiceAccount], *, forget: Forget
    ) -> None:
        """`account` is asked for when the first message is sent."""
        self._base_url = base_url.rstrip("/")
        self._make_account = account
        self._forget = forget
        self._opening = asyncio.Lock()
        self._http: aiohttp.ClientSession | None = None
        self._access: AccessTokens | None = None
        self._url = ""

    async def close(self) -> None:
        """Hang up."""
        if self._http is not None:
            await self._http.close()

    async def send(self, letter: Letter) -> None:
        """Return when every living device's message was taken; a repeat replaces what came before.

        A device that is another sender's counts as taken if another device took it.
        """
        devices = letter.delivery.wishes.devices
        if not devices:
            raise RefusedError("the user has no device")
        access = await self._opened()
        answers = await asyncio.gather(
            *(self._send(access, message(letter, device)) for device in devices),
            return_exceptions=True,
        )
        failures = [each for each in answers if isinstance(each, BaseException)]
        for failure in failures:
            if not isinstance(failure, _GoneError | _StrangeError):
                raise failure
        await self._forget_gone([each.device for each in failures if isinstance(each, _GoneError)])
        if len(failures) < len(devices):
            return
        if any(isinstance(each, _StrangeError) for each in failures):
            raise DeferredError("FCM: the user's devices are registered with another sender")
        raise RefusedError("none of the user's devices is registered any more")

    async def _forget_gone(self, devices: Sequence[str]) -> None:
        if not devices:
            return
        try:
            await self._forget(devices)
        except UnavailableError as error:  # the next push finds them gone again
            _log.warning("devices that are gone are not forgotten yet: %s", error.detail)

    async def _opened(self) -> AccessTokens:
        async with self._opening:
            if self._access is None or self._http is None:
                try:
                    account = await asyncio.to_thread(self._make_account)
                except (OSError, LookupError, TypeError, ValueError) as error:
                    raise ProviderDownError(f"no account for FCM: {error!r}") from error
                self._http = aiohttp.ClientSession(
                    connector=aiohttp.TCPConnector(limit=CONNECTIONS_MAX),
                    timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
                )
                self._access = AccessTokens(account, self._http)
                self._url = f"{self._base_url}/v1/projects/{account.project_id}/messages:send"
            return self._access

    async def _send(self, access: AccessTokens, body: dict[str, Any]) -> None:
        assert self._http is not None, "opened before"
        token = await access.get()
        try:
            async with self._http.post(
                self._url,
                data=orjson.dumps(body),
                headers={
                    "Authorization": f"Bearer {token}",
                    "Content-Type": "application/json",
                },
            ) as response:
                status, said = response.status, await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ProviderDownError(f"FCM does not answer: {error!r}") from error
        if status == 200:
            return
        if status == 401:
            access.forget(token)
        code, text = _error(said)
        if code == _GONE:
            raise _GoneError(body["message"]["token"], f"FCM: {code}")
        if code == _STRANGE:
            raise _StrangeError(f"FCM: {code}")
        if status in _DOWN:
            raise ProviderDownError(f"FCM: {status} {text}")
        kind = DeferredError if status >= 500 else RefusedError
        raise kind(f"FCM: {status} {text}")


class _GoneError(Exception):
    """A device that FCM no longer knows."""

    def __init__(self, device: str, detail: str) -> None:
        super().__init__(detail)
        self.device = device


class _StrangeError(Exception):
    """A device that is registered with another sender."""


def message(letter: Letter, device: str) -> dict[str, Any]:
    """FCM's message: the same tag in each try, on each platform in its own word for it."""
    delivery, words = letter.delivery, letter.words
    notice = delivery.notice
    tag = notice.stable_id
    is_urgent = notice.message_name in URGENT
    return {
        "message": {
            "token": device,
            "notification": {"title": words.subject.removeprefix("[tiketi] "), "body": words.short},
            "data": {
                "message_name": notice.message_name,
                "reference_id": "" if notice.reference_id is None else str(notice.reference_id),
            },
            "android": {
                "priority": "HIGH" if is_urgent else "NORMAL",
                "notification": {"tag": tag},
            },
            "apns": {
                "headers": {"apns-collapse-id": tag, "apns-priority": "10" if is_urgent else "5"}
            },
            "webpush": {"headers": {"Topic": tag}, "notification": {"tag": tag}},
        }
    }


def _error(said: bytes) -> tuple[str, str]:
    """FCM's error code and its sentence, as far as it gave any."""
    try:
        error = orjson.loads(said)["error"]
        codes = [each.get("errorCode", "") for each in error.get("details", ())]
        return next(filter(None, codes), str(error.get("status", ""))), str(error["message"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return "", said[:200].decode("utf-8", "replace")
