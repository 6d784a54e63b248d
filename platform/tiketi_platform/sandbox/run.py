"""Runs the sandboxes of the outside world together, in one loop; refuses nothing but a taken port."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tiketi_platform.sandbox.google.server import GoogleSandbox, running_google_sandbox
from tiketi_platform.sandbox.mailbox.server import Mailbox, running_mailbox
from tiketi_platform.sandbox.ports import (
    GOOGLE_CLIENT_SECRET,
    GOOGLE_PORT,
    LOOPBACK,
    MAILBOX_PORT,
    S3_BUCKET,
    S3_PORT,
    SMTP_PORT,
    TOSS_PORT,
    TOSS_SECRET_KEY,
)
from tiketi_platform.sandbox.s3.server import S3Sandbox, running_s3_sandbox
from tiketi_platform.sandbox.s3.signature import Keys
from tiketi_platform.sandbox.toss.server import TossSandbox, running_toss_sandbox


@dataclass(frozen=True, slots=True)
class Sandboxes:
    """The outside world, running."""

    toss: TossSandbox
    mailbox: Mailbox
    google: GoogleSandbox
    s3: S3Sandbox | None
    """Where it was asked for."""


@asynccontextmanager
async def running_sandboxes(
    *,
    data_dir: Path,
    toss_port: int = TOSS_PORT,
    smtp_port: int = SMTP_PORT,
    mailbox_port: int = MAILBOX_PORT,
    google_port: int = GOOGLE_PORT,
    host: str = LOOPBACK,
    webhook_url: str | None = None,
    toss_secret_key: str = TOSS_SECRET_KEY,
    google_client_secret: str = GOOGLE_CLIENT_SECRET,
    google_issuer: str | None = None,
    google_browser_url: str | None = None,
    s3_port: int = S3_PORT,
    s3_keys: Keys | None = None,
) -> AsyncIterator[Sandboxes]:
    """Run all of them until the block ends; they keep their state in `data_dir`. OSError: port taken.

    Without `s3_keys` there is no S3: one machine's images lie in a folder.
    """
    async with AsyncExitStack() as stack:
        toss = await stack.enter_async_context(
            running_toss_sandbox(
                data_dir=data_dir,
                port=toss_port,
                host=host,
                webhook_url=webhook_url,
                secret_key=toss_secret_key,
            )
        )
        mailbox = await stack.enter_async_context(
            running_mailbox(
                data_dir=data_dir, smtp_port=smtp_port, http_port=mailbox_port, host=host
            )
        )
        google = await stack.enter_async_context(
            running_google_sandbox(
                port=google_port,
                host=host,
                client_secret=google_client_secret,
                issuer=google_issuer,
                browser_url=google_browser_url,
            )
        )
        s3 = None
        if s3_keys is not None:
            s3 = await stack.enter_async_context(
                running_s3_sandbox(
                    data_dir=data_dir, bucket=S3_BUCKET, keys=s3_keys, port=s3_port, host=host
                )
            )
        yield Sandboxes(toss, mailbox, google, s3)
