from __future__ import annotations

import struct

import pytest
from aiortc import rtp as aiortc_rtp

from mediaserver.rtp import rtcp
from mediaserver.rtp.rtcp_types import (
    Dlrr,
    ExtendedReport,
    FullIntraRequest,
    Goodbye,
    Nack,
    PictureLoss,
    ReceiverReport,
    Remb,
    ReportBlock,
    SenderReport,
    SourceDescription,
    Unknown,
)

BLOCK = ReportBlock(
    ssrc=0x11223344, fraction_lost=25, packets_lost=-3, highest_sequence=0x1FFFE, jitter=90, lsr=0xAABBCCDD, dlsr=65536
)


def test_compound_as_a_browser_sends_it():
    data = rtcp.compound(
        rtcp.sender_report(1, 0xE0000000_80000000, 2**32 + 90000, 10, 1000, [BLOCK]),
        rtcp.sdes_cname(1, "课-cname"),
        rtcp.nack(1, 2, [7, 8]),
        rtcp.pli(1, 2),
        rtcp.fir(1, 2, 300),
        rtcp.remb(1, 1_000_000, [2, 3]),
        rtcp.bye([1], "over"),
    )
    assert rtcp.parse(data) == [
        SenderReport(1, 0xE0000000_80000000, 90000, 10, 1000, (BLOCK,)),
        SourceDescription(((1, "课-cname"),)),
        Nack(1, 2, (7, 8)),
        PictureLoss(1, 2),
        FullIntraRequest(1, ((2, 300 & 0xFF),)),
        Remb(1, 1_000_000, (2, 3)),
        Goodbye((1,), "over"),
    ]


def test_another_implementation_reads_what_we_build():
    data = rtcp.compound(
        rtcp.receiver_report(5, [BLOCK]),
        rtcp.sdes_cname(5, "abc"),
        rtcp.nack(5, 6, [100, 101, 117]),
        rtcp.pli(5, 6),
        rtcp.remb(5, 4_160_000, [6]),
        rtcp.bye([5]),
    )
    report, description, nack, pli, remb, bye = aiortc_rtp.RtcpPacket.parse(data)
    (block,) = report.reports
    assert (block.fraction_lost, block.packets_lost, block.highest_sequence) == (25, -3, 0x1FFFE)
    assert description.chunks[0].items == [(1, b"abc")]
    assert nack.lost == [100, 101, 117]
    assert pli.fmt == aiortc_rtp.RTCP_PSFB_PLI
    assert aiortc_rtp.unpack_remb_fci(remb.fci) == (4_160_000, [6])
    assert bye.sources == [5]


def test_we_read_what_another_implementation_builds():
    info = aiortc_rtp.RtcpSenderInfo(ntp_timestamp=1 << 63, rtp_timestamp=2, packet_count=3, octet_count=4)
    chunk = aiortc_rtp.RtcpSourceInfo(ssrc=9, items=[(2, b"name"), (1, b"cname")])
    data = bytes(aiortc_rtp.RtcpSrPacket(ssrc=9, sender_info=info)) + bytes(aiortc_rtp.RtcpSdesPacket(chunks=[chunk]))
    assert rtcp.parse(data) == [SenderReport(9, 1 << 63, 2, 3, 4), SourceDescription(((9, "cname"),))]


