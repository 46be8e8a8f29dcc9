"""Structured logs on standard error: coloured lines for people or one JSON object per line.

Whatever is logged, here or in a library, passes `redact` first: tokens, ICE passwords and
credentials never reach a log, not even inside the trace of a bug.
"""

from __future__ import annotations

import logging
import re
import sys
from typing import Any, TextIO

import structlog
from aiohttp.http_exceptions import HttpProcessingError
from structlog.typing import EventDict, Processor, WrappedLogger

HIDDEN = "[hidden]"
_SECRET_KEYS = re.compile(
    r"(^|_)(token|secret|password|passwd|pwd|credential|credentials|authorization|cookie)$", re.IGNORECASE
)
_SECRET_TEXT = re.compile(
    r"""
      (?P<jwt>eyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*)
    | (?P<bearer>(?i:bearer)\s+)[^\s"',]+
    | (?P<hook>whsec_)[A-Za-z0-9+/=]+
    | (?P<login>://[^\s/:@]*:)[^\s/@]+(?=@)
    | (?P<pwd>(?i:a=)?(?i:ice-pwd|ice-ufrag|crypto):)[^\s"'\\]+
    | (?P<pair>(?i:credential|password|token)["']?\s*[=:]\s*["']?)[^\s"'&,;)}]+
    | (?P<path>/(?i:whip|whep)/[A-Za-z0-9_-]{1,64}/)[A-Za-z0-9_-]{8,}
    """,
    re.VERBOSE,
)


def scrub(text: str) -> str:
    """Replace everything in a text that opens a room or a transport."""

    def hide(found: re.Match[str]) -> str:
        kept = next((value for name, value in found.groupdict().items() if name != "jwt" and value), "")
        return kept + HIDDEN

    return _SECRET_TEXT.sub(hide, text)


def _scrubbed(key: str, value: Any) -> Any:
    if _SECRET_KEYS.search(key):
        return HIDDEN
    if isinstance(value, str):
        return scrub(value)
    if isinstance(value, dict):
        return {k: _scrubbed(str(k), v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_scrubbed("", item) for item in value]
    if isinstance(value, bool | int | float) or value is None:
        return value
    return scrub(repr(value))


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """structlog processor: the last one before rendering."""
    for key in list(event):
        if not key.startswith("_"):
            event[key] = _scrubbed(key, event[key])
    return event


def _not_malformed(record: logging.LogRecord) -> bool:
    """What is not HTTP is answered 400; scanners would otherwise fill the log with traces."""
    kind = record.exc_info[0] if isinstance(record.exc_info, tuple) else None
    return kind is None or not issubclass(kind, HttpProcessingError)


def configure(level: str = "info", form: str = "console", stream: TextIO | None = None) -> None:
    """Send structlog's and the standard library's records the same way.

    :param level: `debug`, `info`, `warning` or `error`.
    :param form: `console` or `json`.
    """
    stream = stream or sys.stderr
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=form == "json"),
        structlog.processors.StackInfoRenderer(),
    ]
    renderer: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=stream.isatty(), pad_event_to=0)
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                redact,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    for old in root.handlers[:]:
        if isinstance(old.formatter, structlog.stdlib.ProcessorFormatter):
            root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    logging.getLogger("aiohttp.server").addFilter(_not_malformed)
    # One line per packet or per STUN check helps nobody who reads a server's log; one per statement has what is in it.
    for noisy in ("aioice", "aiortc", "aiosqlite", "asyncio"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))
