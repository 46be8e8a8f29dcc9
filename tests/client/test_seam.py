"""The private parts of aiortc and aioice that the clients rely on are still there."""

from __future__ import annotations

from aiortc import RTCConfiguration, RTCPeerConnection
from aiortc.rtcrtpreceiver import StreamStatistics
from aiortc.rtp import RtpPacket

from signalling.client.seam import ReceiveStatistics, gather_loopback, receive_statistics


async def test_loopback_is_gathered_once_and_only_when_asked_for() -> None:
    plain, loopback = (RTCPeerConnection(RTCConfiguration(iceServers=[])) for _ in range(2))
    try:
        for connection in (plain, loopback):
            connection.addTransceiver("audio", "recvonly")
            connection.addTransceiver("video", "recvonly")
        gather_loopback(loopback)
        gather_loopback(loopback)
        for connection in (plain, loopback):
            await connection.setLocalDescription(await connection.createOffer())
        assert " 127.0.0.1 " not in plain.localDescription.sdp
        hosts = [
            line for line in loopback.localDescription.sdp.splitlines() if " 127.0.0.1 " in line and "typ host" in line
        ]
        assert len(hosts) == len(set(hosts)) == loopback.localDescription.sdp.count("m=")
    finally:
        await plain.close()
        await loopback.close()


async def test_statistics_are_those_of_the_media_and_not_of_rtx() -> None:
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    try:
        receiver = connection.addTransceiver("video", "recvonly").receiver
        assert receive_statistics(receiver) == ReceiveStatistics()
        streams = receiver._RTCRtpReceiver__remote_streams
        streams[1], streams[2] = StreamStatistics(90_000), StreamStatistics(90_000)
        for sequence in (10, 11, 14, 15):
            streams[1].add(RtpPacket(sequence_number=sequence, timestamp=sequence))
        streams[2].add(RtpPacket(sequence_number=1))
        statistics = receive_statistics(receiver)
        assert (statistics.packets, statistics.lost) == (4, 2)
        assert statistics.jitter_ms >= 0
    finally:
        await connection.close()
