"""Puts those who gathered in an order nobody could choose: the derivation, and what is committed to beforehand.

`tiketi_sdk.draw` derives the same from a published receipt, by its own code. docs/decisions say what it proves.
"""

import hmac
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from tiketi_core.kernel.ids import EventId, UserId

ALGORITHM: Final = "tiketi-draw-1"
SECRET_BYTES: Final = 32
DRAW_ID_HEX: Final = 32
_RANK_BYTES: Final = 32
_SHELF_BYTES: Final = 2


@dataclass(frozen=True, slots=True)
class DrawSecrets:
    """What decides a draw; made when `opens_at` is first set, and never changed."""

    seed: bytes
    """Published with the receipt, 32 bytes."""
    salt: bytes
    """Hides who is who; never published, 32 bytes."""

    def commitment(self, event_id: EventId) -> str:
        """What is published before anybody gathers: binds event, seed and salt. Hex of SHA-256."""
        return commitment(event_id, self.seed, salt_digest(self.salt))


def salt_digest(salt: bytes) -> bytes:
    """What the receipt says of the salt."""
    return sha256(salt).digest()


def commitment(event_id: EventId, seed: bytes, digest: bytes) -> str:
    r"""Hex of SHA-256 over `tiketi-draw-1 <event id>\n`, the seed and the digest of the salt."""
    return sha256(f"{ALGORITHM} {event_id}\n".encode() + seed + digest).hexdigest()


def draw_id(salt: bytes, event_id: EventId, user_id: UserId) -> str:
    """A user's pseudonym in a draw: the first 128 bits of HMAC-SHA256(salt, `event:user`), in hex."""
    return hmac.digest(salt, f"{event_id}:{user_id}".encode(), "sha256").hex()[:DRAW_ID_HEX]


def drawn_order(seed: bytes, draw_ids: Iterable[str]) -> list[str]:
    """The pseudonyms in the order drawn: by HMAC-SHA256(seed, digest of all of them ‖ pseudonym).

    The digest makes everybody's place depend on everybody who gathered: not even somebody who knows the
    seed can tell a place before the list is closed.
    """
    ids = list(_sorted(one.encode() for one in draw_ids))
    digest = sha256(b"\n".join(ids)).digest()
    # Rank and pseudonym in one value: bytes sort several times faster than tuples.
    ranked = _sorted(hmac.digest(seed, digest + one, "sha256") + one for one in ids)
    return [each[_RANK_BYTES:].decode() for each in ranked]


def _sorted(values: Iterable[bytes]) -> Iterator[bytes]:
    """In order, shelf by shelf: to sort a million at once would hold up every other thread for a second."""
    shelves: dict[bytes, list[bytes]] = {}
    for value in values:
        shelves.setdefault(value[:_SHELF_BYTES], []).append(value)
    for name in sorted(shelves):
        shelves[name].sort()
        yield from shelves[name]


def draw(
    secrets: DrawSecrets, event_id: EventId, user_ids: Sequence[UserId]
) -> list[tuple[UserId, str]]:
    """Users with their pseudonyms in the order drawn: the first has number 1."""
    by_id = {draw_id(secrets.salt, event_id, user_id): user_id for user_id in user_ids}
    return [(by_id[one], one) for one in drawn_order(secrets.seed, by_id)]
