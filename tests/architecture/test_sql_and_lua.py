"""SQL and Lua live in files of their own, and each opens with its contract."""

from __future__ import annotations

import re

import pytest

from tests.architecture.tree import ROOT, name_of, product_files, strings

# A statement at the start of a line, in capitals or in small letters; prose begins with one capital.
_STATEMENTS = (
    r"SELECT\s+\S",
    r"INSERT\s+INTO\s",
    r"UPDATE\s+\S+\s+SET\s",
    r"DELETE\s+FROM\s",
    r"WITH\s+\w+\s+AS\s*\(",
    r"(?:CREATE|ALTER|DROP)\s+(?:TABLE|SCHEMA|ROLE|DATABASE|FUNCTION|INDEX|TYPE|EXTENSION)\s",
    r"(?:GRANT|REVOKE)\s.+\s(?:ON|TO|FROM)\s",
    r"SET\s+(?:LOCAL|SESSION|ROLE)\s",
    r"TRUNCATE\s",
)
SQL = re.compile(
    r"(?m)^\s*(?:" + "|".join((*_STATEMENTS, r"select\s+.+\sfrom\s", r"insert\s+into\s")) + ")"
)
LUA = re.compile(r"\bredis\.(?:p?call|error_reply|status_reply)\s*\(|\bKEYS\s*\[\s*\d")


@pytest.mark.parametrize("path", product_files(".py"), ids=name_of)
def test_python_strings_hold_no_sql_and_no_lua(path):
    found = [
        f"line {line}: {text.strip()[:60]!r}"
        for line, text in strings(path)
        if SQL.search(text) or LUA.search(text)
    ]
    assert found == []


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1",
        "\n  UPDATE seats SET state = 1",
        "insert into seats values (1)",
        "return redis.call('GET', KEYS[1])",
    ],
)
def test_the_heuristic_sees_what_it_is_for(text):
    assert SQL.search(text) or LUA.search(text)


@pytest.mark.parametrize(
    "text", ["Select a seat from the map", "Update your profile", "selected from"]
)
def test_the_heuristic_lets_prose_pass(text):
    assert not SQL.search(text)
    assert not LUA.search(text)


def _header(path, mark):
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith(mark):
            break
        lines.append(line.removeprefix(mark).strip())
    return " ".join(lines)


LUA_FOLDER = ROOT / "platform" / "tiketi_platform" / "adapters" / "redis" / "lua"


def _contract(path):
    """The head comment, with those of the fragments that it includes."""
    header = _header(path, "--")
    included = re.findall(r"include: (\S+)", header)
    return " ".join([header, *(_contract(LUA_FOLDER / name) for name in included)])


@pytest.mark.parametrize(
    "path", [p for p in product_files(".lua") if not p.name.startswith("_")], ids=name_of
)
def test_every_script_opens_with_its_contract(path):
    """KEYS and ARGV that a whole group shares may be told once, in the fragment it includes."""
    contract = _contract(path)
    missing = [word for word in ("KEYS", "ARGV") if word not in contract]
    missing += [] if re.search(r"\b[Rr]eturns\b", _header(path, "--")) else ["Returns"]
    assert missing == [], "the head comment says what goes in and what comes out"


@pytest.mark.parametrize(
    "path", [p for p in product_files(".lua") if p.name.startswith("_")], ids=name_of
)
def test_every_fragment_opens_with_a_sentence(path):
    assert len(_header(path, "--").split()) >= 4


@pytest.mark.parametrize("path", product_files(".sql"), ids=name_of)
def test_every_sql_file_opens_with_a_sentence(path):
    assert len(_header(path, "--").split()) >= 4


@pytest.mark.parametrize("path", product_files(".sql"), ids=name_of)
def test_every_named_query_has_a_sentence(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    bare = [
        line
        for line, following in zip(lines, [*lines[1:], ""], strict=True)
        if line.startswith("-- name:") and not re.match(r"-- \S+ \S+", following)
    ]
    assert bare == []
