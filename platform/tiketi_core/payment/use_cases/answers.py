"""Replays final answers; refuses to invent one."""

from typing import Final

from tiketi_core.kernel.errors import DomainError
from tiketi_core.payment import errors, gateway
from tiketi_core.payment.model import Answer

_REFUSALS: Final[dict[str, type[DomainError]]] = {
    kind.code: kind
    for kind in (
        errors.BalanceLimitReachedError,
        errors.PaymentNotRefundableError,
        errors.ReservationNotPayableError,
    )
}


def replay(answer: Answer) -> Answer:
    """The answer if it was a success; raises the refusal it was otherwise."""
    if answer.code is None:
        return answer
    if answer.code == gateway.CardDeclinedError.code:
        raise gateway.CardDeclinedError(answer.detail, gateway_code=answer.gateway_code)
    raise _REFUSALS[answer.code](answer.detail)
