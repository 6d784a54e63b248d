"""The page stands alone, the terminal says the same, and the verdict follows from what was found."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from tests.unit.stampede.made import AUDIT, document, results
from tiketi_sdk.stampede.report import page, terminal
from tiketi_sdk.stampede.report.charts import ticks
from tiketi_sdk.stampede.report.document import duration
from tiketi_sdk.stampede.report.terminal import spark
from tiketi_sdk.stampede.results import Progress, Results

FOUND = {
    **AUDIT,
    "passed": False,
    "findings_count": 1,
    "checks": [
        {
            **AUDIT["checks"][0],
            "passed": False,
            "findings": [{"summary": "seat 4 twice", "rows": []}],
        }
    ],
}


class Tags(HTMLParser):
    """Checks that what is opened is closed."""

    VOID = frozenset({"meta", "br", "hr"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_startendtag(self, tag, attrs):
        self.seen.add(tag)


def shown(made) -> str:
    out = io.StringIO()
    Console(width=160, file=out).print(terminal(made))
    return out.getvalue()


def test_the_page_is_whole_and_asks_for_nothing_from_outside():
    text = page(document())
    seen = Tags(text).seen
    assert {"svg", "table", "style"} <= seen
    assert not {"script", "link", "img", "iframe"} & seen
    assert not re.search(r"https?:|url\(|@import|src=|href=", text)


def test_what_people_typed_is_no_markup():
    text = page(document())
    assert "<콘서트>" not in text
    assert "가을밤 &lt;콘서트&gt;" in text


def test_each_chart_is_an_image_with_a_name():
    drawings = re.findall(r"<svg.*?</svg>", page(document()), re.DOTALL)
    assert len(drawings) >= 5
    for drawing in drawings:
        root = ET.fromstring(drawing)
        assert root.get("role") == "img"
        assert root.get("aria-label")
        assert "nan" not in drawing


def test_a_good_run_is_told_as_one():
    made = document()
    assert made.passed
    assert made.verdict == "sold 80 / 80 · audit: 1 checks, no finding"
    assert made.verdict in page(made)
    assert "seats.sold_once" in shown(made)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"audit": FOUND}, ["seat 4 twice"]),
        ({"audit": {**AUDIT, "settled": False}}, ["not settled", "has not seen the end"]),
        ({"doubts": ("visits started late",)}, ["visits started late", "not trusted"]),
        (
            {"results": replace(results(), unexpected={"payments.create": {"internal": 2}})},
            ["payments.create", "internal"],
        ),
    ],
)
def test_a_bad_run_is_told_as_one(changes, words):
    made = document(**changes)
    assert not made.passed
    for text in (page(made), shown(made)):
        for word in words:
            assert word.lower() in text.lower()


def test_a_run_without_an_audit_says_so():
    made = document(audit=None)
    assert made.verdict.endswith("not audited")
    Tags(page(made))
    shown(made)


def test_a_run_that_saw_nothing_is_still_a_page():
    nothing = replace(results(), steps=(), felt=(), timeline=(Progress(at_s=0),), outcomes={})
    made = document(results=nothing)
    Tags(page(made))
    shown(made)


def test_everything_is_there_for_programs():
    raw = json.loads(json.dumps(document().to_json()))
    assert raw["verdict"]
    assert Results.from_json(raw["results"]) == results()


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0.42, "0.4 ms"),
        (12.3, "12 ms"),
        (1_240, "1.24 s"),
        (12_400, "12.4 s"),
        (125_000, "2 min 05 s"),
    ],
)
def test_durations_have_the_unit_one_thinks_in(milliseconds, text):
    assert duration(milliseconds) == text


def test_ticks_are_round_and_few():
    assert ticks(1_250) == [0, 250, 500, 750, 1_000, 1_250]
    assert ticks(0) == [0]
    assert ticks(7.3) == [0, 2, 4, 6]


def test_a_sparkline_fits_and_peaks_at_the_most():
    assert spark([]) == ""
    assert spark([0, 1, 2, 4, 8])[-1] == "█"
    assert len(spark(list(range(500)), 40)) == 40
