"""The notification service on SNS and SQS by configuration alone: auth's outbox to a mail, through moto."""

from pathlib import Path

from tests.engines import Database
from tests.services import running
from tests.waiting import until
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
