"""Everything that can go wrong in a call, as one tree by stable code; nothing else is raised on purpose.

TiketiError
├── ApiError                          the platform answered with a problem
│   ├── InvalidRequestError           400: bad input, seen by us before sending or by the platform
│   │   ├── IdempotencyKeyRequiredError   IdempotencyKeyReusedError (422)
│   │   ├── ImageInvalidError   ImageTooLargeError (413)
│   │   └── MethodNotAllowedError (405)   BodyTooLargeError (413)   UnsupportedMediaTypeError (415)
│   ├── AuthenticationError           401
│   │   └── TokenInvalidError   TokenExpiredError   BadCredentialsError   RefreshTokenReusedError
│   │       GoogleRefusedError
│   ├── PaymentRequiredError          402
│   │   └── CardDeclinedError   InsufficientPointsError
│   ├── PermissionDeniedError         403
│   │   └── EntryRequiredError   AccountDisabledError   GoogleEmailUnverifiedError
│   ├── NotFoundError                 404
│   │   ├── EventNotFoundError   NotInQueueError   LayoutNotFoundError   SeatNotFoundError
│   │   ├── DrawNotFoundError   SessionNotFoundError   UserNotFoundError
│   │   ├── NewsNotFoundError   ImageNotFoundError
│   │   └── ReservationNotFoundError   TicketNotFoundError   PaymentNotFoundError   DeliveryNotFoundError
│   ├── ConflictError                 409
│   │   ├── IdempotencyInFlightError   EmailTakenError   StaleVersionError
│   │   ├── GoogleLinkRequiredError   LastAdminError
│   │   ├── EventCancelledError   EventInUseError   PreconditionFailedError (412)
│   │   ├── NotOnSaleError   WaitingRoomClosedError   LineFormedError
│   │   ├── SeatTakenError   SoldOutError   SeatLimitReachedError   SeatsInUseError
│   │   ├── ReservationNotCancellableError   TicketInvalidError   TicketUsedError
│   │   ├── TooLateToCancelError   TicketOfOtherEventError
│   │   ├── ReservationNotPayableError   PriceMismatchError   BalanceLimitReachedError
│   │   └── PaymentNotRefundableError   RefundTooLargeError
│   ├── RateLimitedError              429
│   │   └── TooEarlyError   WaitingRoomFullError
│   ├── InternalServerError           500
│   └── ServiceUnavailableError       502, 503, 504
│       └── QueueUnavailableError   GatewayUnavailableError   GoogleUnavailableError
├── TransportError                    no answer that could be read
│   ├── ConnectError                  nothing was sent
│   ├── ConnectionsBusyError          nothing was sent: all of the client's own connections were busy
│   ├── RequestTimeoutError           sent, perhaps; nothing came back in time
│   ├── ConnectionLostError           sent, perhaps; the connection broke
│   └── InvalidAnswerError            an answer came and was not what the contract says
├── ClusterError                      the local Kubernetes cluster, or a program or file it needs
├── WaitTimeoutError                  what was waited for did not happen in time
└── ConfigError                       settings, profile or environment cannot be used
    └── ProfileNotFoundError
"""

from collections.abc import Iterator

from tiketi_sdk.errors.catalogue import (
    EventCancelledError,
    EventInUseError,
    EventNotFoundError,
    ImageInvalidError,
    ImageNotFoundError,
    ImageTooLargeError,
    NewsNotFoundError,
    PreconditionFailedError,
)
from tiketi_sdk.errors.families import (
    ApiError,
    AuthenticationError,
    ClusterError,
    ConfigError,
    ConflictError,
    ConnectError,
    ConnectionLostError,
    ConnectionsBusyError,
    InternalServerError,
    InvalidAnswerError,
    InvalidRequestError,
    NotFoundError,
    PaymentRequiredError,
    PermissionDeniedError,
    ProfileNotFoundError,
    RateLimitedError,
    RequestTimeoutError,
    ServiceUnavailableError,
    TiketiError,
    TransportError,
    WaitTimeoutError,
)
from tiketi_sdk.errors.leaves import (
    AccountDisabledError,
    BadCredentialsError,
    BalanceLimitReachedError,
    BodyTooLargeError,
    CardDeclinedError,
    DeliveryNotFoundError,
    DrawNotFoundError,
    EmailTakenError,
    EntryRequiredError,
    GatewayUnavailableError,
    GoogleEmailUnverifiedError,
    GoogleLinkRequiredError,
    GoogleRefusedError,
    GoogleUnavailableError,
    IdempotencyInFlightError,
    IdempotencyKeyRequiredError,
    IdempotencyKeyReusedError,
    InsufficientPointsError,
    LastAdminError,
    LayoutNotFoundError,
    LineFormedError,
    MethodNotAllowedError,
    NotInQueueError,
    NotOnSaleError,
    PaymentNotFoundError,
    PaymentNotRefundableError,
    PriceMismatchError,
    QueueUnavailableError,
    RefreshTokenReusedError,
    RefundTooLargeError,
    ReservationNotCancellableError,
    ReservationNotFoundError,
    ReservationNotPayableError,
    SeatLimitReachedError,
    SeatNotFoundError,
    SeatsInUseError,
    SeatTakenError,
    SessionNotFoundError,
    SoldOutError,
    StaleVersionError,
    TicketInvalidError,
    TicketNotFoundError,
    TicketOfOtherEventError,
    TicketUsedError,
    TokenExpiredError,
    TokenInvalidError,
    TooEarlyError,
    TooLateToCancelError,
    UnsupportedMediaTypeError,
    UserNotFoundError,
    WaitingRoomClosedError,
    WaitingRoomFullError,
)

