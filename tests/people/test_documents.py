"""What the documents say of signing in is what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = "\n".join(path.read_text() for path in sorted((ROOT / "signalling" / "people").glob("*.py")))
CODE = PACKAGE + "".join((ROOT / "signalling" / path).read_text() for path in ("bodies.py", "rest/me.py"))


def test_every_problem_is_documented_with_its_status() -> None:
    raised = set(re.findall(r'UserError\(\s*(\d+),\s*"([a-z_]+)"', CODE))
    documented: set[tuple[str, str]] = set()
    for text in (ROOT / "docs" / "protocol.md").read_text().split("\n\n"):
        for code, statuses in re.findall(r"`([a-z_]+)` (\d{3}(?: or \d{3})*)", text):
            documented |= {(status, code) for status in statuses.split(" or ")}
        documented |= {(status, code) for status, code in re.findall(r"(\d{3}) `([a-z_]+)`", text)}
    assert len(raised) > 20
    assert raised <= documented


def test_every_row_of_the_audit_log_is_documented() -> None:
    written = set(re.findall(r'"((?:login|person|role|access|refused)\.[a-z]+)"', PACKAGE)) - {"role.grant"}
    document = (ROOT / "docs" / "rights.md").read_text()
    assert len(written) > 8
    assert {action for action in written if f"`{action}`" not in document} == set()


@pytest.mark.parametrize("path", ["/login", "/logout", "/me", "/me/password"])
def test_routes(path: str) -> None:
    assert f"/api/v1{path}`" in (ROOT / "docs" / "protocol.md").read_text()
    assert f'"{path}"' in (ROOT / "signalling" / "rest" / "me.py").read_text()
