"""Letting people in, over HTTP: once, at the door of the ticket's own event, with a code of ours."""

import asyncio
from xml.etree import ElementTree as ET

from tests.integration.reservation.house import House
from tests.services import Answer


async def test_a_ticket_lets_in_once(house: House):
    held = (await house.reserve(5, best_available={"count": 2})).body
    await house.pay(held, 900)
    assert (await house.sold(held))["payment_id"] == 900
    tickets = (await house.ask("GET", "/api/tickets", user=5)).body["items"]
    assert {ticket["seat"]["seat_id"] for ticket in tickets} == {
        seat["seat_id"] for seat in held["seats"]
    }
    assert tickets[0]["qr_svg"] is None
    path = f"/api/tickets/{tickets[0]['id']}"
    assert (await house.ask("GET", path, user=6)).code == "ticket_not_found"
    ticket = (await house.ask("GET", path, user=5)).body
    assert ET.fromstring(ticket["qr_svg"]).tag.endswith("svg")
    assert ticket["qr"] == tickets[0]["qr"]

    async def show(qr: str, token: str) -> Answer:
        return await house.ask(
            "POST",
            "/api/tickets/check-in",
            token=token,
            json={"event_id": house.event_id, "qr": qr},
        )

    admin = house.platform.admin
    assert (await show(ticket["qr"], house.platform.token(sub="5"))).code == "forbidden"
    forged = [ticket["qr"][:-4] + "AAAA", "x", house.entry(5), house.platform.admin]
    assert {(await show(qr, admin)).code for qr in forged} == {"ticket_invalid"}
    elsewhere = await house.ask(
        "POST",
        "/api/tickets/check-in",
        token=admin,
        json={"event_id": house.event_id + 1, "qr": ticket["qr"]},
    )
    assert (elsewhere.status, elsewhere.code) == (409, "ticket_of_other_event")
    assert elsewhere.fields == {"event_id"}
    answers = await asyncio.gather(*(show(ticket["qr"], admin) for _ in range(8)))
    assert sorted(answer.status for answer in answers) == [200] + [409] * 7
    assert {answer.code for answer in answers if answer.status == 409} == {"ticket_used"}
    refused = await house.ask("POST", f"/api/reservations/{held['id']}/cancel", user=5)
    assert (refused.status, refused.code) == (409, "reservation_not_cancellable")


async def test_a_cancelled_ticket_lets_nobody_in(house: House):
    held = (await house.reserve(5, best_available={"count": 1})).body
    await house.pay(held, 900)
    await house.sold(held)
    (ticket,) = (await house.ask("GET", "/api/tickets", user=5)).body["items"]
    await house.ask("POST", f"/api/reservations/{held['id']}/cancel", user=5)
    answer = await house.ask(
        "POST",
        "/api/tickets/check-in",
        token=house.platform.admin,
        json={"event_id": house.event_id, "qr": ticket["qr"]},
    )
    assert answer.code == "ticket_invalid"
    (ticket,) = (await house.ask("GET", "/api/tickets", user=5)).body["items"]
    assert ticket["status"] == "CANCELLED"
