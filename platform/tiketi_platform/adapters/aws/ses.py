"""E-mail through SES as a channel of the notification slice.

SES gives each mail a Message-ID of its own and knows no idempotency key, so ours travels in the header
`X-Tiketi-Message-Id`: whoever reads the mailbox can tell a repeat, SES cannot.
"""

from typing import Final

from tiketi_core.notification.errors import DeferredError, ProviderDownError, RefusedError
from tiketi_core.notification.model import Letter
from tiketi_platform.adapters.aws.clients import AwsClients
from tiketi_platform.adapters.smtp.channel import as_mail
from tiketi_platform.adapters.smtp.compose import compose
from tiketi_platform.adapters.smtp.errors import MailRefusedError

REFUSALS: Final = frozenset(
    {"MessageRejected", "BadRequestException", "NotFoundException", "InvalidParameterValue"}
)
"""Codes that mean this mail; all others mean us: throttling, a paused account, a domain not verified."""


class SesChannel:
    """SES of one region."""

    def __init__(self, clients: AwsClients, *, sender_name: str, sender_address: str) -> None:
        self._clients = clients
        self._sender_name = sender_name
        self._sender_address = sender_address

    async def send(self, letter: Letter) -> None:
        """Return when SES has taken it."""
        from botocore.exceptions import BotoCoreError, ClientError

        mail = as_mail(letter)
        try:
            raw = compose(mail, sender_name=self._sender_name, sender_address=self._sender_address)
        except MailRefusedError as error:
            raise RefusedError(error.detail) from error
        raw = f"X-Tiketi-Message-Id: {mail.message_id}\r\n".encode() + raw
        try:
            client = await self._clients.get("sesv2")
            await client.send_email(
                FromEmailAddress=self._sender_address,
                Destination={"ToAddresses": [mail.to]},
                Content={"Raw": {"Data": raw}},
            )
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code in REFUSALS:
                raise RefusedError(f"SES: {error}") from error
            raise ProviderDownError(f"SES: {error}") from error
        except BotoCoreError as error:
            raise ProviderDownError(f"SES does not answer: {error}") from error
        except TimeoutError as error:
            raise DeferredError("SES did not answer in time") from error
