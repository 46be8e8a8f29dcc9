"""Settings of recordings, of the work after the bell, and of the library."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from signalling.config_parts import Section

_FILES = re.compile(r"(file:///|s3://[^/\s]+|memory://)\S*")
_REDIS = re.compile(r"(rediss?|unix)://\S+")


def _files(value: str) -> str:
    if not _FILES.fullmatch(value):
        raise ValueError("write file:///path or s3://bucket/prefix")
    return value


def _models(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("write https://host/path, {file} in it where it is a pattern")
    return value


def _redis(value: SecretStr) -> SecretStr:
    if not _REDIS.fullmatch(value.get_secret_value()):
        raise ValueError("write redis://host:port/number")
    return value


def _command(value: Any) -> Any:
    """A list, in the environment as JSON: an option may hold commas."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise ValueError('write a list, such as ["ssh", "-T", "recorder1", "tongke", "recorder"]') from None


Word = Annotated[str, Field(min_length=1, max_length=4096, pattern=r"^[^\x00]*$")]


class RecorderConfig(Section):
    enabled: bool = True
    folder: Path | None = None
    command: Annotated[tuple[Word, ...], BeforeValidator(_command), Field(max_length=100, repr=False)] = ()
    shared: bool = False
    files: Annotated[str, AfterValidator(_files)] | None = None
    workers: Annotated[int, Field(ge=0, le=64)] = 1
    nice: Annotated[int, Field(ge=0, le=19)] = 10
    model: Path | None = None
    models_url: Annotated[str, AfterValidator(_models)] | None = None
    device: Literal["auto", "cpu", "cuda"] = "auto"
    captions: bool = False
    captions_at_once: Annotated[int, Field(ge=1, le=64)] = 2
    keep_days: Annotated[int, Field(ge=0, le=36_500)] = 0
    keep_parts_days: Annotated[int, Field(ge=0, le=3_650)] = 7
    max_upload_mb: Annotated[int, Field(ge=1, le=100_000)] = 4_000


class RedisConfig(Section):
    url: Annotated[SecretStr, AfterValidator(_redis)] | None = None
