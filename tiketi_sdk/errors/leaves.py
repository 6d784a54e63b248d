"""The leaves of the error tree: a class for each code that callers branch on."""

from tiketi_sdk.errors.families import (
    AuthenticationError,
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    PaymentRequiredError,
    PermissionDeniedError,
    RateLimitedError,
    ServiceUnavailableError,
)


class IdempotencyKeyRequiredError(InvalidRequestError):
    """The operation needs an idempotency key; the SDK sends one by itself."""

    code_of_class = "idempotency_key_required"


class IdempotencyKeyReusedError(InvalidRequestError):
    """The key was used for a different request before."""

    code_of_class = "idempotency_key_reused"


class MethodNotAllowedError(InvalidRequestError):
    """The address exists and does not take that method."""

    code_of_class = "method_not_allowed"


class BodyTooLargeError(InvalidRequestError):
    """The body is over the operation's limit."""

    code_of_class = "body_too_large"


class UnsupportedMediaTypeError(InvalidRequestError):
    """The body is not JSON."""

    code_of_class = "unsupported_media_type"


class TokenInvalidError(AuthenticationError):
    """The token was not made by this platform, or is spent."""

    code_of_class = "token_invalid"


class TokenExpiredError(AuthenticationError):
    """The token was good once; the SDK refreshes by itself where it holds a refresh token."""

    code_of_class = "token_expired"


class BadCredentialsError(AuthenticationError):
    """Wrong e-mail or password; which of the two is not said."""

    code_of_class = "bad_credentials"


class RefreshTokenReusedError(AuthenticationError):
    """A spent refresh token was used again; all sessions that came from it have ended."""

    code_of_class = "refresh_token_reused"


class GoogleRefusedError(AuthenticationError):
    """Google did not vouch for this login: the code was used, ran out or belongs to another request."""

    code_of_class = "google_refused"


class CardDeclinedError(PaymentRequiredError):
    """The card company said no."""

    code_of_class = "card_declined"


class InsufficientPointsError(PaymentRequiredError):
    """The wallet holds less than was asked of it."""

    code_of_class = "insufficient_points"


class EntryRequiredError(PermissionDeniedError):
    """Come through the waiting room first: `client.queue.wait_until_admitted(event_id)`."""

    code_of_class = "entry_required"


class AccountDisabledError(PermissionDeniedError):
    """An administrator keeps this account from logging in."""

    code_of_class = "account_disabled"


class GoogleEmailUnverifiedError(PermissionDeniedError):
    """Google has not verified the e-mail address of this Google account."""

    code_of_class = "google_email_unverified"


class SessionNotFoundError(NotFoundError):
    """None of your open sessions has this id."""

    code_of_class = "session_not_found"


class UserNotFoundError(NotFoundError):
    """There is no such account."""

    code_of_class = "user_not_found"


class NotInQueueError(NotFoundError):
    """You are not in this waiting room: never entered, left, or did not come when it was your turn."""

    code_of_class = "not_in_queue"


class DrawNotFoundError(NotFoundError):
    """No draw was held for this event, or not yet."""

    code_of_class = "draw_not_found"


class LayoutNotFoundError(NotFoundError):
    """There is no such layout."""

    code_of_class = "layout_not_found"


class SeatNotFoundError(NotFoundError):
    """The event has no such seat."""

    code_of_class = "seat_not_found"


class ReservationNotFoundError(NotFoundError):
    """There is no such reservation, or it is somebody else's."""

    code_of_class = "reservation_not_found"


class TicketNotFoundError(NotFoundError):
    """There is no such ticket, or it is somebody else's."""

    code_of_class = "ticket_not_found"


class PaymentNotFoundError(NotFoundError):
    """There is no such payment, or it is somebody else's."""

    code_of_class = "payment_not_found"


class DeliveryNotFoundError(NotFoundError):
    """There is no such delivery."""

    code_of_class = "delivery_not_found"


class IdempotencyInFlightError(ConflictError):
    """The first request with this key is still running."""

    code_of_class = "idempotency_in_flight"


class GoogleLinkRequiredError(ConflictError):
    """There is an account with this e-mail; give its password once: `client.auth.google_link`.

    `error.extra["link_token"]` is what that call wants beside the password.
    """

    code_of_class = "google_link_required"


class LastAdminError(ConflictError):
    """Somebody has to be left who may administrate."""

    code_of_class = "last_admin"


class EmailTakenError(ConflictError):
    """The e-mail is registered already."""

    code_of_class = "email_taken"


class StaleVersionError(ConflictError):
    """It was changed by somebody else in the meantime: read it again."""

    code_of_class = "stale_version"


class NotOnSaleError(ConflictError):
    """The event is not on sale now."""

    code_of_class = "not_on_sale"


class LineFormedError(ConflictError):
    """Somebody has a number in this line already, so `opens_at` comes too late."""

    code_of_class = "line_formed"


class WaitingRoomClosedError(ConflictError):
    """Nobody is let into this waiting room."""

    code_of_class = "waiting_room_closed"


class SeatTakenError(ConflictError):
    """Somebody else holds or owns one of the seats; none was reserved."""

    code_of_class = "seat_taken"


class SoldOutError(ConflictError):
    """Not as many seats are left."""

    code_of_class = "sold_out"


class SeatLimitReachedError(ConflictError):
    """More seats than one person may have of this event."""

    code_of_class = "seat_limit_reached"


class SeatsInUseError(ConflictError):
    """Seats of this event are held or sold, so they cannot be replaced."""

    code_of_class = "seats_in_use"


class ReservationNotCancellableError(ConflictError):
    """The reservation has ended already."""

    code_of_class = "reservation_not_cancellable"


class TooLateToCancelError(ConflictError):
    """The event has begun: what was paid for it is given back by administrators only."""

    code_of_class = "too_late_to_cancel"


class TicketOfOtherEventError(ConflictError):
    """The ticket is for another event; it was not used and stays good there."""

    code_of_class = "ticket_of_other_event"


class TicketInvalidError(ConflictError):
    """What was scanned is not a ticket of this platform, or was cancelled."""

    code_of_class = "ticket_invalid"


class TicketUsedError(ConflictError):
    """Somebody went in with this ticket."""

    code_of_class = "ticket_used"


class ReservationNotPayableError(ConflictError):
    """The reservation is paid, cancelled or past its deadline."""

    code_of_class = "reservation_not_payable"


class PriceMismatchError(ConflictError):
    """The amounts do not add up to what the reservation costs."""

    code_of_class = "price_mismatch"


class BalanceLimitReachedError(ConflictError):
    """The wallet cannot hold that much."""

    code_of_class = "balance_limit_reached"


class PaymentNotRefundableError(ConflictError):
    """The payment is not complete, or was given back already."""

    code_of_class = "payment_not_refundable"


class RefundTooLargeError(ConflictError):
    """More than what is left of the payment."""

    code_of_class = "refund_too_large"


class TooEarlyError(RateLimitedError):
    """You asked before the time you were told; ask again after `retry_after_s`. Your place is kept."""

    code_of_class = "too_early"


class WaitingRoomFullError(RateLimitedError):
    """As many wait as may wait."""

    code_of_class = "waiting_room_full"


class QueueUnavailableError(ServiceUnavailableError):
    """The waiting room does not answer right now."""

    code_of_class = "queue_unavailable"


class GoogleUnavailableError(ServiceUnavailableError):
    """Google does not answer right now, or this platform is not registered there."""

    code_of_class = "google_unavailable"


class GatewayUnavailableError(ServiceUnavailableError):
    """The card company does not answer right now."""

    code_of_class = "gateway_unavailable"
