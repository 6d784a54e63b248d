"""Who is calling: verifies access and entry tokens offline and remembers the ones it has verified."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

from nacl.signing import VerifyKey

from tiketi_core.kernel import bounds
from tiketi_core.kernel.clock import Clock
from tiketi_core.kernel.errors import DomainError
from tiketi_core.kernel.ids import EventId, UserId
from tiketi_platform.framework import signed

ISSUER: Final = "tiketi"
ACCESS_AUDIENCE: Final = "tiketi"
ENTRY_AUDIENCE: Final = "tiketi:entry"
REVOKED: Final = "this token was revoked; refresh it or log in again"

ClaimsT = TypeVar("ClaimsT")
KeyLookup = Callable[[str], Awaitable[VerifyKey | None]]
"""Finds the public key of a `kid`, or None when no such key is good now."""


class UnauthenticatedError(DomainError):
    """This operation needs an access token in the Authorization header."""

    code = "unauthenticated"


class TokenInvalidError(DomainError):
    """The token was not made by this platform for this purpose."""

    code = "token_invalid"


class TokenExpiredError(DomainError):
    """The token was good once; refresh it or log in again."""

    code = "token_expired"


class EntryRequiredError(DomainError):
    """Come through the waiting room of this event first, and send its entry token."""

    code = "entry_required"


class EntryOverError(EntryRequiredError):
    """This entry token was good once; its time or the session it belongs to has ended."""


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller, as auth's signature vouches for."""

    subject: str
    """A user id in decimal, or `service:<name>`."""
    role: str
    expires_at_ms: int
    version: int = 0
    """Of the user's tokens; a change of role or password makes it grow."""
    session_id: int = 0
    """The session the token came with; 0 for one without."""
    key_id: str = ""
    """The key that vouches."""

    @property
    def user_id(self) -> UserId:
        """The user; UnauthenticatedError when a service is calling."""
        if self.role == "service":
            raise UnauthenticatedError("a service has no account of its own")
        return UserId(int(self.subject))

    @property
    def is_admin(self) -> bool:
        """Whether an administrator is calling."""
        return self.role == "admin"

    @property
    def is_service(self) -> bool:
        """Whether another service is calling."""
        return self.role == "service"

    def may(self, access: str) -> bool:
        """Whether this caller may do what `access` guards."""
        if access in {"public", "user"}:
            return True
        return self.role in {"admin", access}


@dataclass(frozen=True, slots=True)
class EntryClaims:
    """An admission, as the queue's signature vouches for."""

    user_id: UserId
    event_id: EventId
    number: int
    """The user's number in the event's line."""
    expires_at_ms: int


class EndedSessions(Protocol):
    """Knows which admissions ended before their entry tokens."""

    async def is_over(self, event_id: EventId, number: int) -> bool:
        """Whether this admission is known to be over. Never raises: tokens are short in any case."""
        ...


class Revocations(Protocol):
    """Knows which access tokens ended before their time."""

    is_known: bool
    """Whether the feed was read at least once."""
    learnt_count: int
    """Grows with everything that is learnt."""

    async def learn(self) -> None:
        """Read the feed for the first time; raises UnavailableError when nobody answers."""
        ...

    def is_over(self, principal: Principal) -> bool:
        """Whether this token is known to be over."""
        ...


