"""E-mail as a channel of the notification slice."""

from tiketi_core.notification.errors import DeferredError, RefusedError
from tiketi_core.notification.model import Contact, Delivery
from tiketi_platform.adapters.smtp.compose import Mail
from tiketi_platform.adapters.smtp.errors import MailDeferredError, MailRefusedError
from tiketi_platform.adapters.smtp.mailer import SmtpMailer


class EmailChannel:
    """Sends through one SMTP server; the Message-ID is the same for each try of a delivery."""

    def __init__(self, mailer: SmtpMailer) -> None:
        self._mailer = mailer

    async def send(self, delivery: Delivery, contact: Contact, *, text: str, html: str) -> None:
        """Return when the server has taken it; raises DeferredError or RefusedError."""
        mail = Mail(f"delivery-{delivery.id}", contact.email, delivery.notice.subject, text, html)
        try:
            await self._mailer.send(mail)
        except MailDeferredError as error:
            raise DeferredError(error.detail) from error
        except MailRefusedError as error:
            raise RefusedError(error.detail) from error
