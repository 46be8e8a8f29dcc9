from __future__ import annotations

import struct

from hypothesis import given, settings
from hypothesis import strategies as st

from mediaserver.rtp import rtcp
from mediaserver.rtp.rtcp_types import Goodbye, Nack, ReceiverReport, Remb, ReportBlock, SenderReport, SourceDescription

u8, u16, u32, u64 = (st.integers(0, 2**bits - 1) for bits in (8, 16, 32, 64))
blocks = st.lists(
    st.builds(ReportBlock, u32, u8, st.integers(-(2**23), 2**23 - 1), u32, u32, u32, u32), max_size=31
).map(tuple)
texts = st.text(max_size=60)

packets = st.one_of(
    st.builds(rtcp.sender_report, u32, u64, u32, u32, u32, blocks),
    st.builds(rtcp.receiver_report, u32, blocks),
    st.builds(rtcp.sdes_cname, u32, texts),
    st.builds(rtcp.nack, u32, u32, st.lists(u16, max_size=50)),
    st.builds(rtcp.pli, u32, u32),
    st.builds(rtcp.fir, u32, u32, u8),
    st.builds(rtcp.remb, u32, st.integers(0, 2**40), st.lists(u32, max_size=5)),
    st.builds(rtcp.bye, st.lists(u32, max_size=31), texts),
    st.builds(lambda blocks: _packet(rtcp.XR, 0, b"\0\0\0\1" + blocks), st.binary(max_size=60)),
)
headed = st.builds(
    lambda kind, count, body: _packet(kind, count, body), st.integers(192, 210), st.integers(0, 63), st.binary()
)


def _packet(kind: int, count: int, body: bytes) -> bytes:
    body += bytes(-len(body) % 4)
    return struct.pack("!BBH", 0x80 | count, kind, len(body) // 4) + body


@st.composite
def _damaged(draw: st.DrawFn) -> bytes:
    data = bytearray(b"".join(draw(st.lists(packets, min_size=1, max_size=4))))
    for _ in range(draw(st.integers(1, 4))):
        data[draw(st.integers(0, len(data) - 1))] = draw(u8)
    return bytes(data[: draw(st.integers(0, len(data)))])


@settings(max_examples=500, deadline=None)
@given(st.one_of(_damaged(), st.lists(headed, max_size=3).map(b"".join), st.binary(max_size=200)))
def test_only_rtcp_errors_come_out(data):
    try:
        found = rtcp.parse(data)
    except rtcp.RtcpError:
        return
    assert len(found) <= rtcp.MAX_PACKETS


@settings(deadline=None)
@given(u32, u64, u32, u32, u32, blocks)
def test_reports_round_trip(ssrc, ntp, timestamp, count, octets, reports):
    data = rtcp.sender_report(ssrc, ntp, timestamp, count, octets, reports) + rtcp.receiver_report(ssrc, reports)
    expected = [SenderReport(ssrc, ntp, timestamp, count, octets, reports), ReceiverReport(ssrc, reports)]
    assert rtcp.parse(data) == expected


@given(u32, texts, st.lists(u32, max_size=31).map(tuple))
def test_texts_round_trip(ssrc, text, ssrcs):
    data = rtcp.sdes_cname(ssrc, text) + rtcp.bye(ssrcs, text)
    assert rtcp.parse(data) == [SourceDescription(((ssrc, text),)), Goodbye(ssrcs, text)]


@settings(deadline=None)
@given(st.integers(0, 65535), st.sets(st.integers(0, 400), max_size=80))
def test_nacks_round_trip_in_the_fewest_pairs(start, offsets):
    wanted = {(start + offset) & 0xFFFF for offset in offsets}
    data = rtcp.nack(1, 2, wanted)
    (nack,) = rtcp.parse(data)
    assert isinstance(nack, Nack)
    assert len(nack.sequences) == len(wanted) and set(nack.sequences) == wanted
    fewest, covered = 0, -1
    for offset in sorted(offsets):
        if offset > covered:
            fewest, covered = fewest + 1, offset + 16
    assert len(data) == 12 + 4 * fewest


@given(u32, st.integers(0, 2**40), st.lists(u32, max_size=10).map(tuple))
def test_rembs_round_trip(sender, bitrate, ssrcs):
    (remb,) = rtcp.parse(rtcp.remb(sender, bitrate, ssrcs))
    assert isinstance(remb, Remb)
    assert (remb.sender_ssrc, remb.ssrcs) == (sender, ssrcs)
    assert 0 <= bitrate - remb.bitrate <= bitrate >> 17


@given(st.floats(0, 4_200_000_000))
def test_ntp_round_trips(seconds):
    assert abs(rtcp.unix_from_ntp(rtcp.ntp_from_unix(seconds)) - seconds) < 1e-6
