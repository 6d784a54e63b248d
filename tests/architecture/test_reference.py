"""The generated reference leaves nothing out; whether the page is up to date is for `make check` to say."""

from __future__ import annotations

from tiketi_cli.table import COMMANDS
from tiketi_sdk.contract.codes import CODES
from tiketi_sdk.contract.messages import MESSAGES
from tiketi_sdk.contract.services import SERVICES
from tools.reference import TARGET, reference


def test_the_reference_names_everything() -> None:
    text = reference()
    assert [words for words in COMMANDS if f"#### `tiketi {words} " not in text] == []
    operations = [each for service in SERVICES.values() for each in service.operations]
    assert [each.name for each in operations if f"`{each.method} {each.path}`" not in text] == []
    assert [name for name in (*CODES, *MESSAGES) if f"| `{name}` |" not in text] == []
    assert TARGET.exists()
