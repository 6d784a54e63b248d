"""`python -m tiketi_platform.sandbox`: the sandboxes as a process of their own, until SIGTERM or SIGINT."""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from tiketi_platform.framework.open_files import allow_many_connections
from tiketi_platform.sandbox.ports import (
    GOOGLE_CLIENT_SECRET,
    GOOGLE_PORT,
    LOOPBACK,
    MAILBOX_PORT,
    S3_PORT,
    SMTP_PORT,
    TOSS_PORT,
    TOSS_SECRET_KEY,
)
from tiketi_platform.sandbox.run import running_sandboxes
from tiketi_platform.sandbox.s3.signature import Keys


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tiketi_platform.sandbox",
        description="Local stand-ins for Toss Payments, a mail server, Google and S3.",
    )
    parser.add_argument("--data", type=Path, required=True, help="folder that keeps their state")
    parser.add_argument("--host", default=LOOPBACK, help="address to listen on (%(default)s)")
    parser.add_argument("--toss-port", type=int, default=TOSS_PORT)
    parser.add_argument("--smtp-port", type=int, default=SMTP_PORT)
    parser.add_argument("--mailbox-port", type=int, default=MAILBOX_PORT)
    parser.add_argument("--google-port", type=int, default=GOOGLE_PORT)
    parser.add_argument(
        "--google-client-secret-file",
        type=Path,
        help="file with our secret at the sandbox Google (a known one)",
    )
    parser.add_argument(
        "--google-issuer",
        help="how the platform calls the sandbox Google, where that is not as we listen",
    )
    parser.add_argument(
        "--google-browser-url",
        help="how people's browsers reach the sandbox Google, where that is not its issuer",
    )
    parser.add_argument("--s3-port", type=int, default=S3_PORT)
    parser.add_argument(
        "--s3-keys",
        type=Path,
        metavar="FOLDER",
        help="folder with the files s3-access-key and s3-secret-key; without it there is no S3",
    )
    parser.add_argument(
        "--toss-secret-key-file",
        type=Path,
        help="file with the card gateway's secret key (a known test key)",
    )
    parser.add_argument("--webhook-url", help="where the card gateway posts status changes")
    return parser.parse_args()


async def _serve(arguments: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with running_sandboxes(
        data_dir=arguments.data,
        toss_port=arguments.toss_port,
        smtp_port=arguments.smtp_port,
        mailbox_port=arguments.mailbox_port,
        host=arguments.host,
        google_port=arguments.google_port,
        webhook_url=arguments.webhook_url,
        toss_secret_key=_secret(arguments.toss_secret_key_file, TOSS_SECRET_KEY),
        google_issuer=arguments.google_issuer,
        google_browser_url=arguments.google_browser_url,
        s3_port=arguments.s3_port,
        s3_keys=_s3_keys(arguments.s3_keys),
        google_client_secret=_secret(arguments.google_client_secret_file, GOOGLE_CLIENT_SECRET),
    ) as sandboxes:
        mailbox = sandboxes.mailbox
        print(f"toss     {sandboxes.toss.url}", file=sys.stderr)
        print(f"smtp     {mailbox.smtp_host}:{mailbox.smtp_port}", file=sys.stderr)
        print(f"mailbox  {mailbox.url}", file=sys.stderr, flush=True)
        print(f"google   {sandboxes.google.url}", file=sys.stderr, flush=True)
        if sandboxes.s3 is not None:
            print(f"s3       {sandboxes.s3.url}", file=sys.stderr, flush=True)
        await stop.wait()


def _secret(file: Path | None, known: str) -> str:
    return known if file is None else file.read_text(encoding="utf-8").strip()


def _s3_keys(folder: Path | None) -> Keys | None:
    if folder is None:
        return None
    return Keys(_secret(folder / "s3-access-key", ""), _secret(folder / "s3-secret-key", ""))


def main() -> int:
    """Serve until told to stop; exit status 1 when a port is taken."""
    arguments = _arguments()
    allow_many_connections()
    try:
        import uvloop
    except ImportError:
        run = asyncio.run
    else:
        run = uvloop.run
    try:
        run(_serve(arguments))
    except OSError as error:
        print(f"cannot start the sandboxes: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
