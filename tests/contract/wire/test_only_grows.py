"""What crosses the wire only grows: whoever spoke to the platform yesterday can speak to it today.

A change that adds is recorded by `python -m tools.wire_shapes --write`; a change that takes away fails here.
"""

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tools.wire_shapes import GOLDEN, shapes

Json = dict[str, Any]


def broken(before: Json, now: Json) -> Iterator[str]:
    """What of yesterday does not hold today."""
    for part in ("operations", "messages", "codes"):
        for name, was in before[part].items():
            if now[part].get(name) != was:
                yield f"{part}: {name} was {was}, is {now[part].get(name)}"
    for name, was in before["structs"].items():
        yield from _broken_struct(name, was, now["structs"].get(name))


def _broken_struct(name: str, was: Json, now: Json | None) -> Iterator[str]:
    if now is None:
        yield f"{name} is gone"
        return
    for field, shape in was["fields"].items():
        if field not in now["fields"]:
            yield f"{name}.{field} is gone"
        elif now["fields"][field]["type"] != shape["type"] and not _widened(
            shape, now["fields"][field]
        ):
            yield f"{name}.{field} was {shape['type']}, is {now['fields'][field]['type']}"
    if was["is_request"]:
        for field, shape in now["fields"].items():
            if shape["required"] and not was["fields"].get(field, {"required": False})["required"]:
                yield f"{name}.{field} is newly required"


def _widened(was: Json, now: Json) -> bool:
    # A longer list of literals: every value of yesterday is still one.
    literals = "typing.Literal["
    if not (was["type"].startswith(literals) and now["type"].startswith(literals)):
        return False
    return set(_values(was["type"])) <= set(_values(now["type"]))


def _values(literal: str) -> list[str]:
    return literal.removeprefix("typing.Literal[").removesuffix("]").split(", ")


def golden() -> Json:
    loaded: Json = json.loads(GOLDEN.read_text(encoding="utf-8"))
    return loaded


def test_nothing_was_taken_away() -> None:
    assert list(broken(golden(), shapes())) == []


def test_what_was_added_is_recorded() -> None:
    assert golden() == shapes(), "run: python -m tools.wire_shapes --write"


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s["structs"].pop("auth.User"),
        lambda s: s["structs"]["auth.User"]["fields"].pop("email"),
        lambda s: s["structs"]["auth.User"]["fields"]["id"].update(type="<class 'str'>"),
        lambda s: s["structs"]["auth.LoginRequest"]["fields"].update(
            pin={"type": "int", "required": True}
        ),
        lambda s: s["operations"].pop("queue.enter"),
        lambda s: s["operations"]["queue.enter"].update(path="/elsewhere"),
        lambda s: s["messages"].pop("payment.completed"),
        lambda s: s["codes"]["sold_out"].update(status=400),
    ],
)
def test_each_way_of_taking_away_is_seen(change: Callable[[Json], object]) -> None:
    now = copy.deepcopy(golden())
    change(now)
    assert list(broken(golden(), now))