class TokenVerifier:
    """Checks a token's signature once and then remembers it until it expires (DEPENDENCIES: 73 µs each)."""

    def __init__(
        self,
        *,
        access_key: KeyLookup,
        entry_key: KeyLookup | None,
        clock: Clock,
        ended: EndedSessions | None = None,
        revocations: Revocations | None = None,
    ) -> None:
        self._ended = ended
        self._revocations = revocations
        self._access_key = access_key
        self._entry_key = entry_key
        self._clock = clock
        self._access: dict[str, Principal] = {}
        self._entry: dict[str, EntryClaims] = {}
        self._withdrawn: set[str] = set()
        self._withdrawals_count = 0

    def remembered(self, token: str) -> Principal | None:
        """Whom an access token stands for that was verified before and is still good; else None."""
        principal = self._access.get(token)
        if principal is None or principal.expires_at_ms <= self._clock.now_ms():
            return None
        return None if self.is_revoked(principal) else principal

    async def access(self, token: str) -> Principal:
        """Whom an access token stands for; raises TokenInvalidError or TokenExpiredError.

        A token that was revoked has expired before its time. Raises UnavailableError while nobody can say
        which were: after a start, until auth has answered once.
        """
        principal = self._access.get(token)
        if principal is None:
            key_id, claims = await self._verified(token, ACCESS_AUDIENCE, self._access_key)
            principal = _principal(claims, key_id)
            # Services learn of revocations with tokens of their own, so those do not wait for it.
            if not (
                principal.is_service or self._revocations is None or self._revocations.is_known
            ):
                await self._revocations.learn()
            _remember(self._access, token, principal)
        if principal.expires_at_ms <= self._clock.now_ms():
            raise TokenExpiredError
        if self.is_revoked(principal):
            raise TokenExpiredError(REVOKED)
        return principal

    @property
    def endings_count(self) -> int:
        """While it stays the same, so do the answers of `is_revoked` and `is_withdrawn`."""
        learnt_count = 0 if self._revocations is None else self._revocations.learnt_count
        return learnt_count + self._withdrawals_count

    def is_revoked(self, principal: Principal) -> bool:
        """Whether a caller's token is known to have ended before its time."""
        return self._revocations is not None and self._revocations.is_over(principal)

    def is_withdrawn(self, principal: Principal) -> bool:
        """Whether the key that vouched for a caller is published no more; `access` believes none of it by itself."""
        return principal.key_id in self._withdrawn

    def forget(self, kid: str) -> None:
        """Remember no token of this key any more: it is published no longer, so the next look refuses them."""
        self._withdrawn.add(kid)
        self._withdrawals_count += 1
        for remembered in (self._access, self._entry):
            # Those who sign write the same header each time, so there are as many heads as keys.
            heads: dict[str, bool] = {}
            for token in tuple(remembered):
                head = token.partition(".")[0]
                if head not in heads:
                    heads[head] = signed.key_id(token) == kid
                if heads[head]:
                    del remembered[token]

    async def entry(self, token: str) -> EntryClaims:
        """Whom an entry token lets in; raises EntryOverError for one that did, EntryRequiredError for any other."""
        claims = self._entry.get(token)
        if claims is None:
            if self._entry_key is None:
                raise EntryRequiredError
            try:
                _, said = await self._verified(token, ENTRY_AUDIENCE, self._entry_key)
                claims = _entry_claims(said)
            except TokenExpiredError as error:
                raise EntryOverError from error
            except TokenInvalidError as error:
                raise EntryRequiredError from error
            _remember(self._entry, token, claims)
        if claims.expires_at_ms <= self._clock.now_ms():
            raise EntryOverError("this entry token has run out; ask for your place to get another")
        if self._ended is not None and await self._ended.is_over(claims.event_id, claims.number):
            raise EntryOverError("the session this entry token belongs to has ended")
        return claims

    async def _verified(
        self, token: str, audience: str, key_of: KeyLookup
    ) -> tuple[str, dict[str, Any]]:
        """The name of the key that vouches, and what it vouches for."""
        # Headers may hold any bytes; what is not ASCII is no token and would break the decoder.
        if len(token) > bounds.token_bytes_max or not token.isascii():
            raise TokenInvalidError
        now_ms = self._clock.now_ms()
        try:
            key_id = signed.key_id(token)
            key = await key_of(key_id)
            if key is None:
                raise TokenInvalidError
            self._withdrawn.discard(key_id)
            claims = signed.claims(
                token, key, audience=audience, issuer=ISSUER, now_s=now_ms / 1000
            )
        except signed.SignatureError as error:
            raise TokenInvalidError from error
        # Expiry is judged by our own clock, in one place, for cached and fresh tokens alike.
        if claims["exp"] * 1000 <= now_ms:
            raise TokenExpiredError
        if (claims["iat"] - bounds.clock_skew_s) * 1000 > now_ms:
            raise TokenInvalidError("the token is from the future")
        # None of ours: a key that was stolen and is replaced must not have made a token for ever.
        if claims["exp"] - claims["iat"] > bounds.token_ttl_s_max:
            raise TokenInvalidError("the token would live for too long")
        return key_id, claims


def _principal(claims: dict[str, Any], key_id: str) -> Principal:
    role, subject = str(claims.get("role")), claims["sub"]
    if role == "service":
        sound = subject.startswith("service:")
    else:
        sound = role in {"user", "admin"} and subject.isdecimal() and subject.isascii()
    version, session_id = claims.get("ver", 0), claims.get("sid", 0)
    if not (sound and isinstance(version, int) and isinstance(session_id, int)):
        raise TokenInvalidError
    return Principal(subject, role, claims["exp"] * 1000, version, session_id, key_id)


def _entry_claims(claims: dict[str, Any]) -> EntryClaims:
    subject, event_id, number = claims["sub"], claims.get("event_id"), claims.get("number")
    if not (subject.isdecimal() and isinstance(event_id, int) and isinstance(number, int)):
        raise TokenInvalidError
    return EntryClaims(UserId(int(subject)), EventId(event_id), number, claims["exp"] * 1000)


def _remember(cache: dict[str, ClaimsT], token: str, claims: ClaimsT) -> None:
    # First in, first out: tokens are short-lived, so the oldest are the ones about to expire anyway.
    while len(cache) >= bounds.token_cache_max:
        del cache[next(iter(cache))]
    cache[token] = claims
