"""Settings: one TOML file, overridden by environment variables.

`[http] port = 8443` in the file is `TONGKE_HTTP__PORT=8443` in the environment. A list may be
written there as JSON or separated by commas. Relative paths in a file count from the file's
directory. docs/configuration.md has the table of all settings; a test compares it with this file.
"""

from __future__ import annotations

import difflib
import ipaddress
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from mediaserver.api import UserError
from mediaserver.settings import MediaSettings
from signalling.booking.limits import Rules
from signalling.config_parts import Section, split
from signalling.config_recorder import RecorderConfig, RedisConfig

ENV_PREFIX = "TONGKE_"
DEFAULT_FILE = "tongke.toml"
SQLITE = "sqlite:///"
_DATABASE = re.compile(r"sqlite(\+aiosqlite)?:///[^?]+$|postgresql(\+asyncpg)?://.*/[^/?]+(\?.*)?$")
LOOPBACK = ("127.0.0.1", "::1")


class ConfigError(UserError):
    """A configuration that cannot be used; the command line ends with status 2."""

    def __init__(self, detail: str) -> None:
        super().__init__(400, "bad_config", detail)


# ---------------------------------------------------------------- kinds of values


def _address(value: str) -> str:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        raise ValueError(f"{value!r} is no IP address; write one such as 0.0.0.0, :: or 192.168.1.20") from None
    return value


def parse_announced(value: str) -> tuple[str, int]:
    """`"address"`, `"address:port"` or `"[v6]:port"` → (address, port); port 0 when none is given."""
    host, port = value, ""
    if value.startswith("["):
        host, _, rest = value[1:].partition("]")
        port = rest.removeprefix(":")
        if rest and not port:
            raise ValueError(f"{value!r} has no port after the bracket")
    elif value.count(":") == 1:
        host, _, port = value.partition(":")
    number = int(port) if port.isascii() and port.isdigit() else (0 if not port else -1)
    if not 0 <= number <= 65535:
        raise ValueError(f"{value!r} has no valid port")
    return _address(host), number


def _announced(value: str) -> str:
    parse_announced(value)
    return value


Address = Annotated[str, AfterValidator(_address)]
Addresses = Annotated[tuple[Address, ...], BeforeValidator(split), Field(min_length=1)]
Network = Annotated[str, AfterValidator(lambda v: str(ipaddress.ip_network(v, strict=False)))]
Port = Annotated[int, Field(ge=0, le=65535)]


def _database(value: SecretStr) -> SecretStr:
    if not _DATABASE.match(value.get_secret_value()):
        raise ValueError("write sqlite:///path or postgresql://user:password@host/name")
    return value


