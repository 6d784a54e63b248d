"""Push and text messages: from what happened to the device and the telephone, against the stand-ins."""

import secrets
import string

import jwt
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.integration.notification.stage import Stage
from tests.waiting import until
from tiketi_core.kernel.ids import MessageId
from tiketi_core.kernel.message import Message
from tiketi_platform.adapters.aws.sms import international
from tiketi_platform.adapters.fcm import ServiceAccount
from tiketi_platform.adapters.fcm.account import SCOPE
from tiketi_platform.adapters.postgres.notification.preferences import DEVICES_MAX
from tiketi_platform.framework.clock import SystemClock


async def confirmed(stage: Stage, message_id: str, user_id: int) -> None:
    payload = {
        "reservation_id": 3,
        "number": "K7Q2-M4XD",
        "event_id": 1,
        "user_id": user_id,
        "seat_ids": [1, 2],
        "total_price": 100_000,
        "payment_id": 4,
    }
    message = Message(MessageId(message_id), "reservation.confirmed", payload, 1, "req-1")
    await stage.bus.publish("reservation", [message])


async def test_one_message_reaches_every_way_its_user_wants(stage: Stage) -> None:
    user_id = await stage.user("sky@tiketi.test", phone="010-1234-5678")
    token = stage.platform.token(sub=str(user_id))
    for device in ("device-1", "device-2"):
        body = {"token": device, "platform": "android"}
        assert (await stage.ask("POST", "/devices", token, json=body)).status == 201
    await stage.ask("PATCH", "/preferences", token, json={"sms": True})
    await confirmed(stage, "m-1", user_id)
    await confirmed(stage, "m-1", user_id)
    found = await stage.settled(3)
    assert {item["channel"]: item["status"] for item in found} == {
        "email": "SENT",
        "push": "SENT",
        "sms": "SENT",
    }
    mails = {mail["to"][0]: mail["subject"] for mail in await stage.mails()}
    assert mails.keys() == {"sky@tiketi.test", "device-1", "device-2", "010-1234-5678"}
    assert mails["device-1"] == "[push] 예매가 확정되었습니다 · K7Q2-M4XD"
    assert mails["010-1234-5678"].startswith("[sms] [tiketi] 예매 K7Q2-M4XD 확정")
    assert len(await stage.mails()) == 4


async def test_a_device_that_is_gone_is_forgotten_and_the_others_are_told(stage: Stage) -> None:
    user_id = await stage.user("sky@tiketi.test")
    token = stage.platform.token(sub=str(user_id))
    for device in ("unregistered-1", "device-2"):
        await stage.ask("POST", "/devices", token, json={"token": device, "platform": "ios"})
    await confirmed(stage, "m-1", user_id)
    assert {item["status"] for item in await stage.settled(2)} == {"SENT"}
    await stage.ask("POST", "/devices/remove", token, json={"token": "device-2"})
    await confirmed(stage, "m-2", user_id)
    await until(lambda: stage.settled(3))
    assert sum(item["channel"] == "push" for item in await stage.deliveries()) == 1, (
        "no device is left, so nothing is to be pushed"
    )


async def test_a_device_of_another_sender_is_not_forgotten(stage: Stage) -> None:
    """A wrong account of ours would look the same for every device there is."""
    user_id = await stage.user("sky@tiketi.test")
    token = stage.platform.token(sub=str(user_id))
    for device in ("stranger-1", "device-2"):
        await stage.ask("POST", "/devices", token, json={"token": device, "platform": "ios"})
    await confirmed(stage, "m-1", user_id)
    assert {item["status"] for item in await stage.settled(2)} == {"SENT"}
    await stage.ask("POST", "/devices/remove", token, json={"token": "device-2"})
    (left,) = (await stage.ask("GET", "/devices", token)).body["items"]
    assert left["token"] == "stranger-1"
    await confirmed(stage, "m-2", user_id)

    async def tried() -> bool:
        found = [item for item in await stage.deliveries() if item["message_id"] == "m-2"]
        return any(
            item["channel"] == "push" and "another sender" in (item["error"] or "")
            for item in found
        )

    await until(tried)


