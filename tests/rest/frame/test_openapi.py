"""The document says what the server does: every route, its parameters and its answers."""

from __future__ import annotations

import re
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from signalling.access import RULES, Rule
from signalling.people.roles import TABLE
from signalling.rest.operation import ROOT
from tests.people.conftest import Office, person

METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture
async def document(office: Office) -> dict[str, Any]:
    answer = await office.http.get("/api/v1/openapi.json")
    assert answer.status == 200
    return dict(await answer.json())


async def test_it_is_valid(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


async def test_every_route_is_in_it_and_nothing_else(office: Office, document: dict[str, Any]) -> None:
    routes = {
        (route.method.lower(), re.sub(r"{(\w+)(?::[^{}]*)?}", r"{\1}", route.resource.canonical))
        for route in office.server.signalling.app[RULES]
        if route.resource is not None and route.resource.canonical.startswith(f"{ROOT}/") and route.method != "HEAD"
    }
    described = {(method, path) for path, methods in document["paths"].items() for method in methods}
    assert routes == described and len(routes) > 40


async def test_every_operation_says_what_it_is(office: Office, document: dict[str, Any]) -> None:
    operations = [it for methods in document["paths"].values() for it in methods.values()]
    assert len({it["operationId"] for it in operations}) == len(operations)
    for it in operations:
        assert it["summary"] and not it["summary"].endswith("."), it["operationId"]
    for operation in office.server.signalling.api.operations:
        assert operation.right == "" or operation.right in TABLE
        assert not operation.of or operation.right, operation.id


async def test_security(office: Office, document: dict[str, Any]) -> None:
    rules = {(operation.method.lower(), ROOT + operation.path): operation.rule for operation in _operations(office)}
    for (method, path), rule in rules.items():
        described = document["paths"][path][method]
        names = {name for way in described["security"] for name in way}
        assert bool(names) == (rule not in (Rule.PUBLIC, Rule.STRANGER)), path
        csrf = {it["name"] for it in described["parameters"] if it["in"] == "header"}
        assert ("X-CSRF-Token" in csrf) == (rule is Rule.PERSON and method != "get"), path


async def test_answers_are_as_described(office: Office, document: dict[str, Any]) -> None:
    """Those that can be had without parameters."""
    await person(office.accounts, "chef", ("admin", "system", ""))
    await office.sign_in("chef")
    tried = 0
    for path, methods in document["paths"].items():
        described = methods.get("get")
        if described is None or "{" in path or any(it["required"] for it in described["parameters"]):
            continue
        content = described["responses"]["200"].get("content", {})
        schema = content.get("application/json", {}).get("schema")
        answer = await office.http.get(path)
        if answer.status != 200 or not schema:
            continue
        whole = {**schema, "components": document["components"]}
        OAS31Validator(whole).validate(await answer.json())
        tried += 1
    assert tried > 8


async def test_problems_are_as_described(office: Office, document: dict[str, Any]) -> None:
    problem = OAS31Validator(document["components"]["schemas"]["Problem"])
    for path in ("/api/v1/me", "/api/v1/nothing", "/api/v1/schools?limit=0"):
        answer = await office.http.get(path)
        assert answer.status >= 400 and answer.content_type == "application/problem+json"
        problem.validate(await answer.json())


def _operations(office: Office) -> Any:
    return office.server.signalling.api.operations
