"""Where users are reached, asked of auth many at a time and remembered for a while."""

import time
from collections.abc import Sequence
from typing import Final

from tiketi_core.kernel import bounds
from tiketi_core.kernel.errors import UnavailableError
from tiketi_core.kernel.ids import UserId
from tiketi_core.notification.model import Contact
from tiketi_platform.adapters.peers.client import PeerClient
from tiketi_sdk.contract import auth
from tiketi_sdk.errors import ApiError

REMEMBERED_S: Final = 300.0
REMEMBERED_MAX: Final = 50_000


class PeerContacts:
    """The notification slice's `Contacts` port."""

    def __init__(self, peer: PeerClient) -> None:
        self._peer = peer
        self._known: dict[UserId, tuple[float, Contact]] = {}

    async def find(self, user_ids: Sequence[UserId]) -> dict[UserId, Contact]:
        """Those that exist; UnavailableError when auth does not answer, or not to us."""
        now = time.monotonic()
        known = {
            user_id: self._known[user_id][1]
            for user_id in user_ids
            if user_id in self._known and now - self._known[user_id][0] < REMEMBERED_S
        }
        missing = [user_id for user_id in user_ids if user_id not in known]
        for start in range(0, len(missing), bounds.batch_max):
            for contact in await self._ask(missing[start : start + bounds.batch_max]):
                known[contact.user_id] = contact
                self._remember(now, contact)
        return known

    async def _ask(self, user_ids: Sequence[UserId]) -> list[Contact]:
        try:
            found: auth.Contacts = await self._peer.call(
                auth.CONTACTS, auth.ContactsRequest(user_ids=tuple(user_ids))
            )
        except ApiError as error:  # our own secret, say: no fault of those who are to be told
            raise UnavailableError(f"auth refuses us: {error.code}") from error
        return [
            Contact(UserId(item.user_id), item.email, item.name, item.phone) for item in found.items
        ]

    def _remember(self, now: float, contact: Contact) -> None:
        self._known.pop(contact.user_id, None)
        while len(self._known) >= REMEMBERED_MAX:
            del self._known[next(iter(self._known))]
        self._known[contact.user_id] = (now, contact)
