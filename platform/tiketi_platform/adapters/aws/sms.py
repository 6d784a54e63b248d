"""Text messages by SNS as a channel of the notification slice; SNS knows no key, so a repeat is another message."""

import re
from typing import Final

from tiketi_core.notification.errors import ProviderDownError, RefusedError
from tiketi_core.notification.model import Letter
from tiketi_platform.adapters.aws.clients import AwsClients
from tiketi_platform.adapters.sms.channel import sms_text

REFUSALS: Final = frozenset(
    {"InvalidParameter", "InvalidParameterValue", "OptedOut", "ValidationException"}
)
_KOREA: Final = "+82"


class SnsSmsChannel:
    """SNS of one region."""

    def __init__(self, clients: AwsClients) -> None:
        self._clients = clients

    async def send(self, letter: Letter) -> None:
        """Return when SNS has taken it."""
        from botocore.exceptions import BotoCoreError, ClientError

        promotional = letter.delivery.notice.category == "marketing"
        kind = "Promotional" if promotional else "Transactional"
        try:
            client = await self._clients.get("sns")
            await client.publish(
                PhoneNumber=international(letter.recipient),
                Message=sms_text(letter),
                MessageAttributes={
                    "AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": kind}
                },
            )
        except ClientError as error:
            if error.response.get("Error", {}).get("Code", "") in REFUSALS:
                raise RefusedError(f"SNS: {error}") from error
            raise ProviderDownError(f"SNS: {error}") from error
        except (BotoCoreError, TimeoutError) as error:
            raise ProviderDownError(f"SNS does not answer: {error}") from error


def international(number: str) -> str:
    """`010-1234-5678` as `+821012345678` (E.164); what has a country code keeps it."""
    digits = re.sub(r"[^0-9+]", "", number)
    return digits if digits.startswith("+") else _KOREA + digits.removeprefix("0")
