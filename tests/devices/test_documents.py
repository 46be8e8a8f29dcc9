"""What the documents say of devices is what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import aiohttp

from signalling.access import RULES, Rule
from tests.devices.conftest import World

ROOT = Path(__file__).parents[2]
PACKAGE = "\n".join(path.read_text() for path in sorted((ROOT / "signalling" / "devices").glob("*.py")))
RESOURCES = ("device", "devices", "pairing", "classroom")


def section() -> str:
    return (ROOT / "docs" / "protocol.md").read_text().partition("## Devices\n")[2].partition("\n## ")[0]


def test_every_problem_is_documented_with_its_status() -> None:
    raised = set(re.findall(r'UserError\(\s*(\d+),\s*"([a-z_]+)"', PACKAGE)) - {("404", "not_found")}
    documented = {
        (status, code)
        for code, statuses in re.findall(r"`([a-z_]+)` (\d{3}(?: or \d{3})*)", section())
        for status in statuses.split(" or ")
    } | {(status, code) for status, code in re.findall(r"(\d{3}) `([a-z_]+)`", section())}
    assert len(raised) > 10
    assert raised <= documented


def test_every_row_of_the_audit_log_is_documented() -> None:
    written = set(re.findall(r'"((?:device|lesson)\.[a-z]+)", ', PACKAGE))
    document = (ROOT / "docs" / "rights.md").read_text()
    assert len(written) >= 6
    assert {action for action in written if f"`{action}`" not in document} == set()


async def test_every_route_is_documented_and_has_its_key(world: World) -> None:
    operations = [
        it
        for it in world.server.signalling.api.operations
        if type(it.handler.__self__).__module__.rpartition(".")[2] in RESOURCES
    ]
    assert len(operations) == 18
    assert {f"{it.method} {it.path}" for it in operations if it.path not in section()} == set()
    async with aiohttp.ClientSession(f"http://127.0.0.1:{world.server.port}") as http:
        document = await (await http.get("/api/v1/openapi.json")).json()
    assert document["components"]["securitySchemes"]["device_key"] == {"type": "http", "scheme": "bearer"}
    for it in operations:
        described = document["paths"][f"/api/v1{it.path}"][it.method.lower()]
        assert described["summary"]
        assert (described["security"] == [{"device_key": []}]) is (it.rule is Rule.DEVICE)
    devices = {rule for route, rule in world.server.signalling.app[RULES].items() if "/device/" in str(route.resource)}
    assert devices == {Rule.DEVICE}
