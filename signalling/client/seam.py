"""Everything private of aiortc and aioice that the Python clients touch, in one place.

A test names each of these, so that an upgrade which moves one of them fails there and not in a lesson.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiortc import RTCPeerConnection, RTCRtpReceiver

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class ReceiveStatistics:
    """Of one m-line's media stream. `lost` counts packets that never came, `jitter_ms` is RFC 3550's."""

    packets: int = 0
    lost: int = 0
    jitter_ms: float = 0.0


def gather_loopback(connection: RTCPeerConnection) -> None:
    """Also gather candidates on 127.0.0.1, which aioice leaves out.

    A server on this machine is then reached without any network. Call before the offer is applied.
    """
    for transceiver in connection.getTransceivers():
        ice = transceiver.receiver.transport.transport._connection
        gather: Callable[..., Awaitable[Any]] = ice.get_component_candidates
        if getattr(gather, "with_loopback", False):
            continue

        async def with_loopback(
            component: int, addresses: list[str], _gather: Callable[..., Awaitable[Any]] = gather, **rest: Any
        ) -> Any:
            return await _gather(component=component, addresses=[LOOPBACK, *addresses], **rest)

        with_loopback.with_loopback = True
        ice.get_component_candidates = with_loopback


def receive_statistics(receiver: RTCRtpReceiver) -> ReceiveStatistics:
    """Statistics of a receiver's media stream.

    aiortc's `getStats` keeps one entry per receiver, which the RTX stream overwrites; the stream with most
    packets is the media.
    """
    streams = receiver._RTCRtpReceiver__remote_streams.values()
    stream = max(streams, key=lambda s: s.packets_received, default=None)
    if stream is None:
        return ReceiveStatistics()
    jitter_ms = 1000 * stream.jitter / stream._clockrate
    return ReceiveStatistics(stream.packets_received, max(0, stream.packets_lost), jitter_ms)
