"""What docs/protocol.md, docs/rights.md and docs/exchange.md say of the library is what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from signalling.exchange import library_csv

ROOT = Path(__file__).parents[3]
REST = ("resources", "transcripts", "uploads", "library_files", "open_library")
MINE = (
    *(
        "clips",
        "comments",
        "editing",
        "mine",
        "removing",
        "seen",
        "shelf",
        "transcript",
        "uploads",
        "vocabulary",
        "whole",
    ),
    *("oai", "openly", "rss", "vtt"),
)
CODE = "\n".join(
    path.read_text()
    for path in (
        *(ROOT / "signalling" / "library" / f"{name}.py" for name in MINE),
        *(ROOT / "signalling" / "rest" / f"{name}.py" for name in REST),
        *(ROOT / "recorder" / "extract").glob("*.py"),
        ROOT / "recorder" / "stages" / "extract.py",
        ROOT / "recorder" / "store.py",
    )
)


def test_every_problem_is_documented_with_its_status() -> None:
    section = (ROOT / "docs" / "protocol.md").read_text().partition("## Library\n")[2].partition("\n## ")[0]
    raised = set(re.findall(r'UserError\(\s*(\d+),\s*"([a-z_]+)"', CODE))
    documented = {
        (status, code)
        for code, statuses in re.findall(r"`([a-z_]+)` (\d{3}(?: or \d{3})*)", section)
        for status in statuses.split(" or ")
    }
    assert len(raised) > 25
    assert raised - documented == set()


def test_every_row_of_the_audit_log_is_documented() -> None:
    written = set(re.findall(r'"((?:resource|comment)\.[a-z]+)"', CODE))
    document = (ROOT / "docs" / "rights.md").read_text()
    assert len(written) == 5
    assert {action for action in written if f"`{action}`" not in document} == set()


def test_every_column_of_a_list_is_documented() -> None:
    section = (
        (ROOT / "docs" / "exchange.md").read_text().partition("## Resources of the library\n")[2].partition("\n## ")[0]
    )
    for ours, names in library_csv._COLUMNS.items():
        assert f"`{ours}`" in section
        assert all(name in section for name in names), ours
    for word in (*library_csv._KINDS, *(name for name in library_csv._RIGHTS if name != "本人")):
        assert word in section, word
