"""E-mail as a channel of the notification slice."""

from tiketi_core.notification.errors import DeferredError, ProviderDownError, RefusedError
from tiketi_core.notification.model import Letter
from tiketi_platform.adapters.smtp.compose import Mail
from tiketi_platform.adapters.smtp.errors import (
    MailDeferredError,
    MailRefusedError,
    MailUnreachableError,
)
from tiketi_platform.adapters.smtp.mailer import SmtpMailer


class EmailChannel:
    """Sends through one SMTP server; the Message-ID is the same for each try of a delivery."""

    def __init__(self, mailer: SmtpMailer) -> None:
        self._mailer = mailer

    async def send(self, letter: Letter) -> None:
        """Return when the server has taken it."""
        try:
            await self._mailer.send(as_mail(letter))
        except MailUnreachableError as error:
            raise ProviderDownError(error.detail) from error
        except MailDeferredError as error:
            raise DeferredError(error.detail) from error
        except MailRefusedError as error:
            raise RefusedError(error.detail) from error


def as_mail(letter: Letter) -> Mail:
    """The mail of a delivery."""
    words = letter.words
    return Mail(
        letter.delivery.notice.stable_id,
        letter.contact.email,
        words.subject,
        words.text,
        words.html,
        words.unsubscribe_url,
    )
