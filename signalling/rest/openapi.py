"""The OpenAPI 3.1 document of `/api/v1`, built from the operations that the server carries out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode

from signalling.access import Rule
from signalling.people.door import CSRF_HEADER, SAFE_METHODS
from signalling.rest import idempotency
from signalling.rest.operation import ROOT, Nothing, Operation

_SCHEMAS = "#/components/schemas/{model}"
_ID = {"type": "string", "pattern": "^[0-9A-Za-z]{1,16}$"}
_OTHER = {
    "room": {"type": "string", "pattern": "^[0-9A-Za-z_-]{1,64}$"},
    "token": {"type": "string", "pattern": "^[0-9A-Za-z_-]{1,128}$"},
}
"""Parameters of paths that are no ids of the database."""
_PARAMETER = re.compile(r"{(\w+)(?::[^{}]*)?}")
_SECURITY: dict[Rule, list[dict[str, list[str]]]] = {
    Rule.PUBLIC: [],
    Rule.STRANGER: [],
    Rule.TOKEN: [{"room_token": []}],
    Rule.PERSON: [{"signed_in": []}],
    Rule.DEVICE: [{"device_key": []}],
}
_PROBLEM = {
    "type": "object",
    "description": "RFC 9457. `code` is stable; `detail` is a sentence that says what to do.",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        **{name: {"type": "string"} for name in ("type", "title", "detail", "code")},
        "status": {"type": "integer"},
    },
}


def document(operations: Iterable[Operation], version: str, cookie: str) -> dict[str, Any]:
    """:param cookie: the name of the session's cookie."""
    operations = list(operations)
    schemas = _Schemas(operations)
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        path = _PARAMETER.sub(r"{\1}", operation.path)
        paths.setdefault(ROOT + path, {})[operation.method.lower()] = _operation(operation, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tongke",
            "version": version,
            "description": "Bookings, lessons, people and places. Instants are seconds since 1970, days are ISO dates, "
            f"times of day are minutes after midnight. Whoever changes something sends {CSRF_HEADER} as `me` says it.",
        },
        "paths": paths,
        "components": {
            "schemas": {**schemas.definitions, "Problem": _PROBLEM},
            "securitySchemes": {
                "signed_in": {"type": "apiKey", "in": "cookie", "name": cookie},
                "room_token": {"type": "http", "scheme": "bearer"},
                "device_key": {"type": "http", "scheme": "bearer"},
            },
        },
    }


class _Schemas:
    """Schemas of all bodies, parameters and answers, each model once."""

    def __init__(self, operations: list[Operation]) -> None:
        inputs: list[tuple[Any, JsonSchemaMode, Any]] = []
        for operation in operations:
            body, query = operation.takes
            inputs += [
                ((operation.id, name), "validation", model.__pydantic_core_schema__)
                for name, model in (("body", body), ("query", query))
                if model is not Nothing
            ]
            if operation.answers is not None:
                inputs.append(((operation.id, "answer"), "serialization", operation.answers.core_schema))
        generator = GenerateJsonSchema(by_alias=True, ref_template=_SCHEMAS)
        self._of, self.definitions = generator.generate_definitions(inputs)

    def find(self, operation: Operation, part: str, mode: JsonSchemaMode) -> dict[str, Any]:
        return self._of[(operation.id, part), mode]

    def resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in schema:
            schema = self.definitions[schema["$ref"].rpartition("/")[2]]
        return schema


def _operation(operation: Operation, schemas: _Schemas) -> dict[str, Any]:
    body, query = operation.takes
    answer: dict[str, Any] = {"description": "done"}
    if operation.answers is not None:
        answer["content"] = {operation.content: {"schema": schemas.find(operation, "answer", "serialization")}}
    elif operation.succeeds != 204:
        answer["content"] = {operation.content: {}}
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    described: dict[str, Any] = {
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "parameters": [*_parameters(operation, schemas, query)],
        "responses": {str(operation.succeeds): answer, "default": {"description": "a problem", "content": problem}},
        "security": _SECURITY[operation.rule],
    }
    if operation.right:
        described["description"] = f"Needs the right `{operation.right}`."
    if body is not Nothing:
        schema = schemas.find(operation, "body", "validation")
        required = bool(schemas.resolved(schema).get("required"))
        described["requestBody"] = {"required": required, "content": {"application/json": {"schema": schema}}}
    if operation.uploads:
        described["requestBody"] = {"required": True, "content": {type: {} for type in operation.uploads}}
    return described


def _parameters(operation: Operation, schemas: _Schemas, query: Any) -> Iterable[dict[str, Any]]:
    for name in _PARAMETER.findall(operation.path):
        yield {"name": name, "in": "path", "required": True, "schema": _OTHER.get(name, _ID)}
    if query is not Nothing:
        schema = schemas.resolved(schemas.find(operation, "query", "validation"))
        for name, field in schema["properties"].items():
            yield {"name": name, "in": "query", "required": name in schema.get("required", ()), "schema": field}
    if operation.rule is Rule.PERSON and operation.method not in SAFE_METHODS:
        yield {"name": CSRF_HEADER, "in": "header", "required": True, "schema": {"type": "string"}}
    if operation.creates:
        key = {"type": "string", "minLength": 1, "maxLength": idempotency.MAX_KEY, "pattern": "^[!-~]+$"}
        yield {"name": idempotency.HEADER, "in": "header", "required": False, "schema": key}
