"""Routes and their rules, headers, pages, problems, metrics and logs of the composed application."""

from __future__ import annotations

import asyncio
import contextlib
import io
import ipaddress
import json
import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import structlog
from yarl import URL

from mediaserver import api
from signalling import access, app, logs, pages
from signalling.access import RULES, Rule
from signalling.metrics import CLOSE_REASONS, Metrics
from signalling.rest.rooms import MAX_PREFLIGHT
from tests.signalling.conftest import School
from tests.signalling.fakes import OFFER

ROOT = Path(__file__).parents[2]


class TestRules:
    async def test_every_route_has_a_rule_and_keeps_it(self, school: School) -> None:
        application = school.server.signalling.app
        rules = application[RULES]
        routes = list(application.router.routes())
        assert set(routes) == set(rules) and len(routes) > 15
        for route in routes:
            assert route.resource is not None
            path = re.sub(r"\{.*?\}", "r1", route.resource.canonical)
            async with school.http.request(route.method, path) as response:
                if rules[route] in (Rule.TOKEN, Rule.PERSON, Rule.DEVICE):
                    assert response.status == 401, route
                elif rules[route] is Rule.HELLO:
                    assert response.status == 400, route  # not a WebSocket request
                elif rules[route] is Rule.STRANGER:
                    assert response.status in (200, 201, 400, 404), route  # nothing that one could sign in with
                else:
                    assert response.status in (200, 204, 404, 503), route

    async def test_public_routes_are_these_alone(self, school: School) -> None:
        rules = school.server.signalling.app[RULES]
        public = {(route.method, route.resource.canonical) for route, rule in rules.items() if rule is Rule.PUBLIC}  # type: ignore[union-attr]
        pages = ["/", "/studio", "/classroom", "/assistant", "/login", "/home", "/admin", "/timetable"]
        pages += ["/lesson", "/ledger", "/school"]
        readable = [*pages, "/assets/{file}", "/{file}", "/healthz", "/readyz", "/ca.crt"]
        readable.append("/api/v1/openapi.json")
        feeds = ("person/{token}", "classroom/{classroom}/{token}", "school/{school}/{token}")
        readable += [f"/api/v1/feeds/{path}.ics" for path in feeds]
        readable += ["/oai", "/feeds/library/{place}.rss"]
        options = ["/whip/{room}", "/whip/{room}/{session}", "/whep/{room}", "/whep/{room}/{session}"]
        assert public == {(verb, path) for verb in ("GET", "HEAD") for path in readable} | {
            *(("OPTIONS", path) for path in options),
            ("POST", "/oai"),
        }

    async def test_metrics_are_for_the_listed_networks(self, open_school: Callable[..., Any]) -> None:
        here = await open_school()
        assert (await here.http.get("/metrics")).status == 200
        elsewhere = await open_school(http={"metrics_allow": ["192.0.2.0/24", "2001:db8::/32"]})
        refused = await elsewhere.http.get("/metrics", headers={"X-Forwarded-For": "192.0.2.1"})
        assert refused.status == 403 and (await refused.json())["code"] == "forbidden_address"

    @pytest.mark.parametrize(
        ("remote", "within"),
        [("192.0.2.9", True), ("::ffff:192.0.2.9", True), ("198.51.100.1", False), ("::1", False), (None, False)],
    )
    def test_networks(self, remote: str | None, within: bool) -> None:
        assert access._within(remote, [ipaddress.ip_network("192.0.2.0/24")]) is within


class TestPages:
    @pytest.fixture
    def built(self, tmp_path: Path) -> Path:
        directory = tmp_path / "dist"
        (directory / "assets").mkdir(parents=True)
        for name in pages.PAGES.values():
            (directory / name).write_text(f"<!doctype html>{name}")
        (directory / "assets" / "studio-abc123.js").write_text("export {};")
        (directory / "icon.svg").write_text("<svg/>")
        (tmp_path / "secret.txt").write_text("secret")
        (directory / "link.txt").symlink_to(tmp_path / "secret.txt")
        return directory

    async def test_pages_and_assets(self, open_school: Callable[..., Any], built: Path) -> None:
        school = await open_school(http={"pages_dir": str(built)})
        for path, name in pages.PAGES.items():
            page = await school.http.get(path)
            assert page.status == 200 and page.content_type == "text/html" and (await page.text()).endswith(name)
            assert page.headers["Cache-Control"] == "no-cache"
            again = await school.http.get(path, headers={"If-None-Match": page.headers["ETag"]})
            assert again.status == 304
        asset = await school.http.get("/assets/studio-abc123.js")
        assert asset.headers["Cache-Control"] == pages.IMMUTABLE and "javascript" in asset.content_type
        assert (await school.http.get("/icon.svg")).headers["Cache-Control"] == "no-cache"
        assert (await school.http.head("/studio")).status == 200

    @pytest.mark.parametrize(
        "path",
        [
            "/assets/../secret.txt",
            "/assets/%2e%2e/%2e%2e/secret.txt",
            "/assets/%00",
            f"/assets/{'x' * 5000}",
            "/link.txt",
            "/..",
            "/assets",
            "/assets/",
            "/nothing.js",
            "/.vite/manifest.json",
        ],
    )
    async def test_nothing_else(self, open_school: Callable[..., Any], built: Path, path: str) -> None:
        school = await open_school(http={"pages_dir": str(built)})
        address = URL(f"http://127.0.0.1:{school.server.port}{path}", encoded=True)
        async with aiohttp.ClientSession() as http, http.get(address) as response:
            assert response.status == 404
            assert response.content_type == "application/problem+json"

    async def test_clear_words_before_the_build(self, open_school: Callable[..., Any], tmp_path: Path) -> None:
        school = await open_school(http={"pages_dir": str(tmp_path / "nothing")})
        page = await school.http.get("/classroom")
        assert page.status == 503 and "make demo" in await page.text()


