"""What people want to be told: preferences, advertising, and the link that ends it."""

import email
import email.policy
import re
from typing import Any

from tests.integration.notification.stage import Stage
from tests.waiting import until
from tiketi_platform.adapters.tokens.unsubscribe import PATH

OFFER = {"subject": "특가", "body": "오늘만", "category": "marketing"}


async def offer(stage: Stage, user_id: int, key: str) -> dict[str, Any]:
    """What became of an offer that nothing but its reader's wishes and the hour hold back."""
    made = await stage.ask(
        "POST", "", json={**OFFER, "user_id": user_id}, headers={"Idempotency-Key": key}
    )
    assert made.status == 201, made.body

    async def judged() -> dict[str, Any] | None:
        found = await stage.deliveries(status="PENDING") + await stage.deliveries()
        (row,) = [each for each in found if each["id"] == made.body["id"]][:1]
        return row if row["status"] != "PENDING" or row["error"] else None

    return await until(judged)


async def test_language_is_a_preference(stage: Stage) -> None:
    user_id = await stage.user("sky@tiketi.test")
    token = stage.platform.token(sub=str(user_id))
    before = await stage.ask("GET", "/preferences", token)
    assert before.body == {
        "language": "ko",
        "push": True,
        "sms": False,
        "marketing_email": False,
        "marketing_push": False,
        "marketing_sms": False,
        "turn_email": False,
    }
    changed = await stage.ask("PATCH", "/preferences", token, json={"language": "en"})
    assert changed.body == {**before.body, "language": "en"}
    assert (await stage.ask("GET", "/preferences", token)).body == changed.body
    await stage.say("m-1", user_id)
    (told,) = await stage.settled(1)
    assert told["subject"] == "[tiketi] 10,000원 in points was added"


async def test_nobody_gets_offers_who_did_not_agree_to_them(stage: Stage) -> None:
    user_id = await stage.user("sky@tiketi.test")
    told = await offer(stage, user_id, "k-1")
    assert (told["status"], told["error"]) == ("SKIPPED", "the user takes no marketing email")
    assert await stage.mails() == []


async def test_who_agreed_gets_offers_by_day_until_one_click_ends_them(stage: Stage) -> None:
    user_id = await stage.user("sky@tiketi.test")
    token = stage.platform.token(sub=str(user_id))
    await stage.ask("PATCH", "/preferences", token, json={"marketing_email": True})
    told = await offer(stage, user_id, "k-1")
    if told["status"] == "PENDING":
        assert told["error"] == "quiet hours", "it is night in Korea"
        link = _link(stage, user_id)
    else:
        (mail,) = await stage.mails()
        async with stage.platform.http.get(
            f"{stage.mailbox.url}/api/messages/{mail['id']}/raw"
        ) as response:
            raw = email.message_from_bytes(await response.read(), policy=email.policy.default)
        assert raw["Subject"] == "(광고) 특가"
        assert raw["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        link = raw["List-Unsubscribe"].strip("<>")
        assert link == _link(stage, user_id)

    async def agrees() -> bool:
        return bool((await stage.ask("GET", "/preferences", token)).body["marketing_email"])

    http = stage.platform.http
    async with http.get(link) as page:
        assert page.status == 200
        assert "form-action 'self'" in page.headers["Content-Security-Policy"]
        assert re.search('<form method="post">', await page.text())
    assert await agrees(), "looking is not clicking"
    async with http.get(link[:-2] + "xx") as page:
        assert page.status == 404
    async with http.post(link, data={"List-Unsubscribe": "One-Click"}) as page:
        assert page.status == 200
    assert not await agrees()
    assert (await offer(stage, user_id, "k-2"))["status"] == "SKIPPED"


def _link(stage: Stage, user_id: int) -> str:
    from tiketi_core.kernel.ids import UserId
    from tiketi_platform.adapters.tokens.unsubscribe import UnsubscribeLinks

    settings = stage.platform.settings
    links = UnsubscribeLinks(
        settings.secret("notification-service"), settings.peer_url("notification")
    )
    found = links.url(UserId(user_id), "email")
    assert PATH in found
    return found


async def test_previews_are_for_administrators(stage: Stage) -> None:
    names = (await stage.ask("GET", "/templates")).body["names"]
    assert {"reservation.confirmed", "entry.admitted", "user.registered"} <= set(names)
    for name in names:
        for language in ("ko", "en"):
            seen = await stage.ask("GET", f"/templates/{name}", params={"language": language})
            assert seen.status == 200, seen.body
            assert seen.body["html"].startswith("<!doctype html>")
    who_looks = stage.platform.token(sub="77", role="admin")
    advertising = {"language": "en", "category": "marketing"}
    seen = await stage.ask("GET", "/templates/user.registered", who_looks, params=advertising)
    assert "unsubscribe?t=77." in seen.body["text"], "nobody else's advertising"
    missing = await stage.ask("GET", "/templates/nothing.known")
    assert (missing.status, missing.code) == (404, "not_found")
    user = await stage.ask("GET", "/templates", stage.platform.token())
    assert user.status == 403
