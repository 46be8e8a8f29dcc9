"""RTCP in and out, with a plane that only writes down what it is asked for."""

from __future__ import annotations

import pytest

from mediaserver.net.feedback import IDLE_RATE, NACK_CHUNK, START_RATE, Feedback
from mediaserver.net.session import Published, Session
from mediaserver.plane.interface import Stream, StreamStats, TransportStats
from mediaserver.rtp import rtcp
from mediaserver.sfu.grant import BACK_OFF, PublisherRate
from mediaserver.sfu.keyframes import KeyframeArbiter
from mediaserver.sfu.loss import ReceptionReporter
from mediaserver.sfu.ntp import NTP_SECOND, StreamClock
from mediaserver.sfu.room import Room, Slot, Subscriber
from tests.net.bench import PORT
from tests.sfu.rooms import VP8, track

OURS, CAMERA, SLOT = 0xF00D, 0xCA0001, 0xBEEF01


class Plane:
    def __init__(self) -> None:
        self.sent: list[rtcp.Packet] = []
        self.asked: list[tuple[int, list[int]]] = []
        self.reports: list[tuple] = []
        self.gaps: list[tuple[int, int]] = []
        self.stats = StreamStats(CAMERA, 90, 9000, 100, 1234, 5, 1, 127, 1, 1)
        self.path: TransportStats | None = TransportStats(1, 90, 9000, 0, 0)

    def send_rtcp(self, transport: int, data: bytes) -> None:
        assert len(data) < 1200
        self.sent += rtcp.parse(data)

    def retransmit(self, route: int, sequences) -> None:
        self.asked.append((route, list(sequences)))

    def sender_report(self, *call: object) -> None:
        self.reports.append(call)

    def stream_stats(self, stream: int) -> StreamStats:
        return self.stats

    def missing(self, stream: int) -> list[tuple[int, int]]:
        return self.gaps

    def transport_stats(self, transport: int) -> TransportStats | None:
        return self.path

    def feedback(self, kind: type) -> list:
        return [packet for packet in self.sent if isinstance(packet, kind)]


class Bench:
    def __init__(self) -> None:
        self.plane, self.arbiter, self.now = Plane(), KeyframeArbiter(0.5), 100.0
        self.feedback = Feedback(self.plane, self.arbiter, OURS, lambda: int(self.now * NTP_SECOND))
        room = Room("r")
        self.publisher = Session("p", 1, room, "t", "lead", "publish", 0.0, "cname", PORT, connected=True)
        self.camera = Published(
            track("t", "camera"), Stream(7, 1, True, 90_000, {96: "VP8"}), ReceptionReporter(), StreamClock(90_000)
        )
        room.add_track(self.camera.track)
        self.publisher.published = [self.camera]
        self.publisher.rate = PublisherRate(START_RATE, self.now)
        slot = Slot(3, "0", "video", "camera", (VP8,), {}, SLOT, None, playing=self.camera.track)
        self.watcher = Session(
            "w", 2, room, "a", "classroom", "subscribe", 0.0, "cname", PORT, connected=True, nack_budget=256
        )
        self.watcher.subscriber = Subscriber("w", "a", "classroom", [slot])
        self.watcher.slots_by_ssrc = {SLOT: slot}

    def receive(self, session: Session, *packets: bytes) -> None:
        self.feedback.receive(session, rtcp.compound(*packets), self.now)


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.mark.parametrize("data", [b"", b"\x80", b"\x80\xc9\xff\xff", b"\0" * 8, b"\x81\xc8\x00\x00"])
def test_malformed(bench: Bench, data: bytes) -> None:
    bench.feedback.receive(bench.watcher, data, bench.now)
    assert bench.feedback.count["drop_rtcp_malformed"] == 1


def test_nack_is_answered_within_the_budget(bench: Bench) -> None:
    bench.receive(bench.watcher, rtcp.nack(1, SLOT, range(200)))
    bench.receive(bench.watcher, rtcp.nack(1, SLOT, range(200)))
    bench.receive(bench.watcher, rtcp.nack(1, SLOT, [5]), rtcp.nack(1, 0xDEAD, [5]))
    assert [(route, len(asked)) for route, asked in bench.plane.asked] == [(3, 200), (3, 56)]
    count = bench.feedback.count
    assert (count["rtcp_nack_received"], count["drop_nack_budget"], count["drop_rtcp_unknown_ssrc"]) == (401, 145, 1)


