"""Descriptions, results, the report's places, and what is reckoned from measurements."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from aioice import stun
from playwright.async_api import async_playwright

from benchmarks import browser, glass, machine, registry, report, results, soak
from benchmarks.grid import Grid
from benchmarks.load import checks, sdp
from mediaserver.rtp import sdp as server_sdp
from mediaserver.rtp.stun import parse_request
from mediaserver.sfu.negotiate import plan_publish, plan_subscribe

LOCAL = sdp.Local(":".join(["AB"] * 32), 5000, "ours", "o" * 24)


class TestDescriptions:
    def test_the_server_takes_our_offers(self) -> None:
        offer = server_sdp.parse(sdp.offer(LOCAL, ("video", "audio"), (11, 22)))
        plan = plan_publish(offer, video_codecs=("VP8", "H264"), sources=frozenset(("camera", "microphone")))
        assert [(media.ssrc, media.codecs[0].pt) for media in plan.media] == [(11, 96), (22, 111)]
        offer = server_sdp.parse(sdp.offer(LOCAL, ("video", "video", "audio")))
        ssrcs = iter(range(1, 10))
        plan = plan_subscribe(offer, video_codecs=("VP8",), allocate=lambda: next(ssrcs))
        assert [media.accepted for media in plan.media] == [True] * 3
        assert plan.media[0].codecs[0].rtx_pt == 97

    def test_reads_what_it_needs(self) -> None:
        text = sdp.offer(LOCAL, ("video",)) + "a=candidate:2 1 udp 1 192.0.2.7 9 typ host\r\n"
        remote = sdp.read(text)
        assert (remote.ufrag, remote.password, remote.setup) == ("ours", "o" * 24, "actpass")
        assert remote.address == ("127.0.0.1", 5000) and remote.fingerprints == (("sha-256", LOCAL.fingerprint),)
        assert sdp.accepts_send_time(remote) and not sdp.accepts_level(remote)

    @pytest.mark.parametrize("missing", ["a=candidate", "a=ice-pwd", "a=setup"])
    def test_says_what_is_missing(self, missing: str) -> None:
        lines = [line for line in sdp.offer(LOCAL, ("video",)).splitlines() if not line.startswith(missing)]
        with pytest.raises(ValueError, match="has no"):
            sdp.read("\r\n".join(lines))


class TestChecks:
    def test_the_server_takes_our_requests(self) -> None:
        request = parse_request(checks.binding_request("ours", "theirs", "secret"))
        assert (request.local, request.remote, request.use_candidate) == ("theirs", "ours", True)
        assert request.authentic("secret") and not request.peer_is_controlled

    def test_answers_are_authentic(self) -> None:
        response = checks.response_to(checks.binding_request("a", "b", "p"), "p", ("127.0.0.1", 9))
        assert response is not None and checks.is_success(response)
        answer = stun.parse_message(response)
        assert answer.check_message_integrity(b"p")
        assert answer.attributes["XOR-MAPPED-ADDRESS"] == ("127.0.0.1", 9)
        assert checks.response_to(response, "p", ("127.0.0.1", 9)) is None


class TestResults:
    def test_are_read_as_they_were_stored(self, tmp_path: Path) -> None:
        assert results.read(tmp_path, "x") is None
        results.store(tmp_path / "new", "x", {"a": "同课"})
        assert results.read(tmp_path / "new", "x") == {"a": "同课"}
        assert [file.name for file in (tmp_path / "new").iterdir()] == ["x.json"]

    def test_the_machine_is_described(self) -> None:
        assert machine.cpu_model("processor\t: 0\nmodel name\t: Some CPU\n") == "Some CPU"
        assert machine.memory_mb("MemTotal:        2048 kB\n") == 2
        described = machine.describe()
        assert described["cores"] >= 1 and "aiortc" in described["packages"]
        json.dumps(described)


class TestReport:
    def test_writes_between_its_marks_alone(self) -> None:
        text = "a\n<!-- join -->\nold\n<!-- /join -->\nb\n<!-- glass -->\n<!-- /glass -->\n"
        made = report.between(text, "join", r"new \1")
        assert made == "a\n<!-- join -->\nnew \\1\n<!-- /join -->\nb\n<!-- glass -->\n<!-- /glass -->\n"
        assert report.between(made, "join", r"new \1") == made
        with pytest.raises(ValueError, match="no place for soak"):
            report.between(text, "soak", "")

    def test_the_document_has_a_place_for_every_benchmark(self) -> None:
        text = report.DOCUMENT.read_text()
        for name in registry.NAMES:
            assert report.between(text, name, "x") != text

    def test_every_stored_result_makes_tables(self) -> None:
        for name in registry.NAMES:
            result = results.read(results.FIGURES, name)
            if result is not None:
                grids = registry.load(name).grids(result)
                assert grids and all(isinstance(grid, Grid) for grid in grids)
                assert report.section(result, grids, []).count("|") > 10


class TestReckoning:
    def test_glass(self) -> None:
        page = {"delays": list(range(101)), "displayed": [], "unread": 3, "width": 640, "freezes": 0, "dropped": 1,
                "buffer_ms": 7.5}  # fmt: skip
        made = glass.digest(page, 10.0)
        assert (made["p50_ms"], made["p95_ms"], made["display_p50_ms"]) == (50, 95, None)
        assert made["shown_per_s"] == 10.1

    def test_growth_is_of_the_second_half(self) -> None:
        joins = np.arange(0, 2000, 10)
        samples = [{"joins": float(n), "kb": 5000.0 * (n < 1000) + 0.25 * n} for n in joins]
        assert soak.growth(samples) == pytest.approx(250)
        assert soak.growth([{"joins": 1.0, "kb": 1.0}] * 4) == 0


@pytest.mark.browser
async def test_the_clock_can_be_read_from_the_picture() -> None:
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=browser.CHROMIUM, args=list(browser.FLAGS))
        page = await chromium.new_page()
        await page.set_content((browser.PAGES / "bench.html").read_text().replace("<script", "<!--").strip())
        await page.add_script_tag(content=(browser.PAGES / "bench.js").read_text(), type="module")
        await page.wait_for_function("window.bench !== undefined")
        values = [0, 1, 4096, 8191, 5461, 8192 + 77]
        read = await page.evaluate(
            """(values) => {
                const canvas = document.getElementById('clock');
                const context = canvas.getContext('2d');
                const read = values.map((value, frame) => {
                    bench.drawClock(context, value, frame);
                    return bench.readClock(canvas, canvas.width);
                });
                context.fillStyle = '#808080';
                context.fillRect(0, 0, 640, 360);
                return [...read, bench.readClock(canvas, canvas.width)];
            }""",
            values,
        )
        await chromium.close()
    assert read == [value % 8192 for value in values] + [None]
