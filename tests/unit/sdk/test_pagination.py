"""Listings go from page to page by themselves and never further than asked."""

from __future__ import annotations

import pytest

from tiketi_sdk import errors


def _page(first, last, cursor):
    return {
        "items": [{"user_id": number, "balance": 0, "held": 0} for number in range(first, last)],
        "next_cursor": cursor,
    }


async def test_all_items_over_all_pages(platform, make_client):
    client = make_client(token="t")
    platform.answers(
        "GET /api/audit/wallets", _page(1, 3, "a"), _page(3, 5, "b"), _page(5, 6, None)
    )
    assert [each.user_id async for each in client.audit.wallets(limit=2)] == [1, 2, 3, 4, 5]
    assert [each.query for each in platform.seen] == [
        {"limit": "2"},
        {"limit": "2", "cursor": "a"},
        {"limit": "2", "cursor": "b"},
    ]


async def test_pages_are_fetched_when_it_is_their_turn(platform, make_client):
    client = make_client(token="t")
    platform.answers(
        "GET /api/audit/wallets", _page(1, 3, "a"), _page(3, 5, "b"), _page(5, 6, None)
    )
    assert len(await client.audit.wallets().to_list(count_max=3)) == 3
    assert len(platform.seen) == 2


async def test_pages(platform, make_client):
    client = make_client(token="t")
    platform.answers("GET /api/audit/wallets", _page(1, 3, "a"), _page(3, 4, None))
    assert [len(page.items) async for page in client.audit.wallets().pages()] == [2, 1]


async def test_one_page_from_a_cursor(platform, make_client):
    client = make_client(token="t")
    platform.answers("GET /api/audit/wallets", _page(3, 4, "b"))
    page = await client.audit.wallets().page("a")
    assert page.next_cursor == "b"
    assert platform.seen[0].query["cursor"] == "a"


async def test_an_empty_listing(platform, make_client):
    client = make_client(token="t")
    platform.answers("GET /api/audit/wallets", _page(1, 1, None))
    assert await client.audit.wallets().to_list() == []


async def test_a_listing_that_goes_round_in_circles_ends(platform, make_client):
    client = make_client(token="t")
    platform.answers("GET /api/audit/wallets", _page(1, 3, "a"))
    with pytest.raises(errors.InvalidAnswerError):
        await client.audit.wallets().to_list()
    assert len(platform.seen) == 2
