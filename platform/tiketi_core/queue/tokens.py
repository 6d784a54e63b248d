"""Remembers entry tokens that were signed: a signature costs more than all else in an answer. Signs none itself."""

from tiketi_core.kernel import bounds
from tiketi_core.kernel.ids import EventId, UserId
from tiketi_core.queue.model import Admitted
from tiketi_core.queue.ports import EntryTokens


class RememberedTokens:
    """Signs a token that is good for a while, and hands it out again until half of that is over."""

    def __init__(self, tokens: EntryTokens, *, tokens_max: int = bounds.token_cache_max) -> None:
        self._tokens = tokens
        self._tokens_max = tokens_max
        self._signed: dict[tuple[UserId, EventId, int], tuple[str, int]] = {}

    def entry(self, user_id: UserId, event_id: EventId, session: Admitted, *, now_ms: int) -> str:
        """A token of this admission: good for at least half of `entry_ttl_s` or until the session ends."""
        key = (user_id, event_id, session.number)
        ttl_ms = bounds.entry_ttl_s * 1000
        token, expires_at_ms = self._signed.get(key, ("", 0))
        good_until_ms = min(session.ends_at_ms, now_ms + ttl_ms // 2)
        if not good_until_ms <= expires_at_ms <= min(session.ends_at_ms, now_ms + ttl_ms):
            expires_at_ms = min(session.ends_at_ms, now_ms + ttl_ms)
            token = self._tokens.sign_entry(user_id, event_id, session.number, expires_at_ms)
            self._signed.pop(key, None)
            while len(self._signed) >= self._tokens_max:
                del self._signed[next(iter(self._signed))]
            self._signed[key] = (token, expires_at_ms)
        return token
