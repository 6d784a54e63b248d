"""Sends e-mail by SMTP; the sandbox mailbox and real relays speak it alike."""

from tiketi_platform.adapters.smtp.compose import Mail
from tiketi_platform.adapters.smtp.errors import (
    MailDeferredError,
    MailError,
    MailRefusedError,
    MailUnreachableError,
)
from tiketi_platform.adapters.smtp.mailer import SmtpMailer
from tiketi_platform.adapters.smtp.settings import SmtpSettings

__all__ = [
    "Mail",
    "MailDeferredError",
    "MailError",
    "MailRefusedError",
    "MailUnreachableError",
    "SmtpMailer",
    "SmtpSettings",
]