async def test_devices_are_bounded_in_size_and_number(stage: Stage) -> None:
    token = stage.platform.token(sub=str(await stage.user("sky@tiketi.test")))

    async def add(device: str) -> int:
        body = {"token": device, "platform": "android"}
        return (await stage.ask("POST", "/devices", token, json=body)).status

    assert await add("x" * 1_001) == 400
    # What compression cannot make small, as an index entry has to be.
    longest = "".join(secrets.choice(string.ascii_letters) for _ in range(1_000))
    assert await add(longest) == 201
    for number in range(DEVICES_MAX):
        assert await add(f"device-{number}") == 201
    kept = [each["token"] for each in (await stage.ask("GET", "/devices", token)).body["items"]]
    assert kept == [f"device-{number}" for number in reversed(range(DEVICES_MAX))]


async def test_a_turn_is_told_by_push_and_only_while_it_lasts(stage: Stage) -> None:
    user_id = await stage.user("sky@tiketi.test", phone="010-1234-5678")
    token = stage.platform.token(sub=str(user_id))
    await stage.ask("POST", "/devices", token, json={"token": "device-1", "platform": "web"})

    async def admitted(number: int, at_ms: int) -> None:
        payload = {"event_id": 1, "user_id": user_id, "number": number}
        message = Message(MessageId(f"entry-{number}"), "entry.admitted", payload, at_ms)
        await stage.bus.publish("queue", [message])

    now_ms = SystemClock().now_ms()
    await admitted(1, now_ms - 3_600_000)
    await admitted(2, now_ms)
    found = {item["message_id"]: item for item in await stage.settled(2)}
    assert {item["channel"] for item in found.values()} == {"push"}
    assert (found["entry-1"]["status"], found["entry-2"]["status"]) == ("SKIPPED", "SENT")
    wishes = {"turn_email": True, "sms": True}
    assert (await stage.ask("PATCH", "/preferences", token, json=wishes)).status == 200
    await admitted(3, SystemClock().now_ms())
    told = [item["channel"] for item in await stage.settled(5) if item["message_id"] == "entry-3"]
    assert sorted(told) == ["email", "push", "sms"]


async def test_push_that_is_down_holds_up_no_mail(stage: Stage) -> None:
    user_id = await stage.user("sky@tiketi.test")
    token = stage.platform.token(sub=str(user_id))
    await stage.ask("POST", "/devices", token, json={"token": "unavailable-1", "platform": "web"})
    await confirmed(stage, "m-1", user_id)

    async def mail_sent_and_push_waits() -> bool:
        found = {item["channel"]: item for item in await stage.deliveries()}
        return (
            found.keys() == {"email", "push"}
            and found["email"]["status"] == "SENT"
            and found["push"]["status"] == "PENDING"
            and "503" in (found["push"]["error"] or "")
        )

    await until(mail_sent_and_push_waits)
    push = next(item for item in await stage.deliveries() if item["channel"] == "push")
    assert push["attempt_count"] <= 1, "tries at a provider that is down are not counted"


async def test_a_number_that_is_refused_is_a_dead_letter(stage: Stage) -> None:
    user_id = await stage.user("sky@tiketi.test", phone="010-1234-0000")
    token = stage.platform.token(sub=str(user_id))
    await stage.ask("PATCH", "/preferences", token, json={"sms": True})
    await confirmed(stage, "m-1", user_id)
    found = {item["channel"]: item["status"] for item in await stage.settled(2)}
    assert found == {"email": "SENT", "sms": "FAILED"}


def test_the_assertion_is_signed_with_the_accounts_key_and_says_what_google_asks() -> None:
    account = ServiceAccount.made_up("http://localhost:1")
    key = load_pem_private_key(account.private_key.encode(), None).public_key()
    claims = jwt.decode(
        account.assertion(1_000_000),
        key,  # type: ignore[arg-type]  # an RSA key: we made it
        algorithms=["RS256"],
        audience="http://localhost:1/token",
        options={"verify_exp": False},
    )
    assert claims["scope"] == SCOPE
    assert claims["exp"] - claims["iat"] == 3_600
    assert "PRIVATE KEY" not in repr(account)


def test_numbers_become_international() -> None:
    assert international("010-1234-5678") == "+821012345678"
    assert international("+1 555 010 2345") == "+15550102345"