class TestHeaders:
    async def test_security_headers_on_every_answer(self, school: School) -> None:
        for path in ("/", "/healthz", "/nothing", "/whip/r1", "/metrics", "/api/v1/rooms"):
            headers = (await school.http.get(path)).headers
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Referrer-Policy"] == "no-referrer"
            policy = headers["Content-Security-Policy"]
            assert "script-src 'self';" in policy and "frame-ancestors 'none'" in policy
            assert f"connect-src 'self' ws://127.0.0.1:{school.server.port} " in policy

    async def test_odd_host_headers_do_not_get_into_the_policy(self, school: School) -> None:
        answer = await school.http.get("/healthz", headers={"Host": "x; script-src *"})
        assert "connect-src 'self';" in answer.headers["Content-Security-Policy"]

    async def test_cors_only_where_other_origins_talk(self, school: School) -> None:
        assert (await school.http.post("/whip/r1")).headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Origin" not in (await school.http.get("/healthz")).headers


class TestProblems:
    async def test_aiohttps_own_refusals(self, school: School) -> None:
        for method, path, status, code in (
            ("GET", "/nothing/here", 404, "not_found"),
            ("PUT", "/healthz", 405, "method_not_allowed"),
            ("PROPFIND", "/healthz", 405, "method_not_allowed"),
        ):
            answer = await school.http.request(method, path)
            assert (answer.status, answer.content_type) == (status, "application/problem+json")
            document = await answer.json()
            assert document["code"] == code and document["title"] and document["detail"].endswith(".")

    async def test_a_bug_has_an_id_that_the_log_has_too(self, school: School, monkeypatch: pytest.MonkeyPatch) -> None:
        written = io.StringIO()
        with captured(written):

            def broken(*_: Any) -> None:
                raise ZeroDivisionError("a=ice-pwd:geheimgeheimgeheimgeheim")

            monkeypatch.setattr(school.server.signalling.metrics, "render", broken)
            answer = await school.http.get("/metrics")
        document = await answer.json()
        assert (answer.status, document["code"]) == (500, "internal")
        line = next(json.loads(line) for line in written.getvalue().splitlines() if document["id"] in line)
        assert "ZeroDivisionError" in line["exception"] and "geheim" not in written.getvalue()

    async def test_the_media_server_is_not_there(self, school: School) -> None:
        school.server.bus._handler = None
        answer = await school.post("/whep/r1", "staff", OFFER)
        assert (answer.status, (await answer.json())["code"]) == (503, "media_unavailable")
        assert answer.headers["Retry-After"]


class TestRest:
    async def test_preflight(self, school: School) -> None:
        answer = await school.http.post("/api/v1/preflight", data=b"x" * 300_000, headers=school.bearer("classroom"))
        measured = await answer.json()
        assert measured["bytes"] == 300_000 and 0 <= measured["seconds"] < 5
        empty = await school.http.post("/api/v1/preflight", headers=school.bearer("classroom"))
        assert await empty.json() == {"bytes": 0, "seconds": 0.0}

    async def test_preflight_has_a_limit(self, school: School) -> None:
        body = io.BytesIO(b"x" * (MAX_PREFLIGHT + 1))
        answer = await school.http.post("/api/v1/preflight", data=body, headers=school.bearer("lead"))
        assert (answer.status, (await answer.json())["code"]) == (413, "too_large")

    async def test_rooms_are_for_admins(self, school: School) -> None:
        page = await school.joined("lead")
        for role in ("lead", "staff", "supervisor"):
            refused = await school.http.get("/api/v1/rooms", headers=school.bearer(role))
            assert (refused.status, (await refused.json())["code"]) == (403, "forbidden_role")
        listed = await (await school.http.get("/api/v1/rooms", headers=school.bearer("admin", room="other"))).json()
        [room] = listed["rooms"]
        assert (room["room"], room["lesson"]["state"], room["participants"]) == ("r1", "waiting", 1)
        await page.ws.close()


