"""One aiortc peer connection opened over WHIP or WHEP: what publisher and watcher have in common."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Literal, Self

from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCRtpTransceiver, RTCSessionDescription
from aiortc.rtcrtpsender import RTCRtpSender

from mediaserver.api import UserError
from signalling.client.answer import adapt_answer
from signalling.client.http import HttpSession, SignallingClient
from signalling.client.seam import gather_loopback

CONNECT_TIMEOUT = 15.0
"""Seconds for ICE and DTLS; the server is one round trip away."""


class Peer:
    """An asynchronous context manager: entering connects, leaving tells the server and frees everything.

    No STUN or TURN server is used: the media server has a public address and learns ours from our
    connectivity checks (RFC 8445 §7.3.1.3).

    :ivar refused: the transceivers that the server refused (port 0).
    :ivar lost: set once the connection is over, for whatever reason.
    """

    def __init__(
        self, protocol: Literal["whip", "whep"], client: SignallingClient, room: str, *, takeover: bool = False
    ) -> None:
        self._takeover = takeover
        self._protocol: Literal["whip", "whep"] = protocol
        self._client = client
        self._room = room
        self._session: HttpSession | None = None
        self._changed = asyncio.Event()
        configuration = RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
        self.connection = RTCPeerConnection(configuration)
        self.connection.on("connectionstatechange", self._state_changed)
        self.refused: list[RTCRtpTransceiver] = []
        self.lost = asyncio.Event()

    @property
    def http(self) -> HttpSession:
        """The session's resource at the server; only while open."""
        if self._session is None:
            raise RuntimeError("the session is not open")
        return self._session

    async def __aenter__(self) -> Self:
        try:
            await self.open()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def open(self, timeout: float = CONNECT_TIMEOUT) -> None:
        """Offer, apply the answer and wait until media can flow. Raises `UserError`."""
        pc = self.connection
        if self._client.host in ("localhost", "127.0.0.1", "::1"):
            gather_loopback(pc)
        await pc.setLocalDescription(await pc.createOffer())
        offer = pc.localDescription.sdp
        self._session = await self._client.open(self._protocol, self._room, offer, takeover=self._takeover)
        answer = adapt_answer(offer, self._session.answer)
        transceivers = pc.getTransceivers()
        self.refused = [transceivers[i] for i in answer.refused]
        try:
            await pc.setRemoteDescription(RTCSessionDescription(answer.sdp, "answer"))
        except Exception as error:  # aiortc raises many types for an SDP it does not like
            raise UserError(502, "bad_answer", f"The server's answer cannot be used: {error}.") from error
        try:
            await self.until(lambda: pc.connectionState in ("connected", "failed", "closed"), timeout)
        except TimeoutError:
            pass
        if pc.connectionState != "connected":
            raise UserError(
                504,
                "no_media_path",
                "The server answered over HTTP, but no media connection came about; "
                "check that its UDP port is open and that `announced addresses` in its configuration are reachable.",
            )

    async def close(self) -> None:
        """End the session. Never fails for a server that is gone."""
        session, self._session = self._session, None
        try:
            if session is not None:
                await session.delete()
        except UserError:
            pass  # it notices by itself when our consent checks stop
        finally:
            await self.connection.close()
            self.lost.set()

    async def until(self, condition: Callable[[], bool], timeout: float) -> None:
        """Wait for a condition that changes with the connection or with arriving media; `TimeoutError` otherwise."""
        async with asyncio.timeout(timeout):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    def _notify(self) -> None:
        self._changed.set()

    def _state_changed(self) -> None:
        if self.connection.connectionState in ("failed", "closed"):
            self.lost.set()
        self._notify()


def prefer_codecs(transceiver: RTCRtpTransceiver, names: tuple[str, ...]) -> None:
    """Offer only these codecs (such as `VP8`), and RTX."""
    capabilities = RTCRtpSender.getCapabilities(transceiver.kind).codecs
    wanted = [c for name in (*names, "rtx") for c in capabilities if c.name.lower() == name.lower()]
    transceiver.setCodecPreferences(wanted)
