"""The one table of stable codes: what each means as an HTTP status, as an exit status and as a title."""

from dataclasses import dataclass
from enum import IntEnum


class Exit(IntEnum):
    """Exit statuses of the `tiketi` command; scripts may rely on them."""

    OK = 0
    FAILED = 1
    USAGE = 2
    INVALID = 3
    UNAUTHENTICATED = 4
    FORBIDDEN = 5
    NOT_FOUND = 6
    CONFLICT = 7
    LIMITED = 8
    UNAVAILABLE = 9
    PAYMENT = 10
    FINDINGS = 11
    INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Code:
    """One row: the HTTP status a service answers with, the CLI's exit status, a title for people."""

    status: int
    exit: Exit
    title: str


CODES: dict[str, Code] = {
    # --- every service
    "invalid_request": Code(400, Exit.INVALID, "The request is not valid"),
    "idempotency_key_required": Code(400, Exit.INVALID, "This operation needs an Idempotency-Key"),
    "unauthenticated": Code(401, Exit.UNAUTHENTICATED, "You are not logged in"),
    "token_invalid": Code(401, Exit.UNAUTHENTICATED, "The token is not valid"),
    "token_expired": Code(401, Exit.UNAUTHENTICATED, "The token has expired"),
    "forbidden": Code(403, Exit.FORBIDDEN, "This is not yours to do"),
    "not_found": Code(404, Exit.NOT_FOUND, "There is nothing here"),
    "method_not_allowed": Code(405, Exit.INVALID, "This address does not take that method"),
    "idempotency_in_flight": Code(
        409, Exit.CONFLICT, "The first request with this key is still running"
    ),
    "body_too_large": Code(413, Exit.INVALID, "The body is too large"),
    "unsupported_media_type": Code(
        415, Exit.INVALID, "The body is of a type that is not taken here"
    ),
    "idempotency_key_reused": Code(422, Exit.INVALID, "The key was used for a different request"),
    "rate_limited": Code(429, Exit.LIMITED, "Too many requests"),
    "internal": Code(500, Exit.FAILED, "Something went wrong on our side"),
    "unavailable": Code(503, Exit.UNAVAILABLE, "Not available right now"),
    # --- auth
    "bad_credentials": Code(401, Exit.UNAUTHENTICATED, "Wrong e-mail or password"),
    "refresh_token_reused": Code(401, Exit.UNAUTHENTICATED, "This refresh token was used before"),
    "google_refused": Code(401, Exit.UNAUTHENTICATED, "Google did not vouch for this login"),
    "account_disabled": Code(403, Exit.FORBIDDEN, "This account is disabled"),
    "google_email_unverified": Code(
        403, Exit.FORBIDDEN, "Google has not verified this e-mail address"
    ),
    "session_not_found": Code(404, Exit.NOT_FOUND, "There is no such session"),
    "user_not_found": Code(404, Exit.NOT_FOUND, "There is no such user"),
    "email_taken": Code(409, Exit.CONFLICT, "This e-mail is registered already"),
    "google_link_required": Code(
        409, Exit.CONFLICT, "Give the password of the account with this e-mail once"
    ),
    "last_admin": Code(409, Exit.CONFLICT, "This is the last administrator"),
    "google_unavailable": Code(503, Exit.UNAVAILABLE, "Google does not answer right now"),
    # --- event
    "image_invalid": Code(400, Exit.INVALID, "This is not an image we take"),
    "event_not_found": Code(404, Exit.NOT_FOUND, "There is no such event"),
    "news_not_found": Code(404, Exit.NOT_FOUND, "There is no such news"),
    "image_not_found": Code(404, Exit.NOT_FOUND, "There is no such image"),
    "event_cancelled": Code(409, Exit.CONFLICT, "The event is cancelled"),
    "event_in_use": Code(409, Exit.CONFLICT, "The event has seats: cancel it instead"),
    "precondition_failed": Code(412, Exit.CONFLICT, "It was changed since you looked"),
    "image_too_large": Code(413, Exit.INVALID, "The image has too many pixels"),
    # --- queue
    "entry_required": Code(403, Exit.FORBIDDEN, "You have to come through the waiting room"),
    "not_in_queue": Code(404, Exit.NOT_FOUND, "You are not in this waiting room"),
    "draw_not_found": Code(404, Exit.NOT_FOUND, "No draw was held for this event, or not yet"),
    "not_on_sale": Code(409, Exit.CONFLICT, "The event is not on sale"),
    "line_formed": Code(409, Exit.CONFLICT, "The line has formed already"),
    "waiting_room_closed": Code(409, Exit.CONFLICT, "The waiting room is closed"),
    "too_early": Code(429, Exit.LIMITED, "You asked too early; your place is kept"),
    "waiting_room_full": Code(429, Exit.LIMITED, "The waiting room is full"),
    "queue_unavailable": Code(503, Exit.UNAVAILABLE, "The waiting room does not answer right now"),
    # --- reservation
    "layout_not_found": Code(404, Exit.NOT_FOUND, "There is no such layout"),
    "seat_not_found": Code(404, Exit.NOT_FOUND, "There is no such seat"),
    "reservation_not_found": Code(404, Exit.NOT_FOUND, "There is no such reservation"),
    "ticket_not_found": Code(404, Exit.NOT_FOUND, "There is no such ticket"),
    "seat_taken": Code(409, Exit.CONFLICT, "Somebody else has that seat"),
    "sold_out": Code(409, Exit.CONFLICT, "No seats are left"),
    "seat_limit_reached": Code(
        409, Exit.CONFLICT, "That would be more seats than one person may have"
    ),
    "seats_in_use": Code(409, Exit.CONFLICT, "Seats of this event are held or sold"),
    "reservation_not_cancellable": Code(
        409, Exit.CONFLICT, "The reservation cannot be cancelled any more"
    ),
    "too_late_to_cancel": Code(
        409, Exit.CONFLICT, "The event has begun; what was paid is not given back any more"
    ),
    "stale_version": Code(409, Exit.CONFLICT, "It was changed by somebody else in the meantime"),
    "ticket_invalid": Code(409, Exit.CONFLICT, "This is not a valid ticket"),
    "ticket_of_other_event": Code(409, Exit.CONFLICT, "This ticket is for another event"),
    "ticket_used": Code(409, Exit.CONFLICT, "This ticket was used before"),
    # --- payment
    "card_declined": Code(402, Exit.PAYMENT, "The card was declined"),
    "insufficient_points": Code(402, Exit.PAYMENT, "Not enough points"),
    "payment_not_found": Code(404, Exit.NOT_FOUND, "There is no such payment"),
    "reservation_not_payable": Code(409, Exit.CONFLICT, "The reservation cannot be paid"),
    "price_mismatch": Code(409, Exit.CONFLICT, "The amounts do not add up to the price"),
    "payment_not_refundable": Code(409, Exit.CONFLICT, "The payment cannot be refunded"),
    "refund_too_large": Code(409, Exit.CONFLICT, "More than what is left of the payment"),
    "balance_limit_reached": Code(409, Exit.CONFLICT, "The wallet cannot hold that much"),
    "gateway_unavailable": Code(
        503, Exit.UNAVAILABLE, "The card company does not answer right now"
    ),
    # --- notification
    "delivery_not_found": Code(404, Exit.NOT_FOUND, "There is no such delivery"),
}