class TestReadiness:
    async def test_ready_until_the_drain(self, school: School) -> None:
        assert (await school.http.get("/healthz")).status == 200
        assert (await school.http.get("/readyz")).status == 200
        await school.server.signalling.drain()
        assert (await school.http.get("/healthz")).status == 200
        draining = await school.http.get("/readyz")
        assert (draining.status, (await draining.json())["code"]) == (503, "draining")
        refused = await school.post("/whip/r1", "lead", OFFER)
        assert (refused.status, (await refused.json())["code"]) == (503, "draining")
        late = await school.page("lead")
        assert await late.closed() == 1012


class TestMetrics:
    async def test_what_is_counted(self, school: School) -> None:
        page = await school.joined("classroom", "c1")
        await school.post("/whip/r1", "lead", OFFER)
        await school.post("/whip/r1", "lead", OFFER, "other")
        await school.http.request("PROPFIND", "/nothing")
        await page.say("stats", delay_ms=150)
        await page.since_now()
        session = school.media.session_of("lead")
        numbers = api.SessionStats("r1", session, "lead", "publish", 30.0, 0.02, 1_500_000)
        school.media.say(api.StatsReported("r1", (numbers,), {"rx_packets": 7, "drop_replay": 2}))
        text = await (await school.http.get("/metrics")).text()
        for line in (
            'tongke_rooms{state="waiting"} 1.0',
            'tongke_sessions{direction="publish"} 1.0',
            'tongke_sessions_opened_total{direction="publish"} 1.0',
            'tongke_sessions_refused_total{code="room_has_lead",direction="publish"} 1.0',
            'tongke_ws_connections{role="classroom"} 1.0',
            'tongke_bitrate{direction="publish"} 1.5e+06',
            'tongke_plane_total{name="drop_replay"} 2.0',
            'tongke_plane_total{name="rx_packets"} 7.0',
            'tongke_loss_ratio_bucket{direction="publish",le="0.02"} 1.0',
            'tongke_rtt_seconds_bucket{direction="publish",le="0.05"} 1.0',
            'tongke_display_delay_seconds_bucket{le="0.2"} 1.0',
            'tongke_http_requests_total{method="other",route="none",status="405"} 1.0',
            'tongke_http_requests_total{method="POST",route="/whip/{room}",status="201"} 1.0',
            "tongke_ready 1.0",
        ):
            assert line in text.splitlines(), line
        for secret in ("r1", "c1", session):
            assert not re.search(rf'"[^"]*\b{secret}\b', text), secret

    def test_reasons_are_bounded(self) -> None:
        metrics = Metrics()
        for reason in (*CLOSE_REASONS, "made up", "made up too"):
            metrics.closed("publish", reason)
        samples = [it for it in metrics.sessions_closed.collect()[0].samples if it.name.endswith("_total")]
        assert {it.labels["reason"] for it in samples} == CLOSE_REASONS | {"other"}

    def test_dashboard_uses_metrics_that_exist(self) -> None:
        dashboard = json.loads((ROOT / "configs" / "grafana-dashboard.json").read_text())
        used: set[str] = set()
        for panel in dashboard["panels"]:
            for target in panel["targets"]:
                used |= set(re.findall(r"\b(?:tongke|process)_[a-z_]+", target["expr"]))
        metrics = Metrics()
        exist: set[str] = set()
        for family in metrics.registry.collect():
            suffixes = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"]}.get(family.type, [""])
            exist |= {family.name + suffix for suffix in suffixes}
        assert len(used) > 10
        assert used <= exist
        assert {name for name in exist if name.startswith("tongke")} - used <= {
            name for name in exist if name.endswith(("_sum", "_count"))
        } | {"tongke_sessions_opened_total", "tongke_ws_received_total"}


def captured(stream: io.StringIO) -> Any:
    """Send JSON logs into a text for the length of a block."""

    @contextlib.contextmanager
    def block() -> Iterator[None]:
        root = logging.getLogger()
        before, level = root.handlers[:], root.level
        logs.configure("debug", "json", stream)
        try:
            yield
        finally:
            root.handlers[:], root.level = before, level
            root.setLevel(level)
            structlog.reset_defaults()

    return block()


