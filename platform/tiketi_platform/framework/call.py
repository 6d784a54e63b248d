"""One request as a handler sees it, and the answer it may give; neither knows aiohttp."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

from tiketi_core.kernel.ids import UserId
from tiketi_platform.framework.access import EntryClaims, Principal, UnauthenticatedError
from tiketi_sdk.contract.operation import Request, Wire

BodyT = TypeVar("BodyT", bound=Request)


class Call(NamedTuple, Generic[BodyT]):
    """A request that has been authenticated and validated; a tuple, because one is made per request."""

    body: BodyT
    """Path, query and JSON body in one struct."""
    request_id: str
    principal: Principal | None = None
    """Who is calling; None only where the operation is public and no token came."""
    entry: EntryClaims | None = None
    """The admission, the caller's own. None where the operation demands entry: the admission is over, and
    only an answer given before, found by the idempotency key, may be given again."""
    idempotency_key: str | None = None
    if_none_match: str | None = None
    if_match: str | None = None
    """As sent, where the operation is conditional."""
    address: str = ""
    """The client's, as the socket says or a proxy that is trusted."""

    @property
    def caller(self) -> Principal:
        """Who is calling; raises UnauthenticatedError where nobody has said."""
        if self.principal is None:
            raise UnauthenticatedError
        return self.principal

    @property
    def user_id(self) -> UserId:
        """The calling user; raises UnauthenticatedError where there is none."""
        return self.caller.user_id


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with more to it than a struct."""

    body: Wire | bytes | None
    """A struct, JSON that is encoded already, or None for 304."""
    status: int | None = None
    """The operation's own unless said; handlers use it for stored answers and for 304."""
    headers: Mapping[str, str] = field(default_factory=dict)
