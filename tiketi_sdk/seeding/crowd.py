"""Makes sandbox users by the thousand, with tokens and points; hashes no password and needs an administrator."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tiketi_sdk._sync.client import Tiketi
from tiketi_sdk.contract.auth import PROVISION_COUNT_MAX


@dataclass(frozen=True, slots=True)
class CrowdMember:
    """A user ready to act."""

    user_id: int
    token: str = field(repr=False)
    """An access token; there is no password and no refresh token."""


def provision_users(client: Tiketi, *, prefix: str, count: int) -> tuple[CrowdMember, ...]:
    """Users `{prefix}-1` to `{prefix}-{count}` in that order; asking again gives the same users new tokens.

    Raises `NotFoundError` where the platform is no sandbox, `PermissionDeniedError` for anybody but an
    administrator.
    """
    made: list[CrowdMember] = []
    for first, size in _batches(count):
        batch = client.auth.provision(prefix=prefix, first_number=first, count=size)
        made += [CrowdMember(user.user_id, user.token) for user in batch.items]
    return tuple(made)


def grant_points(client: Tiketi, user_ids: Sequence[int], *, amount: int, reference: str) -> int:
    """Give each user `amount` points, once per `reference`; how many wallets got them by this call."""
    granted_count = 0
    for first, size in _batches(len(user_ids)):
        batch = user_ids[first - 1 : first - 1 + size]
        answer = client.points.grant(batch, amount=amount, reference=reference)
        granted_count += answer.granted_count
    return granted_count


def _batches(count: int) -> Iterator[tuple[int, int]]:
    """First number (from 1) and size of each batch."""
    for first in range(1, count + 1, PROVISION_COUNT_MAX):
        yield first, min(PROVISION_COUNT_MAX, count - first + 1)
