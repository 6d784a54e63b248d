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


class GoogleRefusedError(DomainError):
    """Google did not vouch for this login; begin again."""

    code = "google_refused"


class GoogleUnavailableError(DomainError):
    """Google does not answer right now."""

    code = "google_unavailable"


class GoogleEmailUnverifiedError(DomainError):
    """Google has not verified this e-mail address; verify it there and come back."""

    code = "google_email_unverified"


class GoogleLinkRequiredError(DomainError):
    """There is an account with this e-mail; give its password once, and Google may log in to it."""

    code = "google_link_required"


class LinkTokenInvalidError(DomainError):
    """This link token was not made here, or that Google account belongs to somebody else by now."""

    code = "token_invalid"


class LinkTokenExpiredError(DomainError):
    """This link token was good for a few minutes; log in with Google again."""

    code = "token_expired"


class AccountGoneError(DomainError):
    """The account this token was made for is no more."""

    code = "token_invalid"
