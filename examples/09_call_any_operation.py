"""Below the resources: any operation of the contract with its own struct, and any address at all.

Needs: a platform, and a profile of an administrator.
"""

import json

from tiketi_sdk import Config, RetryPolicy, Tiketi, Timeouts, load_profile
from tiketi_sdk.contract import event, reservation
from tiketi_sdk.contract.operation import Nothing

settings = Config(
    urls=load_profile().urls,
    timeouts=Timeouts(connect_s=1, request_s=10),
    retries=RetryPolicy(retries_max=1),
)

with Tiketi(config=settings) as client:
    for layout in client.call(reservation.LAYOUTS, Nothing()).items:
        print(f"{layout.name}: {layout.seats_count:,} seats")
    page = client.call(event.LIST, event.ListEventsRequest(limit=1))
    print(f"{len(page.items)} event on the first page")

with Tiketi.from_profile() as admin:
    answer = admin.raw("GET", "auth", "/api/auth/me")
    print(f"{answer.status}: {json.loads(answer.body)['role']}")
