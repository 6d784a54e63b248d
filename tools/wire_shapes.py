"""Prints every struct of the wire as plain data: `python -m tools.wire_shapes --write` renews the golden file.

Structs only grow: tests/contract/wire compares what is there with the golden file, and refuses removals.
"""

import argparse
import json
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, TypeAlias

from tiketi_sdk import contract
from tiketi_sdk.contract.codes import CODES
from tiketi_sdk.contract.messages import MESSAGES
from tiketi_sdk.contract.operation import Operation, Request, Wire

GOLDEN = Path(__file__).resolve().parent.parent / "tests" / "contract" / "wire" / "golden.json"
Json: TypeAlias = dict[str, Any]


def shapes() -> Json:
    """Structs, operations, messages and codes by name."""
    structs: Json = {}
    operations: Json = {}
    for info in iter_modules(contract.__path__):
        module = import_module(f"{contract.__name__}.{info.name}")
        for value in vars(module).values():
            if isinstance(value, Operation):
                operations[value.name] = _operation(value)
            elif _is_struct(value) and value.__module__ == module.__name__:
                structs[f"{info.name}.{value.__name__}"] = _struct(value)
    codes = {code: {"status": row.status, "exit": int(row.exit)} for code, row in CODES.items()}
    messages = {name: payload.__name__ for name, payload in MESSAGES.items()}
    return {"structs": structs, "operations": operations, "messages": messages, "codes": codes}


def _is_struct(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, Wire) and value not in {Wire, Request}


def _struct(model: type[Wire]) -> Json:
    return {
        "is_request": issubclass(model, Request),
        "fields": {
            name: {"type": str(info.annotation), "required": info.is_required()}
            for name, info in model.model_fields.items()
        },
    }


def _operation(operation: Operation[Any, Any]) -> Json:
    return {
        "method": operation.method,
        "path": operation.path,
        "request": operation.request.__name__,
        "response": operation.response.__name__,
        "access": operation.access,
        "status": operation.status,
    }


def main() -> int:
    """Print the shapes, or write them over the golden file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="renew the golden file")
    text = json.dumps(shapes(), indent=1, sort_keys=True) + "\n"
    if parser.parse_args().write:
        GOLDEN.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
