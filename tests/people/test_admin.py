"""`tongke admin` and the settings of `[oidc]`."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import pytest
from sqlalchemy import update

from signalling import cli, config
from signalling.cli import admin
from signalling.config import ConfigError
from signalling.db.engine import Database
from signalling.db.people import Person
from signalling.people import sessions
from signalling.people.accounts import find_login
from signalling.people.roles import SYSTEM, Grant
from tests.people.conftest import PASSWORD, audit_rows


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch, database_url: str) -> io.StringIO:
    monkeypatch.setenv("TONGKE_DATABASE__URL", database_url)
    made = io.StringIO()
    monkeypatch.setattr("sys.stdin", made)
    return made


def run(stdin: io.StringIO, password: str, *arguments: str) -> int | str | None:
    stdin.seek(0)
    stdin.truncate()
    stdin.write(f"{password}\n")
    stdin.seek(0)
    with pytest.raises(SystemExit) as ended:
        cli.main(["admin", *arguments])
    return ended.value.code


def test_the_first_and_another(stdin: io.StringIO, database_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(stdin, PASSWORD, "create", "Leiter", "--name", "管理员") == 0
    assert capsys.readouterr().out == "leiter is a system administrator now and can sign in.\n"
    assert run(stdin, PASSWORD, "create", "zweiter") == 2
    assert "give --another" in capsys.readouterr().err
    assert run(stdin, PASSWORD, "create", "leiter", "--another") == 2
    assert "Somebody has this login name" in capsys.readouterr().err
    assert run(stdin, PASSWORD, "create", "zweiter", "--another") == 0
    assert run(stdin, "winter-laterne-zug", "password", "LEITER") == 0
    assert run(stdin, PASSWORD, "password", "nobody") == 2
    output = capsys.readouterr()
    assert "Nobody has the login name nobody" in output.err
    assert PASSWORD not in output.out + output.err

    async def look() -> None:
        async with Database(database_url) as database:
            id = await find_login(database, "leiter")
            async with database.read() as session:
                assert await sessions.grants(session, id) == [Grant("admin", SYSTEM)]
            actions = [(actor, action) for actor, action, *_ in await audit_rows(database)]
            assert actions == [
                *[("command", "person.created"), ("command", "role.granted")] * 2,
                ("command", "person.password"),
            ]

    asyncio.run(look())


def test_a_password_of_a_closed_account(
    stdin: io.StringIO, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(stdin, PASSWORD, "create", "leiter") == 0

    async def close() -> None:
        async with Database(database_url) as database, database.write() as session:
            await session.execute(update(Person).values(active=False))

    asyncio.run(close())
    capsys.readouterr()
    assert run(stdin, "winter-laterne-zug", "password", "leiter") == 0
    assert "the account is out of use" in capsys.readouterr().out
    assert run(stdin, PASSWORD, "create", "zweiter") == 0  # as the sentence says


@pytest.mark.parametrize(
    ("password", "login", "words"),
    [
        ("kurz", "leiter", "too short"),
        ("", "leiter", "too short"),
        ("leiterleiter", "leiter", "contains the login name"),
        (PASSWORD, "zwei worte", "A login name has"),
    ],
)
def test_what_is_refused(
    stdin: io.StringIO, password: str, login: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(stdin, password, "create", login) == 2
    error = capsys.readouterr().err
    assert words in error and error.count("\n") == 1


def test_before_the_tables_are_made(
    empty_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TONGKE_DATABASE__URL", empty_url)
    stdin = io.StringIO()
    monkeypatch.setattr("sys.stdin", stdin)
    assert run(stdin, PASSWORD, "password", "leiter") == 2
    assert "run tongke database upgrade" in capsys.readouterr().err
    assert run(stdin, PASSWORD, "create", "leiter") == 0
    assert run(stdin, PASSWORD, "password", "leiter") == 0


def test_where_nothing_is_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONGKE_DATA_DIR", str(tmp_path / "var"))
    stdin = io.StringIO()
    monkeypatch.setattr("sys.stdin", stdin)
    assert run(stdin, PASSWORD, "create", "leiter") == 0


def test_on_a_terminal_it_is_asked_for_twice(
    stdin: io.StringIO, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal())
    typed = [PASSWORD, "anders-anders-anders", PASSWORD, PASSWORD]
    monkeypatch.setattr(admin.getpass, "getpass", lambda prompt: typed.pop(0))
    for expected in (2, 0):
        with pytest.raises(SystemExit) as ended:
            cli.main(["admin", "create", "leiter"])
        assert ended.value.code == expected
    assert "differ; nothing was changed" in capsys.readouterr().err


class TestSettings:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ('issuer = "https://id.example"', "the settings issuer and client_id need each other"),
            ('client_id = "x"', "need each other"),
            ('issuer = "http://id.example"\nclient_id = "x"', "begins with https://"),
            ('issuer = "id.example"\nclient_id = "x"', "begins with https://"),
            ('issuer = "https://id.example?x=1"\nclient_id = "x"', "begins with https://"),
            ('scopes = ["profile"]', 'must hold "openid"'),
            ('school = "第一小学"', "oidc.school cannot be"),
            ('client_secret = ["geheim"]', "oidc.client_secret cannot be used as it is"),
        ],
    )
    def test_mistakes(self, text: str, words: str, tmp_path: Path) -> None:
        file = tmp_path / "c.toml"
        file.write_text(f"[oidc]\n{text}\n")
        with pytest.raises(ConfigError, match="oidc") as caught:
            config.load(file)
        assert words in caught.value.detail and "geheim" not in caught.value.detail

    def test_the_secret_is_not_shown(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TONGKE_OIDC__ISSUER", "http://localhost:3000")
        monkeypatch.setenv("TONGKE_OIDC__CLIENT_ID", "tongke")
        monkeypatch.setenv("TONGKE_OIDC__CLIENT_SECRET", "geheim")
        settings = config.load()
        assert settings.oidc.client_secret is not None
        assert settings.oidc.client_secret.get_secret_value() == "geheim"
        assert "geheim" not in repr(settings) + settings.model_dump_json()

    @pytest.mark.parametrize("url", ["tongke.example", "https://tongke.example/", "https://x/y", "ftp://x"])
    def test_public_url(self, url: str, tmp_path: Path) -> None:
        file = tmp_path / "c.toml"
        file.write_text(f'[http]\npublic_url = "{url}"\n')
        with pytest.raises(ConfigError, match="scheme and name alone"):
            config.load(file)
