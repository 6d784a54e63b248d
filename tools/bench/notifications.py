"""How many notifications a second are rendered and delivered to the SMTP sandbox; it judges nothing.

PostgreSQL that syncs its data and the notification service's books, templates and mailer in this process; the
mailbox is a process of its own, as in `tiketi up --processes`. Every delivery is another user's.

    python tools/bench/notifications.py [--deliveries 10000] [--json FILE]
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Sequence
from pathlib import Path
from typing import Any, Final

import psutil
import uvloop

ROOT: Final = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "platform")]

from tests.engines import Databases, engine_folder, run_apart  # noqa: E402
from tiketi_core.kernel.ids import MessageId, UserId  # noqa: E402
from tiketi_core.kernel.message import Message  # noqa: E402
from tiketi_core.notification.model import Contact, Outcome  # noqa: E402
from tiketi_core.notification.use_cases import Ear, Sender  # noqa: E402
from tiketi_platform.adapters.postgres.migrate import migrate  # noqa: E402
from tiketi_platform.adapters.postgres.notification.deliveries import PostgresDeliveries  # noqa: E402
from tiketi_platform.adapters.postgres.pool import Database  # noqa: E402
from tiketi_platform.adapters.smtp import SmtpMailer, SmtpSettings  # noqa: E402
from tiketi_platform.adapters.smtp.channel import EmailChannel  # noqa: E402
from tiketi_platform.adapters.templates import MailTemplates  # noqa: E402
from tiketi_platform.framework.clock import SystemClock  # noqa: E402
from tiketi_platform.runtime.engines.postgres import PostgresServer  # noqa: E402
from tiketi_platform.sandbox.mailbox.server import running_mailbox  # noqa: E402
from tiketi_platform.services.notification.postman import BATCH_MAX  # noqa: E402

HEARD_AT_ONCE: Final = 1_000


class _Everybody:
    async def find(self, user_ids: Sequence[UserId]) -> dict[UserId, Contact]:
        return {each: Contact(each, f"user{each}@tiketi.test", "김하늘") for each in user_ids}


class _Fair:
    def fraction(self) -> float:
        return 0.5


async def _together(tries: Sequence[Awaitable[Outcome]]) -> Sequence[Outcome]:
    return await asyncio.gather(*tries)


async def mailbox(folder: str) -> None:
    """The sandbox's process: says its port, and at the end how much it kept."""
    async with running_mailbox(data_dir=Path(folder), smtp_port=0, http_port=0) as box:
        print(box.smtp_port, flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        print(json.dumps([len(box.store), box.store.duplicates_count]), flush=True)


def message(number: int) -> Message:
    """A confirmed reservation of user `number`."""
    payload = {
        "reservation_id": number,
        "number": f"K7Q2-{number:06d}",
        "event_id": 1,
        "user_id": number,
        "seat_ids": [number * 2, number * 2 + 1],
        "total_price": 150_000,
        "payment_id": number,
    }
    return Message(MessageId(f"m-{number}"), "reservation.confirmed", payload, 1, "bench")


def cpu_s(process: psutil.Process) -> float:
    """CPU used so far by a process and its children."""
    total = 0.0
    for each in (process, *process.children(recursive=True)):
        try:
            times = each.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
    return total


async def measure(
    dsn: str, box: "subprocess.Popen[str]", postgres: psutil.Process, count: int
) -> dict[str, Any]:
    """Hear everything, then send it; both on the clock, apart."""
    assert box.stdout is not None
    smtp_port = int(await asyncio.to_thread(box.stdout.readline))
    await migrate(dsn, "notification")
    database = await Database.connect(dsn, "notification")
    deliveries, templates = PostgresDeliveries(database), MailTemplates()
    ear = Ear(deliveries, templates=templates, channels=("email",))
    messages = [message(number) for number in range(1, count + 1)]
    started = time.perf_counter()
    for first in range(0, count, HEARD_AT_ONCE):
        await ear.hear(messages[first : first + HEARD_AT_ONCE])
    heard_s = time.perf_counter() - started
    # The servers' own processes: their parent is this one, so ours is counted without its children.
    ours, theirs = psutil.Process(), psutil.Process(box.pid)
    before = sum(ours.cpu_times()[:2]), cpu_s(postgres), cpu_s(theirs)
    started = time.perf_counter()
    async with SmtpMailer(SmtpSettings("127.0.0.1", smtp_port)) as mailer:
        sender = Sender(
            deliveries,
            name="email",
            channel=EmailChannel(mailer),
            contacts=_Everybody(),
            templates=templates,
            clock=SystemClock(),
            dice=_Fair(),
            together=_together,
        )
        sent_count = 0
        while tried := await sender.send_due(BATCH_MAX):
            sent_count += tried
    sent_s = time.perf_counter() - started
    after = sum(ours.cpu_times()[:2]), cpu_s(postgres), cpu_s(theirs)
    service_ms, postgres_ms, mailbox_ms = (
        round((late - early) * 1_000 / count, 3) for early, late in zip(before, after, strict=True)
    )
    await database.close()
    return {
        "deliveries": sent_count,
        "heard_per_s": round(count / heard_s),
        "sent_per_s": round(count / sent_s),
        "service_cpu_ms": service_ms,
        "postgres_cpu_ms": postgres_ms,
        "mailbox_cpu_ms": mailbox_ms,
        "on_two_cores_per_s": round(2_000 / (service_ms + postgres_ms + mailbox_ms)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deliveries", type=int, default=10_000)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--mailbox", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.mailbox is not None:
        uvloop.run(mailbox(args.mailbox))
        return
    with engine_folder() as data, tempfile.TemporaryDirectory() as folder:
        server = PostgresServer(data)
        run_apart(server.start())
        box = subprocess.Popen(
            [sys.executable, __file__, "--mailbox", folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            database = run_apart(Databases(server, data).create())
            identity = server.process_id
            assert identity is not None, "it runs while we measure"
            result = uvloop.run(
                measure(
                    database.dsn("notification"),
                    box,
                    psutil.Process(identity.pid),
                    args.deliveries,
                )
            )
            kept, duplicates = json.loads(box.communicate("done\n")[0])
            assert (kept, duplicates) == (args.deliveries, 0), "each arrived once"
        finally:
            box.kill()
            run_apart(server.stop())
    print(json.dumps(result, indent=2))
    if args.json is not None:
        args.json.write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    main()
