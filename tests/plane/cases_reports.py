"""Receiver reports and REMB, which the plane reads by itself."""

from __future__ import annotations

import pytest

from mediaserver.plane.interface import Kind
from mediaserver.rtp import rtcp
from tests.plane.helpers import Peer, World

BLOCK = rtcp.ReportBlock(0xBEEF0000 + 300, 64, 9, 1, 7, 0x1234, 0x5678)


class ReadingReports:
    def test_report_of_a_slot(self, world: World) -> None:
        subscriber = Peer(world, 2)
        world.route(subscriber, None)
        assert world.plane.route_stats(300).reported_us == 0
        unknown = rtcp.ReportBlock(0xDEAD, 255, 9, 1, 8, 0, 0)
        subscriber.send_rtcp(rtcp.compound(rtcp.receiver_report(1, [unknown, BLOCK]), rtcp.sdes_cname(1, "display")))
        stats = world.plane.route_stats(300)
        assert (stats.fraction_lost, stats.jitter, stats.lsr, stats.dlsr) == (64, 7, 0x1234, 0x5678)
        assert stats.reported_us == world.now_us
        assert world.take_events() == [] and world.count["rx_reports"] == world.count["rx_rtcp"] == 1

    def test_somebody_elses_slot(self, world: World) -> None:
        subscriber, stranger = Peer(world, 2), Peer(world, 3)
        world.route(subscriber, None)
        stranger.send_rtcp(rtcp.receiver_report(1, [BLOCK]))
        assert world.plane.route_stats(300).reported_us == 0

    @pytest.mark.parametrize("rate", [0, 1, 262_143, 300_000, 2_500_000, 1 << 39, 1 << 45, (1 << 80) - 1])
    def test_estimate(self, world: World, rate: int) -> None:
        peer = Peer(world, 2)
        peer.send_rtcp(rtcp.compound(rtcp.receiver_report(1), rtcp.remb(1, rate, [5])))
        assert world.take_events() == []
        (said,) = [packet for packet in rtcp.parse(rtcp.remb(1, rate, [5])) if isinstance(packet, rtcp.Remb)]
        assert world.plane.transport_stats(2).estimate == min(said.bitrate, 1 << 40)

    @pytest.mark.parametrize(
        "also",
        [rtcp.pli(1, 2), rtcp.nack(1, 2, [3]), rtcp.bye([1]), rtcp.sender_report(1, 2, 3, 4, 5), b"\x80\xcc\0\1abcd"],
        ids=["pli", "nack", "bye", "sr", "app"],
    )
    def test_reports_beside_something_else_are_read_and_handed_over(self, world: World, also: bytes) -> None:
        subscriber = Peer(world, 2)
        world.route(subscriber, None)
        data = rtcp.compound(rtcp.receiver_report(1, [BLOCK]), also)
        subscriber.send_rtcp(data)
        (event,) = world.take_events()
        assert (event.kind, event.data) == (Kind.RTCP, data)
        assert world.plane.route_stats(300).jitter == 7 and world.count["rx_reports"] == 0

    @pytest.mark.parametrize(
        "data",
        [
            b"\x81\xc9\0\1abcd",  # a block is promised and not there
            rtcp.receiver_report(1)[:4] + b"\0\0\0\1\x80\xc9\0\x09",
            rtcp.receiver_report(1) + b"\x40\xc9\0\1abcd",
            rtcp.receiver_report(1) + b"\x80\xc9\0\0",
            b"\x8f\xce\0\4" + bytes(8) + b"REMX" + bytes(4),
            b"\x8f\xce\0\3" + bytes(8) + b"REMB",
        ],
    )
    def test_faults_are_left_to_control(self, world: World, data: bytes) -> None:
        peer = Peer(world, 2)
        peer.send_rtcp(data)
        (event,) = world.take_events()
        assert event.data == data and world.plane.transport_stats(2).estimate == 0
