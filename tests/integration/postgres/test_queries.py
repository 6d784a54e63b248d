"""queries.sql files: what is wrong with one is said when it is read, and every statement is true."""

import pytest

from tests.engines import Database
from tiketi_platform.adapters.postgres.bootstrap import SERVICES
from tiketi_platform.adapters.postgres.migrate import migrate
from tiketi_platform.adapters.postgres.pool import dedicated
from tiketi_platform.adapters.postgres.queries import SQL_FOLDER, Queries, QueriesError

_GOOD = """-- Head of the file.

-- name: one
-- The first of two.
-- It goes on.
SELECT 1;

-- name: two
-- The second.
SELECT 2
-- with a remark
FROM nowhere;
"""


def test_statements_are_read_by_name():
    queries = Queries("good", _GOOD)
    assert dict(queries) == {"one": "SELECT 1", "two": "SELECT 2\nFROM nowhere"}
    with pytest.raises(KeyError, match="no query 'three' in good; there are: one, two"):
        queries["three"]


@pytest.mark.parametrize(
    "text,complaint",
    [
        ("SELECT 1;", "SQL before the first"),
        (_GOOD + _GOOD, "two queries are named one"),
        ("-- name: one\nSELECT 1;", "no sentence"),
        ("-- name: one\n-- Nothing.\n", "no statement"),
        ("-- name: one two\n-- Sentence.\nSELECT 1", "is no name"),
    ],
)
def test_a_bad_file_is_refused(text, complaint):
    with pytest.raises(QueriesError, match=complaint):
        Queries("bad", text)


def test_a_missing_file_is_refused():
    with pytest.raises(QueriesError, match="no file sql/nothing"):
        Queries.load("nothing")


def _slices_with_queries() -> list[str]:
    return [name for name in SERVICES if (SQL_FOLDER / name / "queries.sql").exists()]


async def test_every_statement_fits_its_migrated_schema(postgres: Database):
    for service in _slices_with_queries():
        await migrate(postgres.dsn(service), service, phase="post")
        async with dedicated(postgres.dsn(service), service) as connection:
            for part in ("migrate", "messaging", service):
                for statement in Queries.load(part).values():
                    await connection.prepare(statement)
