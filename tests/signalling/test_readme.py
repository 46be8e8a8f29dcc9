"""What the READMEs tell people to type exists."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import get_args

import pytest
import typer.main

from mediaserver.api import Role
from signalling import cli, config

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
class TestReadme:
    def blocks(self, name: str, language: str) -> list[str]:
        return re.findall(rf"```{language}\n(.*?)```", (ROOT / name).read_text(), re.S)

    def test_configuration_is_valid(self, name: str, tmp_path: Path) -> None:
        [text] = self.blocks(name, "toml")
        for variant in (text, text.replace("# announce", "announce")):
            (tmp_path / "c.toml").write_text(variant)
            assert config.load(tmp_path / "c.toml").media.port == 8443
        [policy] = self.blocks(name, "json")
        assert len(json.loads(policy)) == 3

    def test_commands_and_options_exist(self, name: str) -> None:
        known = typer.main.get_command(cli.build([])).commands  # type: ignore[attr-defined]
        lines = [line for block in self.blocks(name, "sh") for line in block.splitlines() if line.startswith("tongke ")]
        assert len(lines) == 9
        for line in lines:
            command = known[line.split()[1]]
            options = {option for parameter in command.params for option in parameter.opts}
            assert set(re.findall(r"--[a-z-]+", line)) <= options, line

    def test_links_lead_somewhere(self, name: str) -> None:
        for target in re.findall(r"\]\(([^)#]+)\)", (ROOT / name).read_text()):
            assert (ROOT / target).is_file(), target

    def test_roles_are_all_there(self, name: str) -> None:
        rows = re.findall(r"^\| (`[a-z]+`.*?) \|", (ROOT / name).read_text(), re.M)
        assert {role for row in rows for role in re.findall(r"`([a-z]+)`", row)} == set(get_args(Role))

    def test_settings_exist(self, name: str) -> None:
        mentioned = re.findall(r"`((?:http|media|log|tokens)\.[a-z_]+)", (ROOT / name).read_text())
        assert len(mentioned) > 5 and set(mentioned) <= set(config.setting_names())
