"""A draw from gathering to proof: real people, the public receipt, the command that repeats it, and forgeries."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.stage import Stage, patiently
from tiketi_sdk.contract.codes import Exit
from tiketi_sdk.contract.queue import Draw, Place, Policy
from tiketi_sdk.draw import order
from tiketi_sdk.errors import DrawNotFoundError, InvalidRequestError, NotOnSaleError, TooEarlyError

PEOPLE_COUNT = 12


@dataclass(frozen=True, slots=True)
class Drawn:
    """A draw that was held."""

    event_id: int
    commitment: str
    """As the first who gathered noted it."""
    draw_ids: tuple[str, ...]
    """Of those who gathered, in the order they came."""
    receipt: Draw


@pytest.fixture(scope="module")
def drawn(platform: Stage) -> Drawn:
    later = datetime.now(UTC) + timedelta(hours=1)
    event = platform.concert(capacity=3, on_sale_at=later)
    platform.admin.queue.set_policy(event.id, opens_at=later)
    people = platform.visitors(PEOPLE_COUNT)
    places = [each.queue.enter(event.id) for each in people]
    assert {place.state for place in places} == {"gathered"}
    commitment, draw_ids = places[0].draw_commitment, tuple(_own(place) for place in places)
    assert commitment is not None
    assert len(set(draw_ids)) == PEOPLE_COUNT
    with pytest.raises(DrawNotFoundError):
        platform.client().queue.draw(event.id)
    soon = datetime.now(UTC) + timedelta(seconds=1)
    platform.admin.events.update(event.id, on_sale_at=soon)
    patiently(lambda: _moved(platform, event.id, soon))
    receipt = patiently(lambda: _receipt(platform, event.id))
    # However long the draw took here: a line that says nothing at all would be taken for cut off.
    with suppress(TooEarlyError):
        people[0].queue.heartbeat(event.id)
    patiently(lambda: platform.admin.queue.stats(event.id).admitted_count == 3)
    late = patiently(lambda: _late(platform, event.id))
    assert (
        late.position == PEOPLE_COUNT - 3 + 1
    )  # behind all who were drawn, three of whom are inside
    return Drawn(event.id, commitment, draw_ids, receipt)


def _own(place: Place) -> str:
    assert place.draw_id is not None
    return place.draw_id


def _moved(platform: Stage, event_id: int, opens_at: datetime) -> Policy | None:
    """The policy with another moment, as soon as the queue has heard that the sale begins by then."""
    try:
        return platform.admin.queue.set_policy(event_id, opens_at=opens_at)
    except InvalidRequestError:
        return None


def _receipt(platform: Stage, event_id: int) -> Draw | None:
    try:
        return platform.client().queue.draw(event_id)
    except DrawNotFoundError:
        return None


def _late(platform: Stage, event_id: int) -> Place | None:
    """Somebody who comes after the draw, as soon as the queue has heard that the sale is on."""
    try:
        return platform.visitors(1)[0].queue.enter(event_id)
    except NotOnSaleError:
        return None


def verify(
    environ: dict[str, str], folder: Path, *arguments: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tiketi_cli", "queue", "verify", *arguments],
        env=environ,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_draw_is_proved_by_its_receipt(drawn: Drawn, cli_environ: dict[str, str], tmp_path: Path):
    assert sorted(drawn.receipt.draw_ids) == sorted(drawn.draw_ids)
    ended = verify(
        cli_environ, tmp_path, str(drawn.event_id), "--save", "receipt.json", "--json",
        "--commitment", drawn.commitment, "--draw-id", drawn.draw_ids[4],
    )  # fmt: skip
    assert ended.returncode == Exit.OK, ended.stderr
    told = json.loads(ended.stdout)
    assert told["passed"]
    assert all(check["passed"] for check in told["checks"])
    number = drawn.receipt.draw_ids.index(drawn.draw_ids[4]) + 1
    assert told["checks"][-1]["detail"].endswith(f"drew number {number}")


def test_the_saved_receipt_is_proved_without_the_platform(
    drawn: Drawn, cli_environ: dict[str, str], tmp_path: Path
):
    (tmp_path / "receipt.json").write_text(drawn.receipt.model_dump_json(), encoding="utf-8")
    nowhere = {
        name: "http://127.0.0.1:9" if name.startswith("TIKETI_URL") else value
        for name, value in cli_environ.items()
    }
    ended = verify(nowhere, tmp_path, "receipt.json", "--commitment", drawn.commitment)
    assert ended.returncode == Exit.OK, ended.stderr
    assert "WRONG" not in ended.stdout


def _swapped(raw: dict[str, Any]) -> None:
    ids = raw["draw_ids"]
    ids[0], ids[-1] = ids[-1], ids[0]


def _dropped(raw: dict[str, Any]) -> None:
    raw["draw_ids"].pop()


def _reseeded(raw: dict[str, Any]) -> None:
    """Another seed, chosen after seeing the list, and the order made to follow from it."""
    raw["seed"] = "ab" * 32
    raw["draw_ids"] = order(bytes.fromhex(raw["seed"]), tuple(raw["draw_ids"]))


@pytest.mark.parametrize(
    ("forge", "wrong"),
    [
        (_swapped, "order"),
        (_dropped, "list"),
        (_reseeded, "commitment"),
    ],
)
def test_a_forged_receipt_is_refused(
    drawn: Drawn,
    cli_environ: dict[str, str],
    tmp_path: Path,
    forge: Callable[[dict[str, Any]], None],
    wrong: str,
):
    raw = drawn.receipt.model_dump(mode="json")
    forge(raw)
    (tmp_path / "forged.json").write_text(json.dumps(raw), encoding="utf-8")
    ended = verify(cli_environ, tmp_path, "forged.json", "--json")
    assert ended.returncode == Exit.FINDINGS, ended.stderr
    failed = [check["name"] for check in json.loads(ended.stdout)["checks"] if not check["passed"]]
    assert failed == [wrong]


def test_another_commitment_than_the_one_noted_is_refused(
    drawn: Drawn, cli_environ: dict[str, str], tmp_path: Path
):
    ended = verify(cli_environ, tmp_path, str(drawn.event_id), "--commitment", "5f" * 32)
    assert ended.returncode == Exit.FINDINGS
    assert "WRONG" in ended.stdout


def test_a_stranger_is_not_in_the_list(drawn: Drawn, cli_environ: dict[str, str], tmp_path: Path):
    ended = verify(cli_environ, tmp_path, str(drawn.event_id), "--draw-id", "0" * 32)
    assert ended.returncode == Exit.FINDINGS
    assert "is not in the list" in ended.stdout


def test_what_is_no_receipt_is_told(cli_environ: dict[str, str], tmp_path: Path):
    (tmp_path / "other.json").write_text("{}", encoding="utf-8")
    assert verify(cli_environ, tmp_path, "other.json").returncode == Exit.USAGE
    assert verify(cli_environ, tmp_path, "absent.json").returncode == Exit.USAGE


def test_an_event_without_a_draw_is_told(
    platform: Stage, cli_environ: dict[str, str], tmp_path: Path
):
    event = platform.concert()
    assert verify(cli_environ, tmp_path, str(event.id)).returncode == Exit.NOT_FOUND
