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


class AccountGoneError(DomainError):
    """The account this token was made for is no more."""

    code = "token_invalid"
