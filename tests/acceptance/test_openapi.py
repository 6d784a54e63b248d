"""Every operation of the six documents, asked with data that fits them and data that does not.

schemathesis makes the data from the document and compares the answers with it. What fits is sent with ids
that exist, so that it gets to the work and not only to a 404.
"""

from __future__ import annotations

import json
import secrets
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
import schemathesis
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis.generation import GenerationMode

from tests.acceptance.stage import OK, Stage
from tiketi_platform.framework.openapi import document
from tiketi_platform.runtime.registry import NAMES
from tiketi_sdk.contract.operation import ENTRY_TOKEN
from tiketi_sdk.contract.services import SERVICES, AnyOperation

OPERATIONS: dict[str, AnyOperation] = {
    f"{name} {operation.name}": operation
    for name, service in SERVICES.items()
    for operation in service.operations
}

JUDGED_ELSEWHERE = {
    "auth.google": "a code is bound by its state, or by a verifier at least",
    "auth.google_authorize": "where the platform has no redirect address of its own, the request has one",
    "events.create": "on_sale_at < sale_ends_at <= starts_at",
    "reservations.create": "either seat_ids or best_available",
    "events.update": "on_sale_at < sale_ends_at <= starts_at",
    "events.list": "either cursor or page",
    "payments.create": "the amounts add up, and a card needs its token",
}
"""What fits the schema and may still be refused as invalid: a rule between fields, which JSON Schema cannot say."""

SHADOWED = {"tickets.check_in", "payments.webhook"}
"""Another address with a placeholder matches theirs too, so `Allow` names its methods as well."""

CONFIG = schemathesis.Config.from_dict(
    {
        "generation": {
            "max-examples": 6,
            "deterministic": True,
            "no-shrink": True,
            "database": "none",
            # Tokens of others and of nobody: test_bad_input.
            "with-security-parameters": False,
        },
        "checks": {
            "positive_data_acceptance": {
                "expected-statuses": ["2xx", 401, 402, 403, 404, 409, 412, 413, 422, 429],
            },
            "negative_data_rejection": {
                "expected-statuses": [400, 401, 403, 404, 405, 413, 415, 429],
            },
            # These follow what one answer made into the next request: what one deletes is there for nobody else.
            "use_after_free": {"enabled": False},
            "ensure_resource_availability": {"enabled": False},
            "object_level_authorization": {"enabled": False},
        },
        "phases": {
            # The same server for everybody; nothing is learned from one test for the next.
            "fuzzing": {
                "extra-data-sources": {"responses": False},
                "error-feedback": {"enabled": False},
            },
            "coverage": {"extra-data-sources": {"responses": False}},
        },
    }
)


def _schema(name: str) -> Any:
    written = document(name, SERVICES[name].operations, version="0")
    return schemathesis.openapi.from_dict(json.loads(written), config=CONFIG)


@dataclass(frozen=True, slots=True)
class Known:
    """What exists, so that requests that fit find it."""

    ids: dict[str, int]
    spare_event_id: int
    stranger_id: int
    """A user that nothing else is asked as."""
    entry_token: str
    tokens: dict[str, str]
    """By access: what an operation demands."""


@pytest.fixture(scope="session")
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


@pytest.fixture(scope="session")
def known(platform: Stage) -> Known:
    """An event with a reservation, a payment and a ticket of one user."""
    event = platform.concert(capacity=1_000)
    client = platform.visitor()
    place = client.queue.wait_until_admitted(event.id, timeout_s=60)
    held = client.reservations.create(event.id, best_available=1)
    payment = client.payments.create(held, card_amount=held.total_price, pg_token=OK)
    client.reservations.wait_until_settled(held.id)
    ticket = client.tickets.list().page().items[0]
    secret = platform.folder.secret("notification-service")
    service = platform.client().raw(
        "POST",
        "auth",
        "/api/auth/service-token",
        json={"service": "notification", "secret": secret},
    )
    user, admin = client.credentials.token, platform.admin.credentials.token
    assert user is not None
    assert admin is not None
    assert place.entry_token is not None
    return Known(
        ids={
            "event_id": event.id,
            "reservation_id": held.id,
            "payment_id": payment.id,
            "ticket_id": ticket.id,
            "user_id": client.auth.me().id,
        },
        spare_event_id=platform.concert().id,
        stranger_id=platform.visitor().auth.me().id,
        entry_token=place.entry_token,
        tokens={"user": user, "admin": admin, "service": json.loads(service.body)["token"]},
    )


