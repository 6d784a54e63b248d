"""INVARIANTS.md names constructs and tests; none of them may have gone."""

from __future__ import annotations

import re

import pytest

from tests.users import REPOSITORY

_NAMED = re.compile(r"`([\w./-]+\.(?:py|sql|lua))(?:::(\w+))?`")
NAMED = sorted(set(_NAMED.findall((REPOSITORY / "INVARIANTS.md").read_text("utf-8"))))


@pytest.mark.parametrize(("path", "test"), NAMED)
def test_what_the_invariants_name_exists(path: str, test: str) -> None:
    file = REPOSITORY / path
    assert file.is_file()
    if test:
        assert re.search(rf"def {test}\(", file.read_text("utf-8"))


def test_every_invariant_names_a_construct_and_a_test() -> None:
    text = (REPOSITORY / "INVARIANTS.md").read_text("utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ") and "---" not in line]
    promises = [row for row in rows if not row.startswith("| never |")]
    assert len(promises) > 30
    for row in promises:
        _, never, because, seen, _ = (cell.strip() for cell in row.split("|"))
        assert never
        assert _NAMED.search(because), row
        assert seen.startswith("`tests/"), row