def test_keyframe_requests_become_one_wish(bench: Bench) -> None:
    stream = bench.camera.track.stream
    bench.receive(bench.watcher, rtcp.pli(1, SLOT), rtcp.fir(1, SLOT, 9), rtcp.pli(1, 0xDEAD))
    assert (bench.arbiter.waiting, bench.arbiter.merged) == ([stream], 1)
    assert (bench.feedback.count["rtcp_pli_received"], bench.feedback.count["drop_rtcp_unknown_ssrc"]) == (2, 1)
    bench.watcher.subscriber.slots[0].playing = None
    bench.receive(bench.watcher, rtcp.pli(1, SLOT))
    assert bench.arbiter.merged == 1
    bench.receive(bench.publisher, rtcp.pli(1, SLOT))
    assert bench.feedback.count["drop_rtcp_unknown_ssrc"] == 2, "a publisher has no slots"


def test_sender_report_is_moved_to_our_clock(bench: Bench) -> None:
    theirs = 5 * NTP_SECOND
    bench.receive(bench.publisher, rtcp.sender_report(CAMERA, theirs, 90_000, 1, 1))
    assert bench.plane.reports == [(7, int(bench.now * NTP_SECOND), 90_000)]
    bench.receive(bench.publisher, rtcp.sender_report(0xCA0002, theirs, 1, 1, 1))
    assert len(bench.plane.reports) == 1, "RTX streams report too"
    bench.now += 2
    bench.feedback.started(bench.camera, 3)
    assert bench.plane.reports[1] == (7, int(bench.now * NTP_SECOND), 90_000 + 180_000, 3)


def test_route_that_starts_before_any_report(bench: Bench) -> None:
    bench.feedback.started(bench.camera, 3)
    assert bench.plane.reports == []


def test_missing_packets_are_asked_for_in_pieces(bench: Bench) -> None:
    bench.plane.gaps = [(0x10000 + 2 * number * 17, int((bench.now - 0.1) * 1e6)) for number in range(512)]
    assert bench.feedback.ask_missing(bench.publisher, bench.camera, bench.now)
    requests = bench.plane.feedback(rtcp.Nack)
    assert [len(request.sequences) for request in requests] == [NACK_CHUNK, NACK_CHUNK]
    assert {request.media_ssrc for request in requests} == {CAMERA}
    assert len(bench.plane.feedback(rtcp.ReceiverReport)) == 2, "a report goes before (RFC 3550 §6.1)"
    assert bench.feedback.count["rtcp_nack_sent"] == 512
    bench.plane.gaps = []
    assert not bench.feedback.ask_missing(bench.publisher, bench.camera, bench.now)


def test_report_and_grant(bench: Bench) -> None:
    bench.publisher.room.set_lead("t")
    bench.feedback.report(bench.publisher, least=200_000, most=6_000_000, now=bench.now)
    report, description, grant = bench.plane.sent
    assert report.reports[0] == rtcp.ReportBlock(CAMERA, 25, 10, 1234, 5, 0, 0)
    assert description.cnames == ((OURS, "cname"),)
    assert grant.ssrcs == (CAMERA,) and grant.bitrate == pytest.approx(START_RATE, rel=0.01)
    bench.publisher.room.set_lead("another")
    bench.feedback.report(bench.publisher, least=200_000, most=6_000_000, now=bench.now)
    assert bench.publisher.granted == IDLE_RATE
    bench.plane.sent.clear()
    bench.plane.stats = None
    bench.feedback.report(bench.publisher, least=200_000, most=6_000_000, now=bench.now)
    assert bench.plane.sent == [], "nothing to say before the first packet"
    assert not bench.feedback.ask_missing(bench.publisher, bench.camera, bench.now)
    bench.feedback.request_keyframe(bench.publisher, bench.camera)
    assert bench.plane.sent == []


def test_grant_follows_the_path(bench: Bench) -> None:
    bench.publisher.room.set_lead("t")
    bench.plane.path = TransportStats(1, 90, 9000, 0, 0, overused_us=int(bench.now * 1e6), overused_rate=800_000)
    bench.feedback.report(bench.publisher, least=200_000, most=6_000_000, now=bench.now)
    assert bench.publisher.granted == BACK_OFF * 800_000
    assert bench.plane.feedback(rtcp.Remb)[-1].bitrate == pytest.approx(BACK_OFF * 800_000, rel=0.01)
    bench.plane.path = None
    bench.plane.sent.clear()
    bench.feedback.report(bench.publisher, least=200_000, most=6_000_000, now=bench.now + 1)
    assert bench.plane.sent == [], "it has left"


def test_goodbye_names_the_slots(bench: Bench) -> None:
    bench.feedback.goodbye(bench.watcher)
    bench.feedback.goodbye(bench.publisher)
    bench.watcher.connected = False
    bench.feedback.goodbye(bench.watcher)
    (bye,) = bench.plane.feedback(rtcp.Goodbye)
    assert bye.ssrcs == (SLOT,)
