"""Databases without tables: roles and rights are tried with the tests' own."""

import pytest

from tests.engines import Database


@pytest.fixture
def postgres(bare_postgres: Database) -> Database:
    return bare_postgres