def test_extended_reports():
    rrtr = struct.pack("!BxHQ", 4, 2, 0x0123456789ABCDEF)
    dlrr = struct.pack("!BxH6I", 5, 6, 1, 2, 3, 4, 5, 6)
    unknown = struct.pack("!BxHI", 99, 1, 0)
    body = struct.pack("!I", 77) + rrtr + unknown + dlrr
    data = struct.pack("!BBH", 0x80, rtcp.XR, len(body) // 4) + body
    expected = ExtendedReport(77, 0x0123456789ABCDEF, (Dlrr(1, 2, 3), Dlrr(4, 5, 6)))
    assert rtcp.parse(data) == [expected]


def test_unknown_types_are_handed_back_and_app_is_left_out():
    app = struct.pack("!BBHI4s", 0x80, rtcp.APP, 2, 1, b"name")
    transport_cc = struct.pack("!BBHIIHHI", 0x80 | 15, rtcp.RTPFB, 4, 1, 2, 3, 4, 5)
    unnamed = struct.pack("!BBH", 0x81, 250, 0)
    other_afb = struct.pack("!BBHII4s", 0x80 | 15, rtcp.PSFB, 3, 1, 2, b"LNTF")
    assert rtcp.parse(app + transport_cc + unnamed + other_afb) == [
        Unknown(rtcp.RTPFB, 15),
        Unknown(250, 1),
        Unknown(rtcp.PSFB, 15),
    ]


def test_padding_is_taken_off():
    padded = struct.pack("!BBHI", 0xA0, rtcp.RR, 2, 4) + b"\0\0\0\4"
    assert rtcp.parse(padded) == [ReceiverReport(4)]


def test_report_block_limits():
    assert len(rtcp.parse(rtcp.receiver_report(1, [BLOCK] * 31))[0].reports) == 31
    with pytest.raises(rtcp.RtcpError):
        rtcp.receiver_report(1, [BLOCK] * 32)
    low, high = (ReportBlock(1, 0, lost, 0, 0, 0, 0) for lost in (-(2**30), 2**30))
    reports = rtcp.parse(rtcp.receiver_report(1, [low, high]))[0].reports
    assert [report.packets_lost for report in reports] == [-(2**23), 2**23 - 1]


@pytest.mark.parametrize(
    ("sequences", "pairs"),
    [
        ([], []),
        ([5], [(5, 0)]),
        ([5, 5, 6, 21], [(5, 0x8001)]),
        ([5, 22], [(5, 0), (22, 0)]),
        ([0, 65535], [(65535, 1)]),
        ([65530, 3, 10, 11], [(65530, 0x8100), (11, 0)]),
        ([1, 2, 40000], [(40000, 0), (1, 1)]),
        ([65536 + 7], [(7, 0)]),
    ],
)
def test_nack_pairs_are_few_and_wrap(sequences, pairs):
    data = rtcp.nack(1, 2, sequences)
    assert list(struct.iter_unpack("!HH", data[12:])) == pairs
    assert set(rtcp.parse(data)[0].sequences) == {number & 0xFFFF for number in sequences}


@pytest.mark.parametrize("bitrate", [0, 1, 2**18 - 1, 2**18, 1_234_567, 10**9, 2**81 - 1])
def test_remb_keeps_eighteen_bits(bitrate):
    (remb,) = rtcp.parse(rtcp.remb(1, bitrate, [9]))
    assert bitrate * (1 - 2**-17) <= remb.bitrate <= bitrate


def test_what_does_not_fit_is_refused():
    for build in (
        lambda: rtcp.remb(1, -1, []),
        lambda: rtcp.remb(1, 2**81, []),
        lambda: rtcp.remb(1, 1, [1] * 256),
        lambda: rtcp.bye([1] * 32),
        lambda: rtcp.bye([1], "x" * 256),
        lambda: rtcp.sdes_cname(1, "课" * 86),
    ):
        with pytest.raises(rtcp.RtcpError):
            build()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80",
        b"\x80\xc9\x00",
        struct.pack("!BBH", 0x40, rtcp.RR, 0),  # version 1
        struct.pack("!BBH", 0x80, rtcp.RR, 1),  # length beyond the datagram
        struct.pack("!BBH", 0x80, rtcp.RR, 0),  # no SSRC
        struct.pack("!BBHI", 0x81, rtcp.RR, 1, 1),  # a block announced, none there
        struct.pack("!BBHI", 0x80, rtcp.SR, 1, 1),  # no sender info
        struct.pack("!BBHI", 0x81, rtcp.SDES, 1, 1),  # chunk without its end
        struct.pack("!BBHIBB2x", 0x81, rtcp.SDES, 2, 1, 1, 9),  # item beyond the chunk
        struct.pack("!BBHI", 0x82, rtcp.BYE, 1, 1),
        struct.pack("!BBHIB3x", 0x81, rtcp.BYE, 2, 1, 4),  # reason beyond the packet
        struct.pack("!BBHI", 0x81, rtcp.RTPFB, 1, 1),
        struct.pack("!BBHI", 0x81, rtcp.PSFB, 1, 1),
        struct.pack("!BBHIII", 0x84, rtcp.PSFB, 3, 1, 0, 1),  # half a FIR entry
        struct.pack("!BBHII4s", 0x8F, rtcp.PSFB, 3, 1, 0, b"REMB"),
        struct.pack("!BBHII4sI", 0x8F, rtcp.PSFB, 4, 1, 0, b"REMB", 0x01000000),  # one source announced, none there
        struct.pack("!BBH", 0x80, rtcp.XR, 0),
        struct.pack("!BBHIBxH", 0x80, rtcp.XR, 2, 1, 4, 2),  # block beyond the packet
        struct.pack("!BBHIBxHI", 0x80, rtcp.XR, 3, 1, 4, 1, 0),  # reference time of four octets
        struct.pack("!BBHIBxHI", 0x80, rtcp.XR, 3, 1, 5, 1, 0),  # a third of a DLRR entry
        struct.pack("!BBH", 0xA0, rtcp.RR, 0),  # padding bit, no padding
        struct.pack("!BBHI", 0xA0, rtcp.RR, 1, 0),  # padding of zero octets
        struct.pack("!BBHI", 0xA0, rtcp.RR, 1, 5),  # padding longer than the packet
        struct.pack("!BBHIIB3x", 0xA1, rtcp.RTPFB, 3, 1, 2, 7) + b"\0\0\0\1",  # header after the end
        struct.pack("!BBHIIB2xB", 0xA1, rtcp.RTPFB, 3, 1, 2, 7, 1),  # not whole words once padding is off
        rtcp.pli(1, 2) * (rtcp.MAX_PACKETS + 1),
    ],
)
def test_malformed_packets_are_refused(data):
    with pytest.raises(rtcp.RtcpError):
        rtcp.parse(data)


def test_ntp_round_trip_and_its_next_era():
    for seconds in (0.0, 1_795_000_000.25, 2_085_978_495.5, 2_085_978_496.5, 4_000_000_000.75):
        assert rtcp.unix_from_ntp(rtcp.ntp_from_unix(seconds)) == seconds
    assert rtcp.ntp_from_unix(0) == 2_208_988_800 << 32
    assert rtcp.compact_ntp(0x0123_4567_89AB_CDEF) == 0x4567_89AB


def test_round_trip_time():
    sent = rtcp.ntp_from_unix(1_795_000_000.0)
    now = rtcp.ntp_from_unix(1_795_000_000.350)
    dlsr = int(0.300 * 65536)
    assert rtcp.rtt_from_report(rtcp.compact_ntp(sent), dlsr, now) == pytest.approx(0.050, abs=1e-4)
    assert rtcp.rtt_from_report(0, 0, now) is None
    assert rtcp.rtt_from_report(rtcp.compact_ntp(now), 3, now) == 0.0
    assert rtcp.rtt_from_report(rtcp.compact_ntp(now), 65536, now) is None
    wrapped = 0xFFFF_FF00
    assert rtcp.rtt_from_report(wrapped, 0x80, 0x80 << 16) == pytest.approx(0x100 / 65536)
