"""Schemathesis against a running server: who asks, what is asked with, what is checked, what went wrong."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.openapi import from_dict

from signalling.people.door import CSRF_HEADER
from tests.rest.fuzz.scene import Scene, Signed, run_in

CHECKS = (
    *("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance"),
    *("response_headers_conformance", "negative_data_rejection", "missing_required_header", "ignored_auth"),
    *("unsupported_method", "allow_header_conformance"),
)
"""Not asked: `positive_data_acceptance`, since a schema cannot say which lessons, rooms and times there are;
`use_after_free` and `ensure_resource_availability`, since things are put out of use here and stay readable."""

REFUSALS = ["400", "401", "403", "404", "405", "408", "409", "411", "413", "415", "422", "429", "503"]

UPSTREAM = ("source_unreadable", "source_silent", "busy", "too_many_imports")
"""Codes of 502, 503 and 504 that are right: a recorder box that is not there, or others before."""


@dataclass
class Found:
    """:ivar answers: how many of each status. :ivar reached: operations that did what they are there for.
    :ivar wrong: failures of checks, each once."""

    answers: Counter[int] = field(default_factory=Counter)
    operations: set[str] = field(default_factory=set)
    reached: set[str] = field(default_factory=set)
    wrong: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return (
            f"{self.answers.total()} requests to {len(self.operations)} operations, {len(self.reached)} with success: "
            f"{dict(sorted(self.answers.items()))}; without: {', '.join(sorted(self.operations - self.reached))}"
        )


class Asking:
    """One person, beside a device and somebody in a room, as the server knows them."""

    def __init__(self, scene: Scene, person: str, loop: asyncio.AbstractEventLoop) -> None:
        self._scene = scene
        self._person = person
        self._loop = loop
        self._signed: Signed = {}
        self._lock = threading.Lock()

    def headers(self, case: Any) -> Signed:
        security = case.operation.definition.raw.get("security") or [{}]
        [scheme] = security[0] or [""]
        if scheme == "device_key":
            return self._scene.device
        if scheme == "room_token":
            return self._scene.room
        if scheme != "signed_in":
            return {}
        with self._lock:
            if not self._signed:
                self._signed = run_in(self._loop, self._scene.sign_in(self._person))
            return self._signed

    def signed_out(self) -> None:
        """A request has ended the session."""
        self._signed = {}


def fuzz(
    scene: Scene,
    document: dict[str, Any],
    person: str,
    loop: asyncio.AbstractEventLoop,
    *,
    seed: int,
    examples: int,
    phases: tuple[str, ...],
) -> Found:
    """In a thread of its own."""
    config = SchemathesisConfig.from_dict(
        {
            "seed": seed,
            "base-url": scene.base,
            "continue-on-failure": True,
            "workers": 1,
            "request-timeout": 30,
            "checks": {
                "enabled": False,
                **{name: {"enabled": True} for name in CHECKS},
                "negative_data_rejection": {"expected-statuses": REFUSALS},
            },
            "generation": {"max-examples": examples, "deterministic": True, "database": "none", "no-shrink": True},
            "phases": {name: {"enabled": name in phases} for name in ("examples", "coverage", "fuzzing", "stateful")},
        }
    )
    schema = from_dict(document, config=config)
    asking = Asking(scene, person, loop)

    @schema.auth(refresh_interval=None)
    class Auth:
        def get(self, case: Any, context: Any) -> Signed:
            return asking.headers(case)

        def set(self, case: Any, data: Signed, context: Any) -> None:
            for name, value in data.items():
                if name == "Cookie":
                    key, _, value = value.partition("=")
                    case.cookies[key] = value
                elif name != CSRF_HEADER or name in case.headers:  # one that was left out stays so
                    case.headers[name] = value

    @schema.hook
    def map_path_parameters(context: Any, path_parameters: dict[str, Any]) -> dict[str, Any]:
        return scene.likely(path_parameters)

    @schema.hook
    def map_query(context: Any, query: dict[str, Any]) -> dict[str, Any]:
        return scene.likely(query)

    @schema.hook
    def map_body(context: Any, body: Any) -> Any:
        return scene.likely(body)

    found = Found()

    literal = {path for path in document["paths"] if "{" not in path}

    @schema.hook
    def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
        if type(failure).__name__ == "ServerError":
            return response.status_code == 500 or response.json().get("code") not in UPSTREAM
        # aiohttp offers what any route for the address takes: `/lessons/mine` is of the form `/lessons/{lesson}` too.
        return not (type(failure).__name__ == "AllowHeaderMismatch" and case.operation.path in literal)

    @schema.hook
    def after_call(context: Any, case: Any, response: Any) -> None:
        found.answers[response.status_code] += 1
        found.operations.add(case.operation.label)
        if response.status_code < 300:
            found.reached.add(case.operation.label)
        if response.status_code == 401 and b'"signed_out"' in response.content:
            asking.signed_out()

    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            for case, checks in event.recorder.checks.items():
                for check in checks:
                    if check.failure_info is not None:
                        failure = check.failure_info.failure
                        answer = event.recorder.interactions[case].response
                        key = f"{event.label or failure.operation}: {failure.title}: {check.name}"
                        found.wrong.setdefault(
                            key, f"{failure.message}\n{check.failure_info.code_sample}\n{answer and answer.text[:600]}"
                        )
        elif isinstance(event, events.NonFatalError | events.FatalError):
            found.wrong.setdefault(f"error: {getattr(event, 'label', '')}", str(getattr(event, "value", event)))
    return found
