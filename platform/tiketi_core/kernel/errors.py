"""The root of the domain's error tree; what a code means on the wire is the contract's business."""

from collections.abc import Mapping
from typing import ClassVar


class DomainError(Exception):
    """A request the domain refuses. The class says why, `code` says it stably.

    `field` names the request field at fault, where there is one; `retry_after_s` says when trying again
    makes sense, where it does; `extra` holds JSON values that the problem body carries along.
    """

    code: ClassVar[str]

    def __init__(
        self,
        detail: str = "",
        *,
        field: str | None = None,
        retry_after_s: float | None = None,
        extra: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(detail or (self.__doc__ or self.code).strip().splitlines()[0])
        self.field = field
        self.retry_after_s = retry_after_s
        self.extra: Mapping[str, object] = extra or {}

    @property
    def detail(self) -> str:
        """One sentence for a person."""
        return str(self.args[0])


class NotFoundError(DomainError):
    """There is nothing here by that id, or it is not yours to see."""

    code = "not_found"


class ForbiddenError(DomainError):
    """You are known, but this is not yours to do."""

    code = "forbidden"


class InvalidRequestError(DomainError):
    """A value is outside of what this operation takes."""

    code = "invalid_request"


class UnavailableError(DomainError):
    """Something this operation needs does not answer right now."""

    code = "unavailable"
