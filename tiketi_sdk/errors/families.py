"""The trunk of the error tree: its root, what fails without an answer, and the families by HTTP status."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

from tiketi_sdk.contract.codes import CODES, Exit
from tiketi_sdk.contract.problem import FieldError


class TiketiError(Exception):
    """The root: catch this to catch whatever the SDK raises on purpose."""

    exit_status: Exit = Exit.FAILED
    """What a command that ends with this error exits with."""


class ConfigError(TiketiError):
    """Settings, a profile or the environment cannot be used; the text says which and why."""

    exit_status = Exit.USAGE


class ProfileNotFoundError(ConfigError):
    """No profile has that name."""


class WaitTimeoutError(TiketiError):
    """What was waited for did not happen in time; it still may."""

    exit_status = Exit.UNAVAILABLE


class ClusterError(TiketiError):
    """The local cluster cannot be made, changed or reached; says why, and what to do about it."""

    exit_status = Exit.UNAVAILABLE

    def __init__(self, what: str, *, cure: str = "", details: Sequence[str] = ()) -> None:
        super().__init__(what)
        self.cure = cure
        """What to do next, in words or as a command; may be empty."""
        self.details = tuple(details)
        """Lines of evidence: events of a Pod, the end of a log."""


class TransportError(TiketiError):
    """No answer that could be read; whether the platform acted is unknown unless `sent` is False."""

    exit_status = Exit.UNAVAILABLE
    sent: ClassVar[bool] = True
    """Whether the request may have reached the platform."""


class ConnectError(TransportError):
    """Nothing listens there, or no connection came about in time. Nothing was sent."""

    sent = False


class ConnectionsBusyError(TransportError):
    """Every connection this client may hold was busy for too long; see `Limits.connections_max`. Nothing was sent."""

    sent = False


class RequestTimeoutError(TransportError):
    """The request may have been sent; no answer came in time."""


class ConnectionLostError(TransportError):
    """The connection broke before the whole answer was there."""


class InvalidAnswerError(TransportError):
    """An answer came that is not what the contract says: another version, or not our platform at all."""


class ApiError(TiketiError):
    """The platform answered with a problem (RFC 9457); branch on the subclass or on `code`."""

    code_of_class: ClassVar[str] = ""
    """The one code of a leaf class, or the general code of a family."""

    def __init__(
        self,
        detail: str,
        *,
        status: int,
        code: str,
        request_id: str = "",
        errors: tuple[FieldError, ...] = (),
        retry_after_s: float | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.status = status
        """The HTTP status."""
        self.code = code
        """Stable; the table of all is `tiketi_sdk.contract.codes`."""
        self.request_id = request_id
        """What to tell whoever runs the platform; it is in their logs."""
        self.errors = errors
        """The refused fields, for `invalid_request`."""
        self.retry_after_s = retry_after_s
        """How long the platform asks to wait before trying again."""
        self.extra: Mapping[str, Any] = extra or {}
        """Further members of the problem body."""
        known = CODES.get(code) or CODES.get(self.code_of_class)
        self.exit_status = known.exit if known is not None else Exit.FAILED

    def __str__(self) -> str:
        more = len(self.errors) - 1
        also = f" (and {more} more)" if more > 0 else ""
        return f"{self.detail}{also} [{self.code}]"

    def __reduce__(self) -> tuple[Any, ...]:
        rebuild = partial(
            type(self),
            status=self.status,
            code=self.code,
            request_id=self.request_id,
            errors=self.errors,
            retry_after_s=self.retry_after_s,
            extra=dict(self.extra),
        )
        return rebuild, (self.detail,)


class InvalidRequestError(ApiError):
    """The input is not valid; `errors` names the fields. Raised before sending where we can see it."""

    code_of_class = "invalid_request"


class AuthenticationError(ApiError):
    """You are not logged in."""

    code_of_class = "unauthenticated"


class PaymentRequiredError(ApiError):
    """The money is not there. No code means just this; it is a family."""


class PermissionDeniedError(ApiError):
    """You are known, and this is not yours to do."""

    code_of_class = "forbidden"


class NotFoundError(ApiError):
    """There is nothing of that id, or it is not yours to see."""

    code_of_class = "not_found"


class ConflictError(ApiError):
    """The request is fine and the state of things is against it. A family; no code means just this."""


class RateLimitedError(ApiError):
    """Too many requests; `retry_after_s` says when to come back."""

    code_of_class = "rate_limited"


class InternalServerError(ApiError):
    """Something went wrong on the platform's side; `request_id` finds it in the logs."""

    code_of_class = "internal"


class ServiceUnavailableError(ApiError):
    """Not available right now; trying again later makes sense."""

    code_of_class = "unavailable"
