"""The notification service on SNS and SQS by configuration alone: auth's outbox to a mail, through moto."""

from pathlib import Path

from tests.engines import Database
from tests.services import Running, running
from tests.waiting import until
from tiketi_core.kernel.ids import MessageId
from tiketi_core.kernel.message import Message
from tiketi_platform.adapters.aws.bus import dead_name, encode
from tiketi_platform.adapters.aws.clients import AwsClients
from tiketi_platform.runtime.engines.valkey import ValkeyServer
from tiketi_platform.sandbox.mailbox.server import running_mailbox


async def test_what_auth_says_becomes_a_mail(
    moto: str, postgres: Database, valkey: ValkeyServer, tmp_path: Path
) -> None:
    (tmp_path / "mail").mkdir()
    async with (
        running_mailbox(data_dir=tmp_path / "mail", smtp_port=0, http_port=0) as mailbox,
        running(
            postgres,
            valkey,
            tmp_path,
            "auth",
            "notification",
            smtp_url=f"smtp://127.0.0.1:{mailbox.smtp_port}",
            bus_url="sns://ap-northeast-2/tiketi",
            aws_endpoint_url=moto,
        ) as platform,
    ):
        body = {"email": "sky@tiketi.test", "password": "correct horse", "name": "김하늘"}
        answer = await platform.ask("POST", "auth", "/api/auth/register", json=body)
        assert answer.status == 201

        async def arrived() -> bool:
            return len(mailbox.store) == 1

        await until(arrived, timeout_s=60)

        async def nothing_is_under_way() -> bool:
            found = await platform.ask(
                "GET", "notification", "/api/audit/backlog", token=platform.admin
            )
            assert found.status == 200, found.body
            (group,) = found.body["groups"]
            assert group["stream"] == "tiketi-notification"
            return not any(group[f"{part}_count"] for part in ("waiting", "pending", "dead"))

        await until(nothing_is_under_way, timeout_s=60)
        await _a_dead_letter_is_listed_and_stays_while_it_is_wrong(platform, moto)


async def _a_dead_letter_is_listed_and_stays_while_it_is_wrong(
    platform: Running, moto: str
) -> None:
    clients = AwsClients("ap-northeast-2", endpoint_url=moto)
    sqs = await clients.get("sqs")
    url = (await sqs.get_queue_url(QueueName=dead_name("tiketi", "notification")))["QueueUrl"]
    good = {"payment_id": 5, "user_id": 1, "amount": 1_000, "balance": 2_000}
    for number, payload in ((1, good), (2, {"amount": 1})):
        dead = Message(MessageId(f"m-{number}"), "points.charged", payload, 1, "req-1")
        await sqs.send_message(QueueUrl=url, MessageBody=encode(dead))
    await clients.close()
    where = "/api/notifications/dead-letters"

    async def dead_ids() -> dict[str, str]:
        found = await platform.ask("GET", "notification", where, token=platform.admin)
        items = found.body["items"]
        return {item["message_id"]: item["id"] for item in items if item["kind"] == "message"}

    async def both() -> bool:
        return (await dead_ids()).keys() == {"m-1", "m-2"}

    await until(both, timeout_s=60)
    replayed = await platform.ask(
        "POST", "notification", f"{where}/replay", token=platform.admin, json={}
    )
    assert replayed.body == {"count": 1, "more": False}

    async def the_wrong_one_stays() -> bool:
        return (await dead_ids()).keys() == {"m-2"}

    await until(the_wrong_one_stays, timeout_s=60)
