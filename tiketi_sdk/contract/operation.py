"""How one operation of the platform is declared; this module sends and serves nothing."""

from dataclasses import dataclass
from typing import ClassVar, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Access = Literal["public", "user", "admin", "service"]
"""Who may call: anybody, a logged-in user, an administrator, another service. An administrator and a
service may also call what a user may; only a service (or an administrator) may call what a service may."""

AUTHORIZATION = "Authorization"
IDEMPOTENCY_KEY = "Idempotency-Key"
IF_MATCH = "If-Match"
ENTRY_TOKEN = "Entry-Token"  # noqa: S105  # the name of a header, not a token
REQUEST_ID = "X-Request-Id"


class Wire(BaseModel):
    """A struct that crosses the wire. It only ever grows; readers ignore fields they do not know."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore", defer_build=True)


class Request(Wire):
    """What an operation takes: path, query and body in one struct. Unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class Nothing(Request):
    """No fields at all."""


RequestT = TypeVar("RequestT", bound=Request)
ResponseT = TypeVar("ResponseT", bound=Wire)


# No slots: Python 3.11 cannot make `Operation[...](...)` of a generic, frozen class that has them.
@dataclass(frozen=True, kw_only=True)
class Operation(Generic[RequestT, ResponseT]):
    """One thing a client can ask of a service.

    Fields of `request` that the path template names travel in the path; the others in the query
    (GET, DELETE) or in a JSON body (POST, PUT, PATCH).
    """

    default_errors: ClassVar[tuple[str, ...]] = (
        "invalid_request",
        "body_too_large",
        "unsupported_media_type",
        "rate_limited",
        "internal",
        "unavailable",
    )
    """Codes every operation may answer with."""

    name: str
    """`service.verb` or `resource.verb`, unique: `queue.enter`."""
    method: Method
    path: str
    request: type[RequestT]
    response: type[ResponseT]
    errors: tuple[str, ...] = ()
    """Codes beyond `default_errors` and those that `access`, `entry` and `idempotency` imply."""
    access: Access = "user"
    status: int = 200
    """The status of success."""
    entry: bool = False
    """Whether the `Entry-Token` header is demanded (403 `entry_required` without)."""
    idempotency: Literal["none", "optional", "required"] = "none"
    """Whether the `Idempotency-Key` header is read."""
    same_twice: bool = False
    """Whether doing it twice does what doing it once does, without a key: a POST or PATCH that says how
    things are to be, not what to add to them. The second answer may differ (`too_early`, `absent`)."""
    conditional: bool = False
    """Whether the `If-Match` header is read (412 `precondition_failed` where it names another version)."""
    upload: bool = False
    """Whether the body is multipart/form-data with one file, named as the request's only field."""
    media: str | None = None
    """What the answer is where it is not JSON: `image/*`."""
    sandbox_only: bool = False
    """Whether the route exists only where the platform runs as a sandbox."""
    body_bytes_max: int = 64 * 1024
    summary: str = ""

    @property
    def all_errors(self) -> tuple[str, ...]:
        """Every code this operation may answer with, in a stable order."""
        implied: tuple[str, ...] = ()
        if self.access != "public":
            implied += ("unauthenticated", "token_invalid", "token_expired", "forbidden")
        if self.entry:
            implied += ("entry_required",)
        if self.idempotency == "required":
            implied += ("idempotency_key_required",)
        if self.idempotency != "none":
            implied += ("idempotency_key_reused", "idempotency_in_flight")
        if self.conditional:
            implied += ("precondition_failed",)
        return tuple(dict.fromkeys((*self.default_errors, *implied, *self.errors)))

    @property
    def repeatable(self) -> bool:
        """Whether an attempt of which nobody knows what became of it may be made again, as all clients do."""
        return self.method in {"GET", "PUT"} or self.idempotency != "none" or self.same_twice

    @property
    def has_body(self) -> bool:
        """Whether the fields that are not in the path travel as JSON."""
        return self.method in {"POST", "PUT", "PATCH"}
