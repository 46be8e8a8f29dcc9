"""aiortc takes our answers to its own offers. It has no notion of refused m-lines, so all of them are accepted here."""

from __future__ import annotations

import itertools

import pytest
from aiortc import RTCPeerConnection, RTCSessionDescription

from mediaserver.rtp import sdp
from mediaserver.sfu.answer import build_answer
from mediaserver.sfu.negotiate import plan_publish, plan_subscribe
from tests.sfu.test_negotiate_publish import ALL, LOCAL


@pytest.mark.parametrize("direction", ["sendonly", "recvonly"])
async def test_answers_are_taken(direction):
    peer = RTCPeerConnection()
    try:
        for kind in ("video", "video", "audio"):
            peer.addTransceiver(kind, direction=direction)
        await peer.setLocalDescription(await peer.createOffer())
        session = sdp.parse(peer.localDescription.sdp)
        fresh = itertools.count(1000)
        if direction == "sendonly":
            plan = plan_publish(session, video_codecs=("H264", "VP8"), sources=ALL)
        else:
            plan = plan_subscribe(session, video_codecs=("H264", "VP8"), allocate=lambda: next(fresh))
        await peer.setRemoteDescription(RTCSessionDescription(build_answer(plan, LOCAL), "answer"))
        assert [transceiver.currentDirection for transceiver in peer.getTransceivers()] == [direction] * 3
        assert peer.signalingState == "stable"
    finally:
        await peer.close()
