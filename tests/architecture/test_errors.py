"""Every refusal of the domain is known to the contract's table of codes and explains itself."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

import tiketi_core
from tiketi_core.kernel.errors import DomainError
from tiketi_sdk.contract.codes import CODES


def _core_errors():
    for module in pkgutil.walk_packages(tiketi_core.__path__, "tiketi_core."):
        if module.name.rpartition(".")[2] in {"errors", "model", "rules", "ports"}:
            importlib.import_module(module.name)
    pending = [DomainError]
    while pending:
        for error in pending.pop().__subclasses__():
            pending.append(error)
            if error.__module__.startswith("tiketi_core."):
                yield error


ERRORS = sorted(set(_core_errors()), key=lambda e: (e.__module__, e.__name__))


@pytest.mark.parametrize("error", ERRORS, ids=lambda e: f"{e.__module__}.{e.__name__}")
def test_code_is_in_the_table(error):
    assert error.code in CODES


@pytest.mark.parametrize("error", ERRORS, ids=lambda e: f"{e.__module__}.{e.__name__}")
def test_error_says_what_it_means(error):
    assert (error.__dict__.get("__doc__") or "").strip()


@pytest.mark.parametrize("code", CODES)
def test_code_is_spelled_like_a_code(code):
    assert code == code.lower()
    assert code.replace("_", "").isalpha()
    assert 400 <= CODES[code].status <= 599
    assert CODES[code].title