def _origin(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("https", "http") or not parts.hostname or value != f"{parts.scheme}://{parts.netloc}":
        raise ValueError("write scheme and name alone, such as https://tongke.school.example")
    return value


def _issuer(value: str) -> str:
    parts = urlsplit(value)
    local = parts.scheme == "http" and parts.hostname in ("localhost", *LOOPBACK)
    if not (parts.scheme == "https" or local) or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("write an address that begins with https:// (http:// for this machine alone)")
    return value


# ---------------------------------------------------------------- sections


class HttpConfig(Section):
    host: Addresses = LOOPBACK
    port: Port = 8443
    tls: Literal["auto", "files", "off"] = "auto"
    tls_cert: Path | None = None
    tls_key: Path | None = None
    public_names: Annotated[tuple[str, ...], BeforeValidator(split)] = ()
    public_url: Annotated[str, AfterValidator(_origin)] | None = None
    proxies: Annotated[tuple[Network, ...], BeforeValidator(split)] = ()
    metrics_allow: Annotated[tuple[Network, ...], BeforeValidator(split)] = ("127.0.0.0/8", "::1/128")
    pages_dir: Path | None = None

    @model_validator(mode="after")
    def _files_go_together(self) -> HttpConfig:
        if (self.tls == "files") != bool(self.tls_cert and self.tls_key) or bool(self.tls_cert) != bool(self.tls_key):
            raise ValueError('tls = "files" and the settings tls_cert and tls_key need each other')
        return self


class IceServer(Section):
    url: Annotated[str, Field(pattern=r"^(stun|turn)s?:[^\s<>\"]+$")]
    username: Annotated[str, Field(pattern=r'^[^"\r\n]*$')] = ""
    credential: Annotated[str, Field(pattern=r'^[^"\r\n]*$', repr=False)] = ""


class MediaConfig(Section):
    host: Addresses = LOOPBACK
    port: Port = 0
    announce: Annotated[tuple[Annotated[str, AfterValidator(_announced)], ...], BeforeValidator(split)] = ()
    video_codecs: Annotated[
        tuple[Literal["VP8", "H264", "VP9", "AV1"], ...], BeforeValidator(split), Field(min_length=1)
    ] = ("VP8", "H264", "VP9", "AV1")
    consent_timeout_s: Annotated[float, Field(ge=5, le=600)] = 30.0
    history_video_packets: Annotated[int, Field(ge=256, le=32768)] = 2048
    history_audio_packets: Annotated[int, Field(ge=64, le=32768)] = 512
    replay_max_packets: Annotated[int, Field(ge=0, le=32768)] = 768
    replay_max_age_ms: Annotated[int, Field(ge=0, le=60_000)] = 5_000
    threads: Annotated[int, Field(ge=1, le=64)] = 1
    max_sessions: Annotated[int, Field(ge=1)] = 1000
    max_peers_per_room: Annotated[int, Field(ge=1)] = 500
    min_publish_bitrate: Annotated[int, Field(ge=10_000)] = 200_000
    max_publish_bitrate: Annotated[int, Field(ge=10_000)] = 6_000_000
    keyframe_min_interval_ms: Annotated[int, Field(ge=50, le=10_000)] = 500
    plane: Literal["auto", "reference", "native"] = "auto"
    ice_servers: Annotated[tuple[IceServer, ...], BeforeValidator(split)] = ()

    @model_validator(mode="after")
    def _rates_in_order(self) -> MediaConfig:
        if self.min_publish_bitrate > self.max_publish_bitrate:
            raise ValueError("min_publish_bitrate is above max_publish_bitrate")
        return self

    def settings(self) -> MediaSettings:
        """The plain object that the media server takes (ICE servers are for `Link` headers alone)."""
        values = self.model_dump(exclude={"ice_servers"})
        values["announce"] = tuple(parse_announced(item) for item in self.announce)
        return MediaSettings(**values)


class TokensConfig(Section):
    secret_file: Path | None = None
    hours: Annotated[float, Field(gt=0, le=24 * 366)] = 12.0


class DatabaseConfig(Section):
    url: Annotated[SecretStr, AfterValidator(_database)] | None = None


class Question(Section):
    """One line of the form after a lesson."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
    zh: Annotated[str, Field(min_length=1, max_length=100)]
    en: Annotated[str, Field(min_length=1, max_length=100)]
    kind: Literal["stars", "yesno", "text"]


def _different(questions: tuple[Question, ...]) -> tuple[Question, ...]:
    if len({question.id for question in questions}) < len(questions):
        raise ValueError("two questions have the same id")
    return questions


class BellConfig(Section):
    capacity_classrooms: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    open_before_minutes: Annotated[int, Field(ge=0, le=120)] = 10
    grace_minutes: Annotated[int, Field(ge=0, le=120)] = 10
    tick_s: Annotated[float, Field(ge=0.05, le=60)] = 1.0
    lease_s: Annotated[float, Field(ge=3, le=300)] = 10.0
    evidence_s: Annotated[float, Field(ge=1, le=600)] = 30.0
    rating_days: Annotated[int, Field(ge=1, le=365)] = 7
    questions: Annotated[
        tuple[Question, ...], BeforeValidator(split), Field(max_length=20), AfterValidator(_different)
    ] = ()

    def rules(self) -> Rules:
        """The plain object that bookings take."""
        return Rules(capacity=self.capacity_classrooms, grace_s=self.grace_minutes * 60)


class OidcConfig(Section):
    issuer: Annotated[str, Field(max_length=200), AfterValidator(_issuer)] | None = None
    client_id: Annotated[str, Field(min_length=1)] | None = None
    client_secret: SecretStr | None = None
    scopes: Annotated[tuple[str, ...], BeforeValidator(split)] = ("openid", "profile")
    create: bool = False
    school: Annotated[str, Field(pattern=r"^[0-9a-z]{16}$")] | None = None

    @model_validator(mode="after")
    def _go_together(self) -> OidcConfig:
        if (self.issuer is None) != (self.client_id is None):
            raise ValueError("the settings issuer and client_id need each other")
        if "openid" not in self.scopes:
            raise ValueError('scopes must hold "openid"')
        return self


class WebhooksConfig(Section):
    allow: Annotated[tuple[Network, ...], BeforeValidator(split)] = ()


class BoxesConfig(Section):
    at_once: Annotated[int, Field(ge=0, le=500)] = 20


class LogConfig(Section):
    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["console", "json"] = "console"


class Config(BaseSettings):
    """All settings. Environment variables win over what the constructor is given."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, env_nested_delimiter="__", enable_decoding=False, extra="forbid", frozen=True
    )

    data_dir: Path = Path("var")
    http: HttpConfig = HttpConfig()
    media: MediaConfig = MediaConfig()
    tokens: TokensConfig = TokensConfig()
    database: DatabaseConfig = DatabaseConfig()
    bell: BellConfig = BellConfig()
    oidc: OidcConfig = OidcConfig()
    webhooks: WebhooksConfig = WebhooksConfig()
    boxes: BoxesConfig = BoxesConfig()
    recorder: RecorderConfig = RecorderConfig()
    redis: RedisConfig = RedisConfig()
    log: LogConfig = LogConfig()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return env_settings, init_settings

    @property
    def secret_file(self) -> Path:
        return self.tokens.secret_file or self.data_dir / "token-secret"

    @property
    def database_url(self) -> str:
        """With its password: for `Database` alone."""
        if self.database.url is not None:
            return self.database.url.get_secret_value()
        return f"{SQLITE}{self.data_dir / 'tongke.sqlite3'}"

    @property
    def tls_dir(self) -> Path:
        return self.data_dir / "tls"

    @property
    def recording_dir(self) -> Path:
        """Where recordings are written while lessons go on."""
        return self.recorder.folder or self.data_dir / "recording"

    @property
    def library_url(self) -> str:
        """Where finished files are kept."""
        return self.recorder.files or f"file://{(self.data_dir / 'library').resolve()}"

    @property
    def import_dir(self) -> Path:
        """Where files lie that a list of resources names."""
        return self.data_dir / "import"

    @property
    def models_dir(self) -> Path:
        return self.data_dir / "models"

    @property
    def index_dir(self) -> Path:
        """What is searched; made again from the database by a command."""
        return self.data_dir / "index"