__all__ = [
    "BY_CODE",
    "AccountDisabledError",
    "ApiError",
    "AuthenticationError",
    "BadCredentialsError",
    "BalanceLimitReachedError",
    "BodyTooLargeError",
    "CardDeclinedError",
    "ClusterError",
    "ConfigError",
    "ConflictError",
    "ConnectError",
    "ConnectionLostError",
    "ConnectionsBusyError",
    "DeliveryNotFoundError",
    "DrawNotFoundError",
    "EmailTakenError",
    "EntryRequiredError",
    "EventCancelledError",
    "EventInUseError",
    "EventNotFoundError",
    "GatewayUnavailableError",
    "GoogleEmailUnverifiedError",
    "GoogleLinkRequiredError",
    "GoogleRefusedError",
    "GoogleUnavailableError",
    "IdempotencyInFlightError",
    "IdempotencyKeyRequiredError",
    "IdempotencyKeyReusedError",
    "ImageInvalidError",
    "ImageNotFoundError",
    "ImageTooLargeError",
    "InsufficientPointsError",
    "InternalServerError",
    "InvalidAnswerError",
    "InvalidRequestError",
    "LastAdminError",
    "LayoutNotFoundError",
    "LineFormedError",
    "MethodNotAllowedError",
    "NewsNotFoundError",
    "NotFoundError",
    "NotInQueueError",
    "NotOnSaleError",
    "PaymentNotFoundError",
    "PaymentNotRefundableError",
    "PaymentRequiredError",
    "PermissionDeniedError",
    "PreconditionFailedError",
    "PriceMismatchError",
    "ProfileNotFoundError",
    "QueueUnavailableError",
    "RateLimitedError",
    "RefreshTokenReusedError",
    "RefundTooLargeError",
    "RequestTimeoutError",
    "ReservationNotCancellableError",
    "ReservationNotFoundError",
    "ReservationNotPayableError",
    "SeatLimitReachedError",
    "SeatNotFoundError",
    "SeatTakenError",
    "SeatsInUseError",
    "ServiceUnavailableError",
    "SessionNotFoundError",
    "SoldOutError",
    "StaleVersionError",
    "TicketInvalidError",
    "TicketNotFoundError",
    "TicketOfOtherEventError",
    "TicketUsedError",
    "TiketiError",
    "TokenExpiredError",
    "TokenInvalidError",
    "TooEarlyError",
    "TooLateToCancelError",
    "TransportError",
    "UnsupportedMediaTypeError",
    "UserNotFoundError",
    "WaitTimeoutError",
    "WaitingRoomClosedError",
    "WaitingRoomFullError",
    "class_for",
]


def _below(family: type[ApiError]) -> Iterator[type[ApiError]]:
    for child in family.__subclasses__():
        yield child
        yield from _below(child)


BY_CODE: dict[str, type[ApiError]] = {
    # A class is under its own code only, not under one it inherited.
    vars(each)["code_of_class"]: each
    for each in _below(ApiError)
    if "code_of_class" in vars(each)
}
"""The class of each stable code."""

_BY_STATUS: dict[int, type[ApiError]] = {
    401: AuthenticationError,
    402: PaymentRequiredError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    429: RateLimitedError,
    502: ServiceUnavailableError,
    503: ServiceUnavailableError,
    504: ServiceUnavailableError,
}


def class_for(code: str, status: int) -> type[ApiError]:
    """The class of a code; for a code of a newer platform, that of its status family."""
    if code in BY_CODE:
        return BY_CODE[code]
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    return InternalServerError if status >= 500 else InvalidRequestError
