"""The resources cover the contract, and both clients have the same face."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from tiketi_sdk import AsyncTiketi, Tiketi
from tiketi_sdk.contract import (
    auth,
    auth_accounts,
    auth_google,
    auth_keys,
    backlog,
    event,
    images,
    news,
    notification,
    payment,
    queue,
    reservation,
)
from tiketi_sdk.contract.operation import Operation
from tiketi_sdk.contract.services import SERVICES

MODULES = (
    auth,
    auth_accounts,
    auth_google,
    auth_keys,
    backlog,
    event,
    images,
    news,
    notification,
    payment,
    queue,
    reservation,
)
NOT_FOR_CLIENTS = {
    "auth.revocations": "services read it beside their requests",
    "auth.service_token": "services trade their secret through the codec",
    "payments.webhook": "the card company calls it",
}


def _mentioned():
    import tiketi_sdk.resources

    found = set()
    for path in Path(tiketi_sdk.resources.__path__[0]).glob("*.py"):
        module = __import__(f"tiketi_sdk.resources.{path.stem}", fromlist=["_"])
        text = path.read_text("utf-8")
        for alias, value in vars(module).items():
            if value in MODULES:
                found |= {
                    operation.name
                    for name, operation in vars(value).items()
                    if isinstance(operation, Operation) and f"{alias}.{name}" in text
                }
    return found


def test_each_operation_has_a_method_or_a_reason():
    operations = {each.name for service in SERVICES.values() for each in service.operations}
    assert operations - _mentioned() == NOT_FOR_CLIENTS.keys()


def _methods(client):
    resources = {"client": client} | {
        name: value for name, value in vars(client).items() if "resources" in type(value).__module__
    }
    return {
        f"{resource}.{name}": method
        for resource, value in resources.items()
        for name, method in inspect.getmembers(value, inspect.ismethod)
        if not name.startswith("__a") and name not in {"__enter__", "__exit__"}
    }


@pytest.fixture
async def faces():
    async with AsyncTiketi() as one:
        with Tiketi() as other:
            yield _methods(one), _methods(other)


async def test_both_clients_have_the_same_face(faces):
    one, other = faces
    assert one.keys() == other.keys()
    for name, method in one.items():
        theirs = inspect.signature(other[name]).parameters
        assert list(inspect.signature(method).parameters) == list(theirs), name


async def test_methods_take_at_most_two_parameters_by_place(faces):
    for name, method in faces[0].items():
        if name in {"client.call", "client.raw"} or name.partition(".")[2].startswith("_"):
            continue
        kinds = [each.kind for each in inspect.signature(method).parameters.values()]
        by_place = [kind for kind in kinds if kind is inspect.Parameter.POSITIONAL_OR_KEYWORD]
        assert len(by_place) <= 2, name


async def test_each_method_says_what_it_does(faces):
    for name, method in faces[0].items():
        if not name.partition(".")[2].startswith("_"):
            assert inspect.getdoc(method), name
