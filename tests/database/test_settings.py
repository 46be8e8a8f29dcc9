"""The setting `database.url`: where the file lies, and that a password is nowhere shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from signalling import cli, config
from signalling.config import Config, ConfigError
from signalling.db import engine

SECRET = "postgresql://tongke:geheim@db.school.example/tongke"


def test_default_is_a_file_in_the_data_directory(tmp_path: Path) -> None:
    assert engine.parse(Config(data_dir=tmp_path).database_url).database == str(tmp_path / "tongke.sqlite3")
    assert engine.parse(Config().database_url).database == "var/tongke.sqlite3"


@pytest.mark.parametrize(("path", "where"), [("db/a.sqlite3", "{}/db/a.sqlite3"), ("/srv/a.sqlite3", "/srv/a.sqlite3")])
def test_a_relative_path_counts_from_the_file(path: str, where: str, tmp_path: Path) -> None:
    file = tmp_path / "tongke.toml"
    file.write_text(f'[database]\nurl = "sqlite:///{path}"\n')
    assert engine.parse(config.load(file).database_url).database == where.format(tmp_path)


def test_the_password_is_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TONGKE_DATABASE__URL", SECRET)
    settings = config.load()
    assert settings.database_url == SECRET
    assert "geheim" not in repr(settings) + str(settings) + settings.model_dump_json()
    with pytest.raises(SystemExit):
        cli.main(["check-config"])
    assert "database.url" in (out := capsys.readouterr().out)
    assert "geheim" not in out


@pytest.mark.parametrize("url", ["mysql://root:geheim@h/n", "postgresql://tongke:geheim@h", "sqlite://", "geheim", ""])
def test_what_is_no_database(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONGKE_DATABASE__URL", url)
    with pytest.raises(ConfigError, match="cannot be used as it is: write sqlite:///path") as caught:
        config.load()
    assert "geheim" not in str(caught.value)