@pytest.mark.parametrize("name", NAMES)
def test_the_document_is_valid_and_the_one_served(platform: Stage, name: str):
    with urllib.request.urlopen(f"{platform.url(name)}/openapi.json") as answer:
        served = json.load(answer)
    assert list(OpenAPIV31SpecValidator(served).iter_errors()) == []
    version = served["info"]["version"]
    written = document(name, SERVICES[name].operations, version=version)
    assert served["paths"] == json.loads(written)["paths"]


@schemathesis.pytest.parametrize(**{name: _schema(name) for name in NAMES})
def test_answers_are_as_documented(
    case: schemathesis.Case, platform: Stage, known: Known, session: requests.Session
):
    name = case.operation.schema.raw_schema["info"]["title"].removeprefix("tiketi ")
    operation = OPERATIONS[f"{name} {case.operation.definition.raw['operationId']}"]
    headers = {}
    if operation.access != "public":
        headers["Authorization"] = f"Bearer {known.tokens[operation.access]}"
    if operation.name == "auth.logout_everywhere":
        headers["Authorization"] = f"Bearer {platform.visitor().credentials.token}"
    fits = case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE
    if fits:
        _aim(case, operation, known)
    if operation.name in SELF_DEFEATING and str(case.path_parameters["user_id"]).isdecimal():
        case.path_parameters["user_id"] = known.stranger_id
    excluded = []
    if operation.name in SHADOWED:
        excluded += [
            schemathesis.checks.allow_header_conformance,
            schemathesis.checks.unsupported_method,
        ]
    if operation.upload:
        # A file is a file: what is in it no schema says. tests/integration/event/test_images.py
        excluded.append(schemathesis.checks.negative_data_rejection)
        excluded.append(schemathesis.checks.positive_data_acceptance)
    if operation.conditional:
        # It makes tags without the quotes that belong to them.
        excluded.append(schemathesis.checks.positive_data_acceptance)
    if operation.name in JUDGED_ELSEWHERE:
        excluded.append(schemathesis.checks.positive_data_acceptance)
    case.call_and_validate(
        base_url=platform.url(name),
        session=session,
        headers=headers,
        excluded_checks=excluded,
    )


SELF_DEFEATING = {"auth.update_user", "auth.end_user_sessions"}
"""Would end the tokens that all other requests are sent with; aimed at somebody else instead."""


def _aim(case: schemathesis.Case, operation: AnyOperation, known: Known) -> None:
    """Put what exists into a request that fits."""
    # The wire has one spelling of an integer; for JSON Schema 2.0 is one too.
    if isinstance(case.body, dict):
        case.body = _with_integers(case.body)
    body = case.body if isinstance(case.body, dict) else {}
    if case.query:
        # Opaque: one takes it from the page before.
        case.query.pop("cursor", None)
    for place in (case.path_parameters, case.query, body):
        for name, value in known.ids.items():
            if place and name in place:
                place[name] = value
    if operation.name in {"events.cancel", "events.delete"}:
        # Not the one that the others are about.
        case.path_parameters["event_id"] = known.spare_event_id
    if operation.entry:
        case.headers[ENTRY_TOKEN] = known.entry_token
    if operation.idempotency != "none":
        # Keys that begin like another request's would be refused as reused, and rightly so.
        case.headers["Idempotency-Key"] = f"fits-{secrets.token_hex(8)}"
    if operation.name == "auth.rotate_keys":
        # Published and no more: the tests that forge tokens sign with the key there was.
        case.body = {"publish_ahead_s": 86_400}
    if operation.name == "events.create" and body:
        now = datetime.now(UTC)
        times = {"on_sale_at": 0, "sale_ends_at": 1, "starts_at": 2}
        body.update({n: (now + timedelta(days=d)).isoformat() for n, d in times.items()})


def _with_integers(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _with_integers(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_with_integers(part) for part in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