class TestLogs:
    async def test_a_lesson_leaves_no_secret_in_the_log(self, school: School) -> None:
        written = io.StringIO()
        with captured(written):
            token = school.server.token("r1", "lead", id="lead")
            answer = await school.post("/whip/r1", "lead", OFFER)
            session = answer.headers["Location"].rpartition("/")[2]
            page = await school.stranger()
            await page.say("hello", v=1, token=token)
            await page.until("welcome")
            await page.ws.close()
            fragment = {**school.bearer("lead"), "Content-Type": "application/trickle-ice-sdpfrag"}
            await school.http.patch(answer.headers["Location"], data=OFFER, headers=fragment)
            await school.http.delete(answer.headers["Location"], headers=school.bearer("lead"))
        text = written.getvalue()
        assert '"event": "publish"' in text and '"event": "joined"' in text
        for secret in (token, token.rpartition(".")[2], session, "clientclientclientclient"):
            assert secret not in text

    def test_every_way_into_the_log_is_redacted(self) -> None:
        written = io.StringIO()
        jwt = "eyJhbGciOiJIUzI1NiJ9.eyJyb29tIjoiciJ9.c2lnbmF0dXJl"
        with captured(written):
            log = structlog.get_logger("t")
            log.info("a", token="geheim", ice_pwd="geheim", inner={"credential": "geheim", "ok": 1}, items=[jwt])
            log.info(f"Bearer geheim and {jwt}")
            log.info("whsec_geheim and rtsp://admin:geheim@10.0.0.9/1", url="rtsp://admin:geheim@10.0.0.9/1")
            logging.getLogger("lib").warning("GET /whip/r1/geheimgeheimgeheim?x token=geheim %s", OFFER)
            log.info("b", sdp=OFFER, server={"urls": "turn:t", "credential": "geheim"}, error=ValueError(jwt))
            try:
                raise ValueError(f"password: geheim, {jwt}")
            except ValueError:
                log.exception("c")
        text = written.getvalue()
        assert "geheim" not in text and "eyJ" not in text and "clientclient" not in text and "clnt" not in text
        lines = [json.loads(line) for line in text.splitlines()]
        assert [line["event"] for line in lines if line["event"] in "abc"] == ["a", "b", "c"]
        assert lines[0]["inner"] == {"credential": logs.HIDDEN, "ok": 1}
        assert lines[0]["level"] == "info" and lines[0]["logger"] == "t" and lines[0]["timestamp"].endswith("Z")

    async def test_scanners_do_not_fill_the_log(self, school: School) -> None:
        written = io.StringIO()
        with captured(written):
            reader, writer = await asyncio.open_connection("127.0.0.1", school.server.port)
            writer.write(b"\x16\x03\x01 what is this\r\n\r\n")
            assert b"400" in await reader.readline()
            writer.close()
            await writer.wait_closed()
        lines = [json.loads(line) for line in written.getvalue().splitlines()]
        assert [line for line in lines if line["logger"] != "signalling.bell"] == []

    def test_ordinary_text_stays(self) -> None:
        for text in ("the lesson began", "a=candidate:1 1 udp 5 192.0.2.1 9 typ host", "/whip/{room}/{session}", "r1"):
            assert logs.scrub(text) == text

    def test_console(self) -> None:
        written = io.StringIO()
        root = logging.getLogger()
        before, level = root.handlers[:], root.level
        try:
            logs.configure("info", "console", written)
            structlog.get_logger("t").info("serving", url="https://localhost")
            structlog.get_logger("t").debug("hidden")
        finally:
            root.handlers[:] = before
            root.setLevel(level)
            structlog.reset_defaults()
        assert "serving" in written.getvalue() and "url=https://localhost" in written.getvalue()
        assert "hidden" not in written.getvalue()


async def test_a_bug_of_ours_does_not_reach_the_media_server(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    page = await school.joined("lead")

    def broken(*_: Any) -> None:
        raise KeyError("broken")

    monkeypatch.setattr(school.server.signalling.metrics, "reported", broken)
    written = io.StringIO()
    with captured(written):
        school.media.say(api.StatsReported("r1", ()))
    assert "KeyError" in written.getvalue()
    school.media.say(api.CalledChanged("r1", "c1"))
    assert (await page.until("called"))["participant"] == "c1"


async def test_a_failing_tick_is_logged_and_the_next_one_comes(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    twice = asyncio.Event()

    async def tick() -> None:
        seen.append(len(seen))
        if len(seen) == 2:
            twice.set()
        raise RuntimeError("tick")

    monkeypatch.setattr(school.server.signalling.rooms, "tick", tick)
    monkeypatch.setattr(app, "TICK_S", 0.001)
    written = io.StringIO()
    with captured(written):
        await asyncio.wait_for(twice.wait(), 5)
    assert "RuntimeError" in written.getvalue()
