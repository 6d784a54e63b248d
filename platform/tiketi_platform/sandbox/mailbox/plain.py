"""Writes what is no mail as one, so that the mailbox can show it; refuses nothing."""

from email.message import EmailMessage
from email.policy import SMTP


def plain_mail(kind: str, to: str, title: str, body: str, *, message_id: str) -> bytes:
    """A push or text message in the shape of a mail."""
    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = f"[{kind}] {title}"
    mail["X-Sandbox-To"] = to
    mail["Message-ID"] = f"<{message_id}>"
    mail.set_content(body, cte="base64")
    return mail.as_bytes()
