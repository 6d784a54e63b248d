"""Makes sandbox users by the thousand, with tokens and points; hashes no password and needs an administrator."""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tiketi_sdk._sync.client import Tiketi
from tiketi_sdk.contract.auth import PROVISION_COUNT_MAX


@dataclass(frozen=True, slots=True)
class CrowdMember:
    """A user ready to act."""

    user_id: int
    token: str = field(repr=False)
    """An access token; there is no password and no refresh token."""
    expires_at: datetime
    """When the token ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """Distinct users with points, made under one name."""

    name: str
    members: tuple[CrowdMember, ...]
    life_s: float
    """How long the tokens were good for when they were made."""


def provision_users(client: Tiketi, *, prefix: str, count: int) -> tuple[CrowdMember, ...]:
    """Users `{prefix}-1` to `{prefix}-{count}` in that order; asking again gives the same users new tokens.

    Raises `NotFoundError` where the platform is no sandbox, `PermissionDeniedError` for anybody but an
    administrator.
    """
    made: list[CrowdMember] = []
    for first, size in _batches(count):
        batch = client.auth.provision(prefix=prefix, first_number=first, count=size)
        made += [CrowdMember(user.user_id, user.token, batch.expires_at) for user in batch.items]
    return tuple(made)


def gather_crowd(client: Tiketi, *, count: int, points: int) -> Crowd:
    """New users with `points` each. Raises as `provision_users` does."""
    name = f"crowd-{secrets.token_hex(5)}"
    members = provision_users(client, prefix=name, count=count)
    grant_points(client, [each.user_id for each in members], amount=points, reference=name)
    ends_at = min(each.expires_at for each in members)
    return Crowd(
        name=name, members=members, life_s=max(0.0, (ends_at - datetime.now(UTC)).total_seconds())
    )


def fresh_tokens(client: Tiketi, crowd: Crowd) -> dict[int, str]:
    """New tokens for everybody in a crowd, by user id."""
    members = provision_users(client, prefix=crowd.name, count=len(crowd.members))
    return {each.user_id: each.token for each in members}


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
