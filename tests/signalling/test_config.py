"""Settings: sources, sentences for mistakes, and documents that keep up with the code."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from mediaserver.settings import MediaSettings
from signalling import config
from signalling.booking.limits import Rules
from signalling.config import BellConfig, Config, ConfigError

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| `([a-z_.]+)` \| (?:`(.*?)`|unset) \| (.+) \|$", re.MULTILINE)


def lookup(settings: Any, name: str) -> Any:
    for part in name.split("."):
        settings = getattr(settings, part)
    return settings


def plain(value: Any) -> Any:
    """A setting's value as TOML would have it."""
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value


class TestDocuments:
    def test_every_setting_is_documented_and_every_documented_one_exists(self) -> None:
        rows = ROW.findall((ROOT / "docs" / "configuration.md").read_text())
        assert [name for name, _, _ in rows] == config.setting_names()

    def test_documented_defaults_are_the_real_ones(self) -> None:
        defaults = Config.model_construct()
        for name, text, _ in ROW.findall((ROOT / "docs" / "configuration.md").read_text()):
            documented = tomllib.loads(f"x = {text}")["x"] if text else None
            assert documented == plain(lookup(defaults, name)), name

    def test_example_shows_every_setting_and_is_valid_with_and_without_comments(self, tmp_path: Path) -> None:
        example = (ROOT / "configs" / "example.toml").read_text()
        assert config.load(ROOT / "configs" / "example.toml").http == Config().http
        uncommented = re.sub(r"^# ([a-z_]+ = )", r"\1", example, flags=re.MULTILINE)
        document = tomllib.loads(uncommented)
        shown = [key for key in document if not isinstance(document[key], dict)]
        shown += [f"{section}.{key}" for section, keys in document.items() if isinstance(keys, dict) for key in keys]
        assert shown == config.setting_names()
        # The two certificate files are shown for tls = "files".
        (tmp_path / "all.toml").write_text(uncommented.replace('tls = "auto"', 'tls = "files"'))
        assert config.load(tmp_path / "all.toml").media.port == 0

    def test_dev_serves_on_localhost_8443_with_everything_else_as_it_is(self) -> None:
        dev = config.load(ROOT / "configs" / "dev.toml")
        assert (dev.http, dev.media) == (Config().http, Config().media)
        assert dev.http.port == 8443
        assert dev.data_dir == ROOT / "var"

    def test_media_defaults_are_the_media_servers_own(self) -> None:
        assert Config().media.settings() == MediaSettings()


class TestSources:
    def test_environment_wins_over_the_file(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        file = tmp_path / "a.toml"
        file.write_text('data_dir = "d"\n[http]\nport = 1\n[media]\nport = 2\n')
        monkeypatch.setenv("TONGKE_HTTP__PORT", "3")
        read = config.load(file)
        assert (read.http.port, read.media.port, read.data_dir) == (3, 2, tmp_path / "d")

    @pytest.mark.parametrize("text", ["0.0.0.0,::", " 0.0.0.0 , :: ", '["0.0.0.0", "::"]'])
    def test_lists_in_the_environment(self, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TONGKE_MEDIA__HOST", text)
        assert config.load().media.host == ("0.0.0.0", "::")

    def test_file_of_the_current_directory(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        assert config.load().http.port == 8443
        (tmp_path / "tongke.toml").write_text("[http]\nport = 5\n")
        assert config.load().http.port == 5

    def test_media_settings(self) -> None:
        media = Config(media={"announce": ["192.0.2.1", "192.0.2.2:9", "[2001:db8::1]:7", "2001:db8::2"]}).media
        assert media.settings().announce == (
            ("192.0.2.1", 0),
            ("192.0.2.2", 9),
            ("2001:db8::1", 7),
            ("2001:db8::2", 0),
        )

    def test_credentials_are_not_shown(self) -> None:
        media = Config(media={"ice_servers": [{"url": "turn:t", "username": "u", "credential": "geheim"}]}).media
        assert "geheim" not in repr(media)


class TestMistakes:
    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            ("[http]\nprot = 1\n", "there is no setting http.prot; the closest known one is http.port."),
            ("port = 1\n", "there is no setting port; the closest known one is http.port."),
            ("[htp]\nport = 1\n", "there is no setting htp; the closest known one is http."),
            ("[media]\nlevel = 'x'\n", "there is no setting media.level; the closest known one is log.level."),
            ("[http]\nport = 99999\n", "http.port cannot be 99999: input should be less than or equal to 65535."),
            ("[http]\nhost = ['here']\n", "http.host cannot be 'here': 'here' is no IP address; write one such as"),
            ("[http]\nhost = []\n", "http.host cannot be"),
            ("[http]\ntls = 'files'\n", 'http cannot be used as it is: tls = "files" and the settings tls_cert and'),
            ("[http]\ntls_key = 'x'\n", 'http cannot be used as it is: tls = "files"'),
            ("[media]\nannounce = ['1.2.3.4:x']\n", "'1.2.3.4:x' has no valid port."),
            ("[media]\nannounce = ['[::1]']\n", ""),
            ("[media]\nvideo_codecs = ['MPEG']\n", "media.video_codecs cannot be 'MPEG'"),
            ("[media]\nmin_publish_bitrate = 9000000\n", "min_publish_bitrate is above max_publish_bitrate."),
            ("[[media.ice_servers]]\nuri = 'stun:x'\n", "the setting media.ice_servers.url is missing."),
            ("[[media.ice_servers]]\nurl = 'http://x'\n", "media.ice_servers.url cannot be 'http://x'"),
            ("[http\n", "is not valid TOML"),
            ("http = 3\n", "http cannot be 3"),
        ],
    )
    def test_one_sentence(self, text: str, sentence: str, tmp_path: Path) -> None:
        file = tmp_path / "bad.toml"
        file.write_text(text)
        if not sentence:
            assert config.load(file).media.settings().announce == (("::1", 0),)
            return
        with pytest.raises(ConfigError) as caught:
            config.load(file)
        assert sentence in caught.value.detail
        assert str(file) in caught.value.detail
        assert "\n" not in caught.value.detail.removesuffix(".")

    @pytest.mark.parametrize(
        ("name", "value", "sentence"),
        [
            ("TONGKE_HTTP_PORT", "1", "TONGKE_HTTP_PORT is no setting; the closest known one is TONGKE_HTTP__PORT."),
            ("TONGKE_HTTP__PROT", "1", "TONGKE_HTTP__PROT is no setting; the closest known one is TONGKE_HTTP__PORT."),
            ("TONGKE_HTTP__PORT", "x", "In the environment variable TONGKE_HTTP__PORT: http.port cannot be 'x'"),
            ("TONGKE_HTTP__HOST", "[1", "In the environment variable TONGKE_HTTP__HOST: http.host cannot be '[1'"),
        ],
    )
    def test_environment(self, name: str, value: str, sentence: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(name, value)
        with pytest.raises(ConfigError) as caught:
            config.load()
        assert sentence in caught.value.detail

    def test_unreadable_files(self, tmp_path: Path) -> None:
        binary = tmp_path / "binary.toml"
        binary.write_bytes(b"\xff\xfe")
        for file, words in ((tmp_path / "none.toml", "There is no"), (tmp_path, "cannot be read"), (binary, "UTF-8")):
            with pytest.raises(ConfigError) as caught:
                config.load(file)
            assert words in caught.value.detail and str(file) in caught.value.detail


def test_rules_of_bookings_are_those_of_the_bell():
    assert BellConfig().rules() == Rules()
    assert BellConfig(capacity_classrooms=30, grace_minutes=3).rules() == Rules(capacity=30, grace_s=180)
