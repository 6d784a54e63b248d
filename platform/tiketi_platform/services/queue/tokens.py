"""Signs entry tokens with the queue's own key; who gets one is not its business."""

from tiketi_core.kernel.clock import Clock
from tiketi_core.kernel.ids import EventId, UserId
from tiketi_platform.adapters.tokens.signer import Signer
from tiketi_platform.framework.access import ENTRY_AUDIENCE


class SignedEntries:
    """The `EntryTokens` port over one private key."""

    def __init__(self, signer: Signer, clock: Clock) -> None:
        self._signer = signer
        self._clock = clock

    def sign_entry(
        self, user_id: UserId, event_id: EventId, number: int, expires_at_ms: int
    ) -> str:
        """A token that ends then, to the second below."""
        return self._signer.sign(
            {"sub": str(user_id), "event_id": event_id, "number": number},
            audience=ENTRY_AUDIENCE,
            issued_at_s=self._clock.now_ms() // 1000,
            expires_at_s=expires_at_ms // 1000,
        )
