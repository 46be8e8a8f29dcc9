"""The `tongke` command: sentences, exit statuses, and what loads when."""

from __future__ import annotations

import datetime
import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from recorder.search import index
from signalling import cli, sockets, tls, tokens
from signalling.cli import doctor
from signalling.config import Config
from signalling.library import indexes

NOW = datetime.datetime.now(datetime.UTC)


def run(*arguments: str) -> int | str | None:
    with pytest.raises(SystemExit) as ended:
        cli.main(list(arguments))
    return ended.value.code


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """`serve` sends the logs of the process to the standard error that it finds."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()


class TestToken:
    def test_prints_the_token_alone(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        file = tmp_path / "c.toml"
        file.write_text('data_dir = "d"\n')
        arguments = ["--room", "r1", "--role", "classroom", "--id", "c1", "--name", "三班", "--hours", "2"]
        assert run("token", *arguments, "--config", str(file)) == 0
        [line] = capsys.readouterr().out.splitlines()
        claims = tokens.verify(tokens.load_secret(tmp_path / "d" / "token-secret"), line, now=time.time())
        assert (claims.room, claims.role, claims.participant, claims.name) == ("r1", "classroom", "c1", "三班")
        assert 7190 < claims.expires - time.time() <= 7200

    def test_of_a_phone_beside_a_display(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        file = tmp_path / "c.toml"
        file.write_text('data_dir = "d"\n')
        assert run("token", "--room", "r1", "--role", "assistant", "--beside", "c1", "--config", str(file)) == 0
        secret = tokens.load_secret(tmp_path / "d" / "token-secret")
        assert tokens.verify(secret, capsys.readouterr().out.strip(), now=time.time()).beside == "c1"
        assert run("token", "--room", "r1", "--role", "lead", "--beside", "c1", "--config", str(file)) == 2

    def test_mistakes(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        assert run("token", "--room", "r1", "--role", "king") == 2
        assert "must be one of lead, classroom" in capsys.readouterr().err
        assert run("token", "--room", "r1") == 2
        assert run("token", "--room", "r1", "--role", "lead", "--config", "none.toml") == 2
        assert capsys.readouterr().err.endswith(
            "tongke: There is no configuration file none.toml; name an existing one with --config.\n"
        )


class TestCheckConfig:
    def test_valid(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        file = tmp_path / "c.toml"
        file.write_text("[http]\nport = 9\n")
        assert run("check-config", str(file)) == 0
        assert capsys.readouterr().out == "http.port = 9\nThe configuration is valid.\n"

    def test_unknown_key(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        file = tmp_path / "c.toml"
        file.write_text("[http]\nprot = 9\n")
        assert run("check-config", str(file)) == 2
        assert capsys.readouterr().err == (
            f"tongke: In {file}: there is no setting http.prot; the closest known one is http.port.\n"
        )


class TestServe:
    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            ('[http]\ntls = "files"\ntls_cert = "no.crt"\ntls_key = "no.key"\n', "no.crt cannot be read: No such file"),
            ("[http]\nhost = '192.0.2.1'\n", "has none of the addresses 192.0.2.1; check http.host."),
            ("[http]\nport = 0\n[tokens]\nsecret_file = '.'\n", "check tokens.secret_file."),
        ],
    )
    def test_what_cannot_start(
        self, text: str, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file = tmp_path / "c.toml"
        file.write_text(text)
        assert run("serve", "--config", str(file)) == 2
        error = capsys.readouterr().err
        assert sentence in error and "Traceback" not in error


class TestDoctor:
    def config(self, tmp_path: Path, **http: object) -> Config:
        return Config(data_dir=tmp_path, http={"host": ["127.0.0.1"], "port": 0, **http})

    def test_whole_table(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        pages = tmp_path / "dist"
        pages.mkdir()
        (pages / "index.html").write_text("")
        file = tmp_path / "c.toml"
        file.write_text('[http]\nport = 0\nhost = "127.0.0.1"\npages_dir = "dist"\n')
        assert run("doctor", "--config", str(file)) == 0
        out = capsys.readouterr().out
        for what in ("HTTPS port", "Media port", "Reach", "Certificate", "Clock", "Kernel buffers", "Packet plane"):
            assert what in out
        file.write_text('[http]\nport = 0\nhost = "127.0.0.1"\npages_dir = "nothing"\n')
        assert run("doctor", "--config", str(file)) == 1
        assert "not built" in capsys.readouterr().out

    def test_ports(self, tmp_path: Path) -> None:
        [taken] = sockets.listen(["127.0.0.1"], 0)
        port = taken.getsockname()[1]
        assert doctor.tcp_port(self.config(tmp_path, port=port)).level == "bad"
        taken.close()
        assert doctor.tcp_port(self.config(tmp_path)).level == "ok"
        assert doctor.udp_port(Config(media={"host": ["127.0.0.1"]})).level == "ok"
        assert doctor.udp_port(Config(media={"host": ["192.0.2.1"]})).level == "bad"

    @pytest.mark.parametrize(
        ("http", "media", "level"),
        [
            ("127.0.0.1", {"host": ["127.0.0.1"]}, "warn"),
            ("0.0.0.0", {"host": ["127.0.0.1"]}, "bad"),
            ("127.0.0.1", {"host": ["0.0.0.0"]}, "bad"),
            ("0.0.0.0", {"host": ["0.0.0.0"]}, "warn"),
            ("0.0.0.0", {"host": ["0.0.0.0"], "port": 8443}, "ok"),
        ],
    )
    def test_reach(self, http: str, media: dict[str, object], level: str) -> None:
        config = Config(http={"host": [http], "public_names": ["s.example"]}, media=media)
        assert doctor.reachable(config).level == level
        if level == "ok":
            assert doctor.reachable(Config(http={"host": [http]}, media=media)).level == "warn"

    def test_certificate(self, tmp_path: Path) -> None:
        assert doctor.certificate(self.config(tmp_path), NOW).level == "ok"
        assert doctor.certificate(self.config(tmp_path, tls="off"), NOW).level == "warn"
        files = tls.ensure(tmp_path / "old", ["localhost"], NOW - datetime.timedelta(days=390))
        given = {"tls": "files", "tls_cert": str(files.cert), "tls_key": str(files.key)}
        assert doctor.certificate(self.config(tmp_path, **given), NOW).level == "warn"
        assert doctor.certificate(self.config(tmp_path, **given), NOW + datetime.timedelta(days=9)).level == "bad"
        files.cert.unlink()
        assert doctor.certificate(self.config(tmp_path, **given), NOW).level == "bad"

    def test_clock(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for state, level in ((True, "warn"), (False, "ok")):
            monkeypatch.setattr(doctor, "_unsynchronised", lambda state=state: state)
            assert doctor.clock(NOW).level == level
        assert doctor.clock(datetime.datetime(2001, 1, 1, tzinfo=datetime.UTC)).level == "bad"

    def test_kernel_buffers(self, tmp_path: Path) -> None:
        assert doctor.kernel_buffers(tmp_path).level == "warn"
        (tmp_path / "rmem_max").write_text("212992\n")
        (tmp_path / "wmem_max").write_text(f"{doctor.WANTED_BUFFER}\n")
        small = doctor.kernel_buffers(tmp_path)
        assert small.level == "warn" and "net.core.rmem_max" in small.text and "wmem_max" not in small.text
        (tmp_path / "rmem_max").write_text(f"{doctor.WANTED_BUFFER}\n")
        assert doctor.kernel_buffers(tmp_path).level == "ok"

    def test_search_index(self, tmp_path: Path) -> None:
        config = self.config(tmp_path)
        none = doctor.search_index(config)
        assert none.level == "ok" and "none" in none.text and not config.index_dir.exists()
        indexes.named(config.index_dir)
        lost = doctor.search_index(config)
        assert lost.level == "warn" and "lost" in lost.text
        index.make(config.index_dir)
        assert doctor.search_index(config).level == "ok"

    def test_priority(self) -> None:
        before = os.getpriority(os.PRIO_PROCESS, 0)
        assert doctor.priority(doctor.may_lower_nice()).level in ("ok", "warn")
        assert os.getpriority(os.PRIO_PROCESS, 0) == before
        assert doctor.priority(True).level == "ok"
        refused = doctor.priority(False)
        assert refused.level == "warn" and "LimitNICE" in refused.text

    def test_packet_plane(self) -> None:
        reference = doctor.packet_plane(Config(media={"plane": "reference"}))
        assert reference.level == "warn" and "reference" in reference.text


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--help") == 0
    out = capsys.readouterr().out
    assert all(name in out for name in cli.COMMANDS)
    assert run("nonsense") == 2


def test_token_starts_without_the_media_stack() -> None:
    script = (
        "import sys; from signalling.cli import build; build(['token']); "
        "sys.exit(any(name in sys.modules for name in ('aiortc', 'av', 'cv2', 'aiohttp')))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False, timeout=30).returncode == 0
