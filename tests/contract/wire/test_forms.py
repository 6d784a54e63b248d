"""What a text must look like is said in words wherever it is refused, and under the name of its field."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from tiketi_platform.framework.problems import from_validation
from tiketi_sdk import codec
from tiketi_sdk.contract import auth, notification
from tiketi_sdk.contract.forms import shaped
from tiketi_sdk.contract.services import SERVICES
from tiketi_sdk.errors import InvalidRequestError

OPERATIONS = [operation for service in SERVICES.values() for operation in service.operations]


def patterns_in(schema):
    if isinstance(schema, dict):
        if isinstance(schema.get("pattern"), str):
            yield schema["pattern"]
        for each in schema.values():
            yield from patterns_in(each)
    elif isinstance(schema, list):
        for each in schema:
            yield from patterns_in(each)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_every_form_that_a_request_asks_for_has_words(operation):
    for pattern in patterns_in(operation.request.model_json_schema()):
        with pytest.raises(AssertionError, match="one wording"):  # it has another one already
            shaped(pattern, "no words for it")


@pytest.mark.parametrize(
    ("operation", "fields", "told"),
    [
        (auth.UPDATE_ME, {"phone": "010"}, "phone: should be 7 to 19 digits and dashes"),
        (auth.UPDATE_ME, {"name": " \u3000"}, "name: should be one line with something to read"),
        (auth.UPDATE_ME, {"profile_image": "/etc/passwd"}, "profile_image: should be an address"),
        (notification.REPLAY, {"ids": ("12",)}, "ids.0: should be the id of a dead letter"),
    ],
)
def test_a_refusal_speaks_in_words(operation, fields, told):
    with pytest.raises(InvalidRequestError) as refusal:
        codec.build(operation, fields)
    assert str(refusal.value.detail).startswith(told)
    with pytest.raises(ValidationError) as invalid:
        operation.request(**fields)
    body = from_validation(invalid.value, request_id="r").body
    assert isinstance(body, bytes)
    problem = json.loads(body)
    assert problem["detail"].startswith(told)
    assert problem["errors"][0]["field"] == told.partition(":")[0]