PATH_SETTINGS = (
    "data_dir",
    "http.tls_cert",
    "http.tls_key",
    "http.pages_dir",
    "tokens.secret_file",
    "recorder.folder",
    "recorder.model",
)


def setting_names() -> list[str]:
    """Dotted names of every setting, in the order of the file."""
    return list(_names(Config))


def _names(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            yield from _names(field.annotation, f"{prefix}{name}.")
        else:
            yield prefix + name


# ---------------------------------------------------------------- loading


def load(path: Path | str | None = None, environ: Mapping[str, str] | None = None) -> Config:
    """Read `path` (default: `tongke.toml` here, where it exists) and the environment.

    :param environ: only looked through for unknown names; values are read from `os.environ`.
    :raises ConfigError: one sentence that names the file or the setting and says what to do.
    """
    if path is None and Path(DEFAULT_FILE).is_file():
        path = DEFAULT_FILE
    document = _read(Path(path)) if path is not None else {}
    _refuse_unknown_variables(os.environ if environ is None else environ)
    try:
        return Config(**document)
    except ValidationError as error:
        raise ConfigError(_sentence(error, str(path) if path else "")) from None
    except ValueError as error:  # pydantic-settings wraps what it cannot parse
        raise ConfigError(f"The environment holds a setting that cannot be read: {error}.") from None


def _read(path: Path) -> dict[str, Any]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"There is no configuration file {path}; name an existing one with --config.") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigError(f"The configuration file {path} cannot be read: {reason}.") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"The configuration file {path} is not valid TOML: {error}.") from None
    for name in PATH_SETTINGS:
        section, _, key = name.rpartition(".")
        table = document.get(section, {}) if section else document
        if isinstance(table, dict) and isinstance(table.get(key), str):
            table[key] = os.path.normpath(path.parent / table[key])
    database = document.get("database")
    if isinstance(database, dict) and isinstance(database.get("url"), str) and database["url"].startswith(SQLITE):
        database["url"] = SQLITE + os.path.normpath(path.parent / database["url"].removeprefix(SQLITE))
    return document


def variable(name: str) -> str:
    """`http.port` → `TONGKE_HTTP__PORT`."""
    return ENV_PREFIX + name.upper().replace(".", "__")


def _refuse_unknown_variables(environ: Mapping[str, str]) -> None:
    known = {variable(name) for name in setting_names()} | {variable(section) for section in Config.model_fields}
    for name in sorted(environ):
        if name.upper().startswith(ENV_PREFIX) and name.upper() not in known:
            raise ConfigError(f"The environment variable {name} is no setting{_closest(name.upper(), sorted(known))}.")


def _closest(name: str, known: list[str]) -> str:
    """`; did you mean X?` without the question mark, so that the sentence ends as a sentence."""
    lower = {item.lower(): item for item in known}
    # A key put into the wrong section is as common a mistake as a misspelt one.
    same_key = [item for item in known if item.lower().rpartition(".")[2] == name.lower().rpartition(".")[2]]
    near = same_key or [lower[hit] for hit in difflib.get_close_matches(name.lower(), lower, n=1, cutoff=0.0)]
    return f"; the closest known one is {near[0]}" if near else ""


def _sentence(error: ValidationError, file: str) -> str:
    first = error.errors(include_url=False)[0]
    name = ".".join(str(part) for part in first["loc"] if not isinstance(part, int))
    where = f"In {file}: " if file else ""
    if any(variable(name) == key.upper() for key in os.environ):
        where = f"In the environment variable {variable(name)}: "
    if first["type"] == "extra_forbidden":
        known = [
            *Config.model_fields,
            *setting_names(),
            *(f"media.ice_servers.{key}" for key in IceServer.model_fields),
            *(f"bell.questions.{key}" for key in Question.model_fields),
        ]
        return f"{where}there is no setting {name}{_closest(name, known)}."
    if first["type"] == "missing":
        return f"{where}the setting {name} is missing."
    reason = first["msg"].removeprefix("Value error, ")
    reason = reason[0].lower() + reason[1:]
    return f"{where}{name} cannot be {_shown(name, first['input'])}: {reason}."


def _shown(name: str, value: Any) -> str:
    if (
        "credential" in name
        or name in ("database.url", "oidc.client_secret", "recorder.command", "redis.url")
        or isinstance(value, dict | BaseModel)
    ):
        return "used as it is"
    return repr(value)
