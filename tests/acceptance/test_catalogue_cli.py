"""An administrator keeps the catalogue at a terminal: events from files, news, images, all in Korean."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from PIL import Image

from tests.acceptance.stage import Stage
from tiketi_cli.app import main
from tiketi_sdk.contract.codes import CODES, Exit

Type = Callable[..., Any]
"""Types one command; answers its JSON, or what it said on stderr where it must fail."""

EVENT = """
title: 겨울밤의 콘서트 ❄
artist: 아이유
venue: KSPO Dome
description: |
  두 번째 밤 🎤
starts_at: 2037-12-24 19:00
on_sale_at: now
seats_per_user_max: 2
"""
MANY = """
events:
  - {key: 봄-%(word)s, title: 봄 %(word)s, artist: 싸이, venue: 잠실, starts_at: 2037-05-01 20:00, on_sale_at: 2037-04-01}
  - {title: 가을 %(word)s, artist: BTS, venue: 고척, starts_at: 2037-10-01 20:00, on_sale_at: 2037-09-01,
     sale_ends_at: 2037-09-30}
"""


@pytest.fixture
def type_(
    cli_environ: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Type:
    """The command line in this process: starting one for each command would take most of the time."""
    for name, value in cli_environ.items():
        monkeypatch.setenv(name, value)  # a command's settings are its environment
    monkeypatch.chdir(tmp_path)

    def _type(*arguments: object, status: int = 0) -> Any:
        capsys.readouterr()
        ended = main([*map(str, arguments), "--json"])
        captured = capsys.readouterr()
        assert ended == status, f"{arguments}: {captured.out}\n{captured.err}"
        return json.loads(captured.out) if status == 0 else captured.err

    return _type


def test_an_event_from_a_file_changed_and_cancelled(type_: Type, tmp_path: Path) -> None:
    (tmp_path / "event.yaml").write_text(EVENT, "utf-8")
    made = type_("events", "create", "--file", "event.yaml")
    assert (made["title"], made["status"]) == ("겨울밤의 콘서트 ❄", "on_sale")
    assert made["description"].strip() == "두 번째 밤 🎤"
    assert made["sale_ends_at"] == made["starts_at"]
    event_id = made["id"]
    assert type_("events", "create", "--file", "event.yaml")["id"] != event_id

    changed = type_("events", "update", event_id, "--venue", "고척스카이돔", "--version-seen", 1)
    assert (changed["venue"], changed["title"], changed["version"]) == (
        "고척스카이돔",
        made["title"],
        2,
    )
    refused = type_(
        "events", "update", event_id, "--title", "늦음", "--version-seen", 1,
        status=CODES["precondition_failed"].exit,
    )  # fmt: skip
    assert "Traceback" not in refused
    (tmp_path / "changes.yaml").write_text("title: 두 번째 제목\nseats_per_user_max: 4\n", "utf-8")
    changed = type_("events", "update", event_id, "--file", "changes.yaml")
    assert (changed["title"], changed["seats_per_user_max"]) == ("두 번째 제목", 4)
    assert type_("events", "show", event_id)["version"] == changed["version"] == 3

    cancelled = type_("events", "cancel", event_id, "--yes", "--reason", "태풍")
    assert (cancelled["status"], cancelled["cancel_reason"]) == ("cancelled", "태풍")
    type_("events", "cancel", 10**12, "--yes", status=CODES["event_not_found"].exit)


def test_an_import_made_twice_announces_once(platform: Stage, type_: Type, tmp_path: Path) -> None:
    word = f"축제{os.urandom(3).hex()}"
    file = tmp_path / "행사.yaml"
    file.write_text(MANY % {"word": word}, "utf-8")

    def announced() -> set[int]:
        return {event.id for event in platform.client().events.list(q=word)}

    assert len(type_("events", "import", file, "--dry-run")["items"]) == 2
    assert announced() == set()
    first = type_("events", "import", file)["items"]
    assert [event["title"] for event in first] == [f"봄 {word}", f"가을 {word}"]
    assert [event["id"] for event in type_("events", "import", file)["items"]] == [
        event["id"] for event in first
    ]
    assert announced() == {event["id"] for event in first}

    # What has a key may be corrected only where it stands.
    file.write_text((MANY % {"word": word}).replace("잠실", "상암"), "utf-8")
    said = type_("events", "import", file, status=CODES["idempotency_key_reused"].exit)
    assert "tiketi events update" in said
    assert announced() == {event["id"] for event in first}


def test_news_from_the_first_word_to_its_end(type_: Type) -> None:
    made = type_("news", "create", "예매 안내", "--body", "8시에 시작합니다 🎟", "--pin")
    news_id = made["id"]
    assert made["is_pinned"]
    assert news_id in {news["id"] for news in type_("news", "list")["items"]}
    changed = type_("news", "update", news_id, "--unpin", "--title", "정정: 예매 안내")
    shown = type_("news", "show", news_id)
    assert shown == changed
    assert (shown["title"], shown["body"], shown["is_pinned"]) == (
        "정정: 예매 안내",
        "8시에 시작합니다 🎟",
        False,
    )
    type_("news", "update", news_id, "--pin", "--version-seen", 1,
          status=CODES["precondition_failed"].exit)  # fmt: skip
    type_("news", "delete", news_id, "--yes")
    type_("news", "show", news_id, status=CODES["news_not_found"].exit)


def test_an_image_for_an_event(platform: Stage, type_: Type, tmp_path: Path) -> None:
    poster = tmp_path / "포스터.png"
    Image.linear_gradient("L").resize((900, 600)).save(poster)
    kept = type_("images", "upload", poster)
    assert (kept["width"], kept["height"], kept["content_type"]) == (900, 600, "image/png")
    assert [each["width"] for each in kept["variants"]] == [320, 800]
    event = platform.concert(title="포스터가 있는 공연")
    changed = type_("events", "update", event.id, "--image", kept["url"])
    assert changed["image_url"] == kept["url"]
    with urlopen(platform.url("event") + kept["url"]) as answer:
        assert answer.headers["Content-Type"] == "image/png"
        assert len(answer.read()) == kept["bytes_count"]
    (tmp_path / "그림.txt").write_text("그림이 아님", "utf-8")
    type_("images", "upload", "그림.txt", status=CODES["image_invalid"].exit)
    type_("images", "upload", "없음.png", status=Exit.USAGE)


def test_a_picture_of_oneself(platform: Stage, type_: Type, tmp_path: Path) -> None:
    photo = tmp_path / "나.jpg"
    Image.linear_gradient("L").resize((900, 600)).save(photo)
    me = type_("auth", "update", "--image", photo)
    with urlopen(platform.url("event") + me["profile_image"]) as answer:
        assert answer.headers["Content-Type"] == "image/jpeg"
    assert type_("auth", "update", "--picture", "")["profile_image"] is None
    type_("auth", "update", "--image", "없음.jpg", status=Exit.USAGE)
    type_("auth", "update", "--image", photo, "--picture", "", status=Exit.USAGE)
