"""Links that end a user's advertising by one channel: signed, without an end, good for nothing else."""

import base64
import hashlib
import hmac
from typing import Final, cast, get_args

from tiketi_core.kernel.ids import UserId
from tiketi_core.notification.model import ChannelName

PATH: Final = "/api/notifications/unsubscribe"
_PURPOSE: Final = b"tiketi unsubscribe 1"
_MAC_BYTES: Final = 16
_TOKEN_CHARS_MAX: Final = 100


class UnsubscribeLinks:
    """Makes and reads them. Whoever holds the secret may; a link stays good as long as the secret does."""

    def __init__(self, secret: str, base_url: str) -> None:
        self._key = hmac.digest(secret.encode(), _PURPOSE, hashlib.sha256)
        self._base_url = base_url.rstrip("/")

    def url(self, user_id: UserId, channel: ChannelName) -> str:
        """GET shows a page with a button, POST does it (RFC 8058)."""
        said = f"{user_id}.{channel}"
        return f"{self._base_url}{PATH}?t={said}.{self._seal(said)}"

    def read(self, token: str) -> tuple[UserId, ChannelName] | None:
        """Whose advertising by what it ends; None for what we did not sign."""
        if len(token) > _TOKEN_CHARS_MAX or not token.isascii():
            return None
        said, _, seal = token.rpartition(".")
        if not hmac.compare_digest(seal, self._seal(said)):
            return None
        user_id, _, channel = said.partition(".")
        assert channel in get_args(ChannelName), "we signed it"
        return UserId(int(user_id)), cast("ChannelName", channel)

    def _seal(self, said: str) -> str:
        mac = hmac.digest(self._key, said.encode(), hashlib.sha256)[:_MAC_BYTES]
        return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()
