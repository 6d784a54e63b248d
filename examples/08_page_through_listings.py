"""Listings are iterated item by item or page by page; the next page is fetched when it is asked for.

Needs: a platform, and a profile of an administrator.
"""

from itertools import islice

from stage import concert

from tiketi_sdk import Tiketi

with Tiketi.from_profile() as admin:
    for _ in range(3):
        concert(admin)

    concerts = admin.events.list(status="on_sale", q="콘서트", limit=2)
    for event in islice(concerts, 5):
        print(f"{event.id}: {event.title}")

    for number, page in enumerate(islice(concerts.pages(), 2), start=1):
        print(f"page {number}: {[event.id for event in page.items]}")

    # Or keep the place yourself, for example between two requests of a web page.
    first = concerts.page()
    second = concerts.page(first.next_cursor)
    assert {event.id for event in first.items}.isdisjoint(event.id for event in second.items)
