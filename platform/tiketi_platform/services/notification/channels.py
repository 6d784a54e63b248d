"""The ways to reach people that the settings name, each with its provider; opens no connection yet."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from tiketi_core.notification.model import ChannelName
from tiketi_core.notification.ports import Channel
from tiketi_platform.adapters.aws.clients import AwsClients
from tiketi_platform.adapters.aws.ses import SesChannel
from tiketi_platform.adapters.aws.sms import SnsSmsChannel
from tiketi_platform.adapters.fcm import PushChannel, ServiceAccount
from tiketi_platform.adapters.fcm.channel import Forget
from tiketi_platform.adapters.sms import SmsChannel
from tiketi_platform.adapters.smtp import SmtpMailer, SmtpSettings
from tiketi_platform.adapters.smtp.channel import EmailChannel
from tiketi_platform.framework.settings import Settings

ACCOUNT: Final = "fcm-service-account"
"""The secret that holds the key file of the push service's account."""


@dataclass(frozen=True, slots=True)
class OpenedChannel:
    """A channel and how to hang up on its provider."""

    name: ChannelName
    channel: Channel
    close: Callable[[], Awaitable[None]]


def opened_channels(settings: Settings, forget: Forget) -> tuple[OpenedChannel, ...]:
    """E-mail always; push and text messages where a provider is configured.

    `forget` is told of devices that the push service no longer knows.
    """
    found = [_email(settings)]
    if settings.push_url:
        push = PushChannel(settings.push_url, partial(_account, settings), forget=forget)
        found.append(OpenedChannel("push", push, push.close))
    if settings.sms_url:
        found.append(_sms(settings))
    return tuple(found)


def _email(settings: Settings) -> OpenedChannel:
    url = urlsplit(settings.smtp_url)
    if url.scheme == "ses":
        name, address = sender(settings)
        clients = AwsClients(url.hostname or "", endpoint_url=settings.aws_endpoint_url)
        channel = SesChannel(clients, sender_name=name, sender_address=address)
        return OpenedChannel("email", channel, clients.close)
    mailer = SmtpMailer(smtp_settings(settings))
    return OpenedChannel("email", EmailChannel(mailer), mailer.close)


def _sms(settings: Settings) -> OpenedChannel:
    url = urlsplit(settings.sms_url)
    if url.scheme == "sns":
        clients = AwsClients(url.hostname or "", endpoint_url=settings.aws_endpoint_url)
        return OpenedChannel("sms", SnsSmsChannel(clients), clients.close)
    gateway = SmsChannel(settings.sms_url)
    return OpenedChannel("sms", gateway, gateway.close)


def _account(settings: Settings) -> ServiceAccount:
    text = settings.optional_secret(ACCOUNT)
    if text is None and settings.sandbox:
        return ServiceAccount.made_up(settings.push_url)
    return ServiceAccount.from_json(settings.secret(ACCOUNT) if text is None else text)


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
