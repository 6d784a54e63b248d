"""Writes a service's OpenAPI 3.1 document out of the contract; there is nothing else to keep in step."""

import ast
import inspect
import re
from collections.abc import Iterable, Sequence
from functools import cache
from types import ModuleType
from typing import Any

import orjson
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from tiketi_sdk.contract.codes import CODES
from tiketi_sdk.contract.operation import (
    ENTRY_TOKEN,
    IDEMPOTENCY_KEY,
    IF_MATCH,
    REQUEST_ID,
    Operation,
)
from tiketi_sdk.contract.problem import PROBLEM_TYPE, Problem

AnyOperation = Operation[Any, Any]
Json = dict[str, Any]
_REF = "#/components/schemas/{model}"


def document(service: str, operations: Sequence[AnyOperation], *, version: str) -> bytes:
    """The document as JSON."""
    modes: list[tuple[type[BaseModel], Any]] = [(Problem, "serialization")]
    for operation in operations:
        modes += [(operation.request, "validation"), (operation.response, "serialization")]
    refs, schemas = models_json_schema(list(dict.fromkeys(modes)), ref_template=_REF)
    definitions: Json = schemas.get("$defs", {})
    _describe(definitions, [model for model, _ in modes])
    paths: Json = {}
    for operation in operations:
        request = definitions[_name(refs[operation.request, "validation"])]
        response = refs[operation.response, "serialization"]
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(
            operation, request, response
        )
    return orjson.dumps(
        {
            "openapi": "3.1.0",
            "info": {"title": f"tiketi {service}", "version": version},
            "paths": paths,
            "components": {
                "schemas": definitions,
                "securitySchemes": {
                    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
                },
            },
        }
    )


def _operation(operation: AnyOperation, request: Json, response: Json) -> Json:
    path_names = re.findall(r"{(\w+)}", operation.path)
    described: Json = {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": [*_parameters(operation, request, path_names), *_headers(operation)],
        "responses": {
            str(operation.status): {
                "description": "Success.",
                "headers": {REQUEST_ID: {"schema": {"type": "string"}}},
                "content": _media(operation, response),
            },
            **_problems(operation.all_errors),
        },
    }
    if operation.access != "public":
        described["security"] = [{"bearer": []}]
    if operation.has_body:
        described["requestBody"] = {
            "required": bool(set(request.get("required", [])) - set(path_names)),
            "content": {
                "multipart/form-data" if operation.upload else "application/json": {
                    "schema": _body(request, path_names)
                }
            },
        }
    return described


def _media(operation: AnyOperation, response: Json) -> Json:
    if operation.media is None:
        return {"application/json": {"schema": response}}
    return {operation.media: {"schema": {"type": "string", "format": "binary"}}}


def _parameters(operation: AnyOperation, request: Json, path_names: list[str]) -> list[Json]:
    names = path_names if operation.has_body else list(request.get("properties", {}))
    required = set(request.get("required", []))
    return [
        {
            "name": name,
            "in": "path" if name in path_names else "query",
            "required": name in path_names or name in required,
            "schema": _without_null(request["properties"][name]),
        }
        for name in names
    ]


def _headers(operation: AnyOperation) -> list[Json]:
    # Spaces may stand in it; those around it are no part of a header.
    text: Json = {"type": "string", "minLength": 1, "pattern": "^[!-~][ -~]*$"}
    headers: list[Json] = []
    if operation.entry:
        headers.append(
            {
                "name": ENTRY_TOKEN,
                "in": "header",
                "required": True,
                "schema": {**text, "maxLength": 4096},
            }
        )
    if operation.idempotency != "none":
        required = operation.idempotency == "required"
        headers.append(
            {
                "name": IDEMPOTENCY_KEY,
                "in": "header",
                "required": required,
                "schema": {**text, "maxLength": 200},
            }
        )
    if operation.conditional:
        headers.append(
            {
                "name": IF_MATCH,
                "in": "header",
                "required": False,
                "schema": {"type": "string", "pattern": r'^("[0-9]{1,18}(-[0-9a-f]+)?"|\*)$'},
            }
        )
    return headers


def _body(request: Json, path_names: list[str]) -> Json:
    return {
        **request,
        "properties": {
            k: v for k, v in request.get("properties", {}).items() if k not in path_names
        },
        "required": [name for name in request.get("required", []) if name not in path_names],
    }


def _without_null(schema: Json) -> Json:
    # A query parameter is left out, never null.
    options = [option for option in schema.get("anyOf", ()) if option != {"type": "null"}]
    if len(options) != 1:
        return schema
    rest = {key: value for key, value in schema.items() if key not in {"anyOf", "default"}}
    return {**rest, **options[0]}


def _problems(codes: Iterable[str]) -> Json:
    by_status: dict[int, list[str]] = {}
    for code in codes:
        by_status.setdefault(CODES[code].status, []).append(code)
    by_status.setdefault(404, []).append("not_found")
    return {
        str(status): {
            "description": ", ".join(dict.fromkeys(names)),
            "content": {PROBLEM_TYPE: {"schema": {"$ref": _REF.format(model="Problem")}}},
        }
        for status, names in sorted(by_status.items())
    }


def _name(ref: Json) -> str:
    return str(ref["$ref"]).rpartition("/")[2]


def _describe(definitions: Json, models: Sequence[type[BaseModel]]) -> None:
    """Give each field the docstring that stands below it in the contract's source."""
    for module in {inspect.getmodule(model) for model in models}:
        if module is None:
            continue
        for class_name, fields in _docstrings(module).items():
            properties = definitions.get(class_name, {}).get("properties", {})
            for field, text in fields.items():
                if field in properties:
                    properties[field].setdefault("description", text)


@cache
def _docstrings(module: ModuleType) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.ClassDef):
            found[node.name] = dict(_field_docstrings(node))
    return found


def _field_docstrings(node: ast.ClassDef) -> Iterable[tuple[str, str]]:
    for field, after in zip(node.body, node.body[1:], strict=False):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(after, ast.Expr)
            and isinstance(after.value, ast.Constant)
            and isinstance(after.value.value, str)
        ):
            yield field.target.id, inspect.cleandoc(after.value.value)
