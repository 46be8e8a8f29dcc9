"""Who may touch what, and how long a file may get (docs/architecture.md)."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("mediaserver", "signalling", "recorder")
MAX_LINES = 449

IMPURE = frozenset(
    """
    asyncio concurrent ctypes datetime fcntl http io logging mmap multiprocessing os pathlib queue random sched
    secrets select selectors shutil signal socket socketserver sqlite3 ssl subprocess tempfile threading time urllib
    """.split()
)
"""Standard modules with a clock, a socket, a file, a thread or chance in them."""

MEDIA_ENGINES = frozenset(("aiortc", "aioice", "pylibsrtp", "av", "numpy", "cv2", "faster_whisper", "OpenSSL"))


@dataclass(frozen=True)
class Rule:
    """What the files matching `files` may import; of several rules the first that matches holds.

    :ivar project: own modules and what is below them.
    :ivar others: packages of others; None means all but `refused`.
    :ivar refused: modules that are refused although they would be allowed otherwise.
    """

    files: str
    project: tuple[str, ...]
    others: frozenset[str] | None = frozenset()
    refused: frozenset[str] = field(default_factory=frozenset)

    def allows(self, module: str) -> bool:
        top = module.partition(".")[0]
        if top in self.refused:
            return False
        if top in PACKAGES:
            return any(module == name or module.startswith(name + ".") for name in self.project)
        return top in sys.stdlib_module_names or self.others is None or top in self.others


PURE = ("mediaserver.rtp", "mediaserver.sfu")
NET = ("mediaserver.api", "mediaserver.settings", "mediaserver.net", "mediaserver.plane", *PURE)

ROOMS = (
    "signalling.config",
    "signalling.lessons",
    "signalling.messages",
    "signalling.metrics",
    "signalling.rooms",
    "signalling.tokens",
)

RULES = (
    Rule("mediaserver/rtp/*", ("mediaserver.rtp",), refused=IMPURE),
    Rule("mediaserver/sfu/*", PURE, refused=IMPURE),
    Rule("mediaserver/plane/*", ("mediaserver.plane", "mediaserver.rtp")),
    # The seams: everything foreign that the media server touches.
    Rule("mediaserver/net/dtls.py", NET, frozenset(("aiortc", "pylibsrtp", "OpenSSL"))),
    Rule("mediaserver/net/addresses.py", NET, frozenset(("ifaddr",))),
    Rule("mediaserver/net/*", NET),
    Rule("mediaserver/*", ("mediaserver.api",)),
    # Clients of the server, and the place where the parts are put together.
    Rule("signalling/client/*", PACKAGES, None, frozenset(("redis",))),
    Rule("signalling/cli/*", PACKAGES, None, frozenset(("redis",))),
    Rule(
        "signalling/timetable/*",
        ("mediaserver.api", "signalling.timetable"),
        refused=IMPURE - {"datetime"},
    ),
    Rule(
        "signalling/booking/*",
        ("mediaserver.api", "signalling.booking", "signalling.db", "signalling.timetable"),
        frozenset(("sqlalchemy",)),
        IMPURE - {"datetime"},
    ),
    Rule(
        "signalling/people/roles.py",
        (),
        refused=IMPURE,
    ),
    Rule(
        "signalling/people/*",
        (
            "mediaserver.api",
            "signalling.access",
            "signalling.bodies",
            "signalling.config",
            "signalling.db",
            "signalling.people",
            "signalling.places.coming",
        ),
        frozenset(("aiohttp", "argon2", "joserfc", "limits", "pydantic", "sqlalchemy", "structlog")),
    ),
    Rule("signalling/bell/attendance.py", ("signalling.bell.figures",), refused=IMPURE),
    Rule("signalling/bell/figures.py", (), refused=IMPURE),
    Rule("signalling/bell/steady.py", (), refused=IMPURE),
    Rule(
        "signalling/bell/*",
        ("mediaserver.api", "signalling.bell", "signalling.booking", "signalling.db", "signalling.timetable", *ROOMS),
        frozenset(("sqlalchemy", "structlog")),
    ),
    Rule("signalling/config_parts.py", (), frozenset(("pydantic",))),
    Rule("signalling/config_recorder.py", ("signalling.config_parts",), frozenset(("pydantic",))),
    Rule("signalling/hooks/schedule.py", (), refused=IMPURE - {"random"}),
    Rule("signalling/hooks/signature.py", (), refused=IMPURE - {"secrets"}),
    Rule(
        "signalling/hooks/*",
        (
            *("mediaserver.api", "signalling.bell.holder", "signalling.bell.lease", "signalling.bell.pulse"),
            *("signalling.booking", "signalling.db", "signalling.devices.keys", "signalling.hooks"),
            "signalling.metrics",
        ),
        frozenset(("aiohttp", "sqlalchemy", "structlog")),
    ),
    Rule(
        "signalling/boxes/*",
        (
            *(
                "mediaserver.api",
                "signalling.bell.passes",
                "signalling.bell.pulse",
                "signalling.boxes",
                "signalling.db",
            ),
            *("signalling.devices.keys", "signalling.metrics"),
        ),
        frozenset(("sqlalchemy", "structlog")),
    ),
    Rule("signalling/devices/keys.py", ("mediaserver.api",), frozenset(("cryptography",))),
    Rule(
        "signalling/exchange/*",
        (
            *("mediaserver.api", "signalling.booking", "signalling.db", "signalling.exchange", "signalling.places"),
            *("signalling.timetable", "signalling.library"),
        ),
        frozenset(("holidays", "icalendar", "rich", "sqlalchemy")),
    ),
    Rule(
        "signalling/devices/*",
        (
            *("mediaserver.api", "signalling.access", "signalling.bell", "signalling.booking", "signalling.db"),
            *("signalling.devices", "signalling.people", "signalling.timetable", *ROOMS),
        ),
        frozenset(("aiohttp", "cryptography", "pydantic", "sqlalchemy", "structlog")),
    ),
    Rule(
        "signalling/recording/*",
        (
            *("mediaserver.api", "recorder.manifest", "recorder.spool", "signalling.bell", "signalling.booking"),
            *("signalling.db", "signalling.recording", *ROOMS),
        ),
        frozenset(("sqlalchemy", "structlog")),
    ),
    Rule("signalling/captions/board.py", ("signalling.messages",), refused=IMPURE),
    Rule("signalling/captions/said.py", (), frozenset(("pydantic",)), IMPURE),
    # What decodes and hears runs in a process of its own.
    Rule(
        "signalling/captions/*",
        (
            *("mediaserver.api", "recorder.speech.feed", "recorder.tap", "recorder.wire", "signalling.bell.pulse"),
            *("signalling.captions", *ROOMS),
        ),
        frozenset(("structlog",)),
    ),
    Rule("signalling/library/stages.py", (), refused=IMPURE),
    Rule("signalling/library/lines.py", (), refused=IMPURE),
    Rule("signalling/library/queue.py", ("mediaserver.api",), frozenset(("huey", "redis"))),
    # The library's services know manifests, the store and the index; what decodes or recognises runs in workers.
    Rule(
        "signalling/library/*",
        (
            *("mediaserver.api", "recorder.captions", "recorder.manifest", "recorder.retention", "recorder.search"),
            *("recorder.spool", "recorder.stages.keep", "recorder.stages.work", "recorder.store"),
            *("recorder.transcript", "signalling.bell", "signalling.booking", "signalling.db", "signalling.library"),
            *("signalling.people.roles", "signalling.people.scopes", "signalling.timetable", "signalling.metrics"),
            *("recorder.alone", "recorder.extract.kinds", "recorder.files"),
        ),
        frozenset(("sqlalchemy", "structlog", "defusedxml")),
    ),
    Rule(
        "signalling/places/*",
        ("mediaserver.api", "signalling.booking", "signalling.db", "signalling.places", "signalling.timetable"),
        frozenset(("sqlalchemy",)),
        IMPURE - {"datetime"},
    ),
    Rule(
        "signalling/rest/*",
        (
            *("mediaserver.api", "signalling.access", "signalling.bell", "signalling.bodies", "signalling.booking"),
            *("signalling.db", "signalling.devices", "signalling.exchange", "signalling.hooks", "signalling.people"),
            *("signalling.places", "signalling.rest", "signalling.rights", "signalling.timetable", *ROOMS),
            *(
                "recorder.manifest",
                "recorder.search",
                "recorder.transcript",
                "signalling.library",
                "signalling.recording",
            ),
        ),
        frozenset(("aiohttp", "pydantic", "sqlalchemy", "structlog")),
    ),
    Rule("signalling/db/*", ("mediaserver.api", "signalling.db"), frozenset(("alembic", "sqlalchemy"))),
    Rule(
        "signalling/*",
        (
            "mediaserver.api",
            "mediaserver.settings",
            "signalling.bell.passes",
            "signalling.booking.limits",
            "signalling.db",
            "signalling.hooks.webhooks",
            "signalling.devices",
            "signalling.library",
            "signalling.people",
            "signalling.recording",
            "signalling.rest",
            "signalling.timetable",
            *(f"signalling.{path.stem}" for path in ROOT.glob("signalling/*.py")),
        ),
        None,
        MEDIA_ENGINES | {"redis"},
    ),
    Rule("recorder/frames/*", ("recorder.frames",), refused=IMPURE),
    Rule("recorder/containers/*", ("recorder.containers",), refused=IMPURE),
    Rule("recorder/alignment.py", (), refused=IMPURE),
    Rule("recorder/sync.py", ("recorder.alignment", "recorder.manifest"), refused=IMPURE),
    Rule("recorder/speech/feed.py", ("mediaserver.rtp",), refused=IMPURE),
    Rule("recorder/gaps.py", ("recorder.manifest",), refused=IMPURE),
    Rule("recorder/absence.py", ("recorder.gaps", "recorder.manifest"), refused=IMPURE),
    Rule("recorder/teacher.py", ("recorder.manifest",), refused=IMPURE),
    # What is made of the engine's words; the engine itself is imported by few.
    *(
        Rule(
            f"recorder/speech/{name}.py",
            ("recorder.speech.heard", "recorder.speech.timing", "recorder.stages.work"),
            frozenset(("numpy",)),
            IMPURE,
        )
        for name in ("bias", "clean", "heard", "known", "live", "span", "timing")
    ),
    Rule(
        "recorder/*", ("mediaserver.api", "mediaserver.rtp", "recorder"), None, frozenset(("redis", "aiortc", "aioice"))
    ),
)


def imported(source: str, module: str) -> Iterator[str]:
    """Full names of everything a module imports, inside functions and type checks too.

    `from a import b` gives `a.b`, whether b is a module or not.
    """
    package = module.split(".")[:-1]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*parts, *filter(None, [node.module])])
            yield from (f"{base}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in ("import_module", "__import__") and isinstance(node.args[0].value, str):
                yield node.args[0].value


def rule_for(path: str) -> Rule:
    return next(rule for rule in RULES if fnmatch(path, rule.files))


def trespasses(path: str, source: str) -> list[str]:
    rule = rule_for(path)
    module = path.removesuffix(".py").replace("/", ".")
    return [name for name in imported(source, module) if not rule.allows(name)]


def python_files() -> list[str]:
    return sorted(str(path.relative_to(ROOT)) for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


@pytest.mark.parametrize("path", python_files())
def test_imports_stay_within_their_boundaries(path):
    assert trespasses(path, (ROOT / path).read_text()) == []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("mediaserver/rtp/x.py", "import socket"),
        ("mediaserver/rtp/x.py", "import aiortc"),
        ("mediaserver/rtp/x.py", "from mediaserver.sfu.plan import MediaPlan"),
        ("mediaserver/sfu/x.py", "def f():\n    from time import monotonic"),
        ("mediaserver/sfu/x.py", "from mediaserver.net import server"),
        ("mediaserver/sfu/x.py", "from mediaserver import api"),
        ("mediaserver/sfu/x.py", "from ..net.server import MediaServer"),
        ("mediaserver/plane/x.py", "from mediaserver.sfu.room import Room"),
        ("mediaserver/plane/x.py", "import pylibsrtp"),
        ("mediaserver/net/session.py", "from aiortc import RTCCertificate"),
        ("mediaserver/net/ice.py", "import aioice"),
        ("mediaserver/net/server.py", "import redis.asyncio"),
        ("mediaserver/api.py", "from mediaserver.net.server import MediaServer"),
        ("signalling/rooms.py", "import mediaserver.sfu.room"),
        ("signalling/rooms.py", "from mediaserver import sfu"),
        ("signalling/rooms.py", "from signalling.client.http import SignallingClient"),
        ("signalling/rooms.py", "import importlib\nimportlib.import_module('aiortc.sdp')"),
        ("signalling/cli/serve.py", "import redis"),
        ("signalling/db/x.py", "from signalling.rooms import Rooms"),
        ("signalling/db/x.py", "import aiohttp"),
        ("signalling/people/roles.py", "from signalling.db.people import RoleGrant"),
        ("signalling/people/x.py", "from signalling.rooms import Rooms"),
        ("signalling/people/x.py", "import aiortc"),
        ("signalling/bell/ringing.py", "from signalling.ws import WebSockets"),
        ("signalling/bell/doors.py", "import aiohttp"),
        ("signalling/bell/attendance.py", "import time"),
        ("signalling/bell/attendance.py", "from signalling.rooms import Rooms"),
        ("signalling/app.py", "from signalling.bell.belfry import Belfry"),
        ("signalling/exchange/x.py", "from signalling.people.accounts import Accounts"),
        ("signalling/exchange/x.py", "import aiohttp"),
        ("signalling/boxes/x.py", "import av"),
        ("signalling/boxes/x.py", "from signalling.client.source import Source"),
        ("signalling/hooks/x.py", "from signalling.rooms import Rooms"),
        ("signalling/hooks/schedule.py", "import time"),
        ("signalling/app.py", "from signalling.hooks.courier import Courier"),
        ("signalling/timetable/x.py", "from signalling.db import times"),
        ("signalling/timetable/x.py", "import sqlalchemy"),
        ("signalling/captions/x.py", "import av"),
        ("signalling/captions/x.py", "from recorder.speech.captions import Decoder"),
        ("signalling/captions/board.py", "import time"),
        ("signalling/library/stages.py", "import time"),
        ("signalling/library/x.py", "import redis"),
        ("signalling/library/x.py", "from recorder.stages import finalise"),
        ("signalling/library/queue.py", "from signalling.db.engine import Database"),
        ("signalling/booking/x.py", "from signalling.config import Config"),
        ("signalling/booking/x.py", "import aiohttp"),
        ("signalling/places/x.py", "from signalling.people.roles import TABLE"),
        ("signalling/booking/x.py", "from time import time"),
        ("signalling/timetable/x.py", "from time import time"),
        ("recorder/tap.py", "from mediaserver.plane.history import History"),
        ("recorder/speech/live.py", "from recorder.speech.recogniser import Recogniser"),
        ("recorder/speech/clean.py", "import opencc"),
        ("recorder/speech/span.py", "import time"),
        ("recorder/tap.py", "import signalling"),
    ],
)
def test_a_trespass_is_seen(path, source):
    assert len(trespasses(path, source)) == 1


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("mediaserver/sfu/x.py", "from ..rtp import sdp\nfrom mediaserver.sfu.plan import MediaPlan\nimport re"),
        ("mediaserver/plane/x.py", "import socket\nfrom mediaserver.rtp import packet"),
        ("mediaserver/net/dtls.py", "from aiortc.rtcdtlstransport import RTCDtlsTransport\nimport pylibsrtp"),
        (
            "signalling/rooms.py",
            "from mediaserver import api\nfrom mediaserver.settings import MediaSettings\nimport aiohttp",
        ),
        ("signalling/cli/serve.py", "from mediaserver.net.server import MediaServer"),
        ("signalling/rooms.py", "from signalling.db.engine import Database\nfrom signalling.timetable import slots"),
        ("signalling/db/migrations/env.py", "from alembic import context\nfrom signalling.db.schema import metadata"),
        ("signalling/bell/doors.py", "from signalling import tokens\nfrom signalling.rooms import Rooms\nimport time"),
        ("signalling/timetable/x.py", "import datetime as dt\nfrom zoneinfo import ZoneInfo"),
        ("signalling/booking/x.py", "from signalling.db import audit\nfrom sqlalchemy import select"),
        ("recorder/tap.py", "from mediaserver import api\nimport av\nimport cv2"),
    ],
)
def test_what_is_allowed_passes(path, source):
    assert trespasses(path, source) == []


def source_files() -> list[str]:
    scripts = (ROOT / "client_web" / "src").rglob("*.ts")
    tests = (ROOT / "tests").glob("**/*.py")
    extra = [str(path.relative_to(ROOT)) for path in (*scripts, *tests) if "node_modules" not in path.parts]
    return sorted([*python_files(), *extra])


def test_no_file_grows_past_what_one_can_overlook():
    lengths = {path: len((ROOT / path).read_text().splitlines()) for path in source_files()}
    assert "mediaserver/rtp/sdp.py" in lengths
    assert {path: length for path, length in lengths.items() if length > MAX_LINES} == {}
