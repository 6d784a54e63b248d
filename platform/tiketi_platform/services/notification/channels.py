"""The ways to reach people that the settings name, each with its provider; opens no connection yet."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from tiketi_core.notification.model import ChannelName
from tiketi_core.notification.ports import Channel
from tiketi_platform.adapters.smtp import SmtpMailer, SmtpSettings
from tiketi_platform.adapters.smtp.channel import EmailChannel
from tiketi_platform.framework.settings import Settings


@dataclass(frozen=True, slots=True)
class OpenedChannel:
    """A channel and how to hang up on its provider."""

    name: ChannelName
    channel: Channel
    close: Callable[[], Awaitable[None]]


def opened_channels(settings: Settings) -> tuple[OpenedChannel, ...]:
    """E-mail always; push and text messages where a provider is configured."""
    return (_email(settings),)


def _email(settings: Settings) -> OpenedChannel:
    mailer = SmtpMailer(smtp_settings(settings))
    return OpenedChannel("email", EmailChannel(mailer), mailer.close)


def smtp_settings(settings: Settings) -> SmtpSettings:
    """From `smtp://[user@]host:port`, `smtp+starttls://` or `smtps://`; the password is the file `smtp-password`."""
    url = urlsplit(settings.smtp_url)
    tls = {"smtp": "none", "smtp+starttls": "starttls", "smtps": "implicit"}[url.scheme]
    name, address = sender(settings)
    return SmtpSettings(
        host=url.hostname or "127.0.0.1",
        port=url.port or (465 if tls == "implicit" else 25),
        sender_address=address,
        sender_name=name,
        tls=tls,  # type: ignore[arg-type]  # one of the three values above
        username=url.username,
        password=settings.optional_secret("smtp-password") if url.username else None,
    )


def sender(settings: Settings) -> tuple[str, str]:
    """Name and address that mail comes from."""
    name, _, address = settings.mail_from.rpartition(" ")
    return name or "tiketi", address.strip("<>")
