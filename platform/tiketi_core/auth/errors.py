"""Why somebody is not let in; none of them says more than the asker may know."""

from tiketi_core.kernel.errors import DomainError


class BadCredentialsError(DomainError):
    """E-mail and password do not belong together."""

    code = "bad_credentials"


class EmailTakenError(DomainError):
    """There is an account with this e-mail already; log in instead."""

    code = "email_taken"


class TooManyFailuresError(DomainError):
    """Too many wrong passwords came for this account or from this address; wait."""

    code = "rate_limited"


class RefreshTokenInvalidError(DomainError):
    """This refresh token was not made here, or its session has ended."""

    code = "token_invalid"


class RefreshTokenExpiredError(DomainError):
    """This refresh token was good once; log in again."""

    code = "token_expired"


class RefreshTokenReusedError(DomainError):
    """This refresh token was spent before; its whole session has ended, because one of two users stole it."""

    code = "refresh_token_reused"


class AccountDisabledError(DomainError):
    """An administrator keeps this account from logging in."""

    code = "account_disabled"


class SessionNotFoundError(DomainError):
    """None of your open sessions has this id."""

    code = "session_not_found"


class UserNotFoundError(DomainError):
    """There is no such account."""

    code = "user_not_found"


class LastAdminError(DomainError):
    """Somebody has to be left who may administrate."""

    code = "last_admin"


class ResetTokenInvalidError(DomainError):
    """This token was not sent by us, or it was used before; have a new one sent."""

    code = "token_invalid"


class ResetTokenExpiredError(DomainError):
    """This token was good for half an hour; have a new one sent."""

    code = "token_expired"


class AccountGoneError(DomainError):
    """The account this token was made for is no more."""

    code = "token_invalid"
