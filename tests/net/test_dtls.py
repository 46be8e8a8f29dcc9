"""The seam to aiortc and pylibsrtp: what is private of theirs, and that the handshake comes out as we want it."""

from __future__ import annotations

import asyncio
import gc
import inspect
import weakref

import aiortc
import pylibsrtp
import pytest
from aiortc import rtcdtlstransport
from aiortc.rtcdtlstransport import RTCDtlsParameters, RTCDtlsTransport
from OpenSSL import SSL

from mediaserver.net import dtls as seam
from mediaserver.net.dtls import DtlsSrtp, Outcome
from tests.net.peer import CERTIFICATE, Wire

PRIVATE = {
    "RTCDtlsTransport._srtp_profiles": (rtcdtlstransport, "self._srtp_profiles = SRTP_PROFILES"),
    "RTCDtlsTransport._set_role": (rtcdtlstransport, "def _set_role(self, role: str)"),
    "RTCDtlsTransport._ssl": (rtcdtlstransport, "self._ssl"),
    "RTCDtlsTransport._role": (rtcdtlstransport, 'if self._role == "server":'),
    "RTCDtlsTransport._set_state": (rtcdtlstransport, "def _set_state(self, state: State)"),
    "RTCDtlsTransport._do_handshake (overridden)": (rtcdtlstransport, "await self._do_handshake()"),
    "RTCDtlsTransport._setup_srtp (overridden)": (
        rtcdtlstransport,
        "self._setup_srtp()\n        if self._state == State.FAILED",
    ),
    "RTCDtlsTransport._validate_peer_identity (relied on)": (
        rtcdtlstransport,
        "self._validate_peer_identity(remoteParameters)\n        if self._state == State.FAILED",
    ),
    "RTCCertificate._create_ssl_context (overridden)": (
        rtcdtlstransport,
        "_create_ssl_context(\n                srtp_profiles=self._srtp_profiles",
    ),
    "peers must show a certificate": (rtcdtlstransport, "SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT"),
    "RTCDtlsTransport._rx_srtp": (rtcdtlstransport, "self._rx_srtp = Session(rx_policy)"),
    "RTCDtlsTransport._tx_srtp": (rtcdtlstransport, "self._tx_srtp = Session(tx_policy)"),
    "RTCIceTransport._recv (called)": (rtcdtlstransport, "self.transport._recv()"),
    "RTCIceTransport._send (called)": (rtcdtlstransport, "self.transport._send(data)"),
    "statechange event": (rtcdtlstransport, 'self.emit("statechange")'),
    "pylibsrtp.ffi": (pylibsrtp, "ffi"),
    "Session._cdata": (pylibsrtp, "len(self._cdata)"),
    "Session._buffer": (pylibsrtp, "self._buffer[0 : len(data)] = data"),
    "Session._srtp": (pylibsrtp, "self._srtp[0]"),
}
"""What we touch of other people's insides, and the words in their source that show it is still there."""


@pytest.mark.parametrize("name", sorted(PRIVATE))
def test_private_parts_are_still_there(name: str) -> None:
    module, words = PRIVATE[name]
    assert words in inspect.getsource(module), (
        f"aiortc {aiortc.__version__} or pylibsrtp {pylibsrtp.__version__} no longer has {name} as "
        "mediaserver/net/dtls.py uses it; pin the version before or adapt the seam."
    )


class Pair:
    """Our side and a client of aiortc's, joined in memory. :ivar outcomes: what our side told."""

    def __init__(
        self,
        *,
        active: bool = False,
        profiles: list | None = None,
        fingerprint: str | None = None,
        certificate: seam.Certificate | None = None,
    ) -> None:
        remote = next(f for f in CERTIFICATE.getFingerprints() if f.algorithm == "sha-256")
        self.outcomes: list[Outcome] = []
        self.told = asyncio.Event()
        self.wire = Wire(lambda data: self.ours.feed(data))
        self.client = RTCDtlsTransport(self.wire, [CERTIFICATE])
        self.client._set_role("server" if active else "client")
        if profiles is not None:
            self.client._srtp_profiles = profiles
        self.certificate = certificate or seam.generate_certificate()
        self.ours = DtlsSrtp(
            self.certificate,
            (("sha-256", fingerprint or remote.value),),
            self.wire.queue.put_nowait,
            self._changed,
            active=active,
        )

    def _changed(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        self.told.set()

    async def shake_hands(self) -> None:
        async with asyncio.timeout(5):
            await self.start_client()
            await self.told.wait()

    async def start_client(self) -> None:
        self.ours.begin()
        fingerprints = [rtcdtlstransport.RTCDtlsFingerprint(*f) for f in self.certificate.fingerprints]
        await self.client.start(RTCDtlsParameters(fingerprints=fingerprints))

    async def end(self) -> None:
        await self.ours.close()
        task = self.client._task
        await self.client.stop()
        self.wire.queue.put_nowait(None)
        if task is not None:
            await asyncio.wait([task])


def only_this_task() -> bool:
    return asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.parametrize("active", [False, True])
async def test_handshake_gives_matching_sessions(active: bool) -> None:
    pair = Pair(active=active)
    await pair.shake_hands()
    assert pair.outcomes == [Outcome.CONNECTED]
    inbound, outbound = pair.ours.sessions
    packet = b"\x80\x60\x00\x01" + bytes(8) + b"payload"
    assert inbound.unprotect(pair.client._tx_srtp.protect(packet)) == packet
    assert pair.client._rx_srtp.unprotect(outbound.protect(packet)) == packet
    await pair.end()
    assert only_this_task()


async def test_full_size_packets_fit() -> None:
    pair = Pair()
    await pair.shake_hands()
    packet = b"\x80\x60\x00\x01" + bytes(1472 - 16 - 4)
    _, outbound = pair.ours.sessions
    assert pair.client._rx_srtp.unprotect(outbound.protect(packet)) == packet
    await pair.end()


async def test_late_and_repeated_packets() -> None:
    pair = Pair()
    await pair.shake_hands()
    inbound, outbound = pair.ours.sessions
    packets = [b"\x80\x60" + number.to_bytes(2) + bytes(8) + b"payload" for number in range(1, 1021)]
    assert outbound.protect(packets[0]) == outbound.protect(packets[0]), "sent again, where there is no RTX"
    protected = [pair.client._tx_srtp.protect(packet) for packet in packets]
    assert inbound.unprotect(protected[-1]) == packets[-1]
    assert inbound.unprotect(protected[0]) == packets[0], "a thousand packets late"
    with pytest.raises(seam.SrtpError):
        inbound.unprotect(protected[0])
    await pair.end()


class TestOneContextForAll:
    """What peers under one certificate share, and what they must not."""

    async def test_sessions_of_two_peers_are_their_own(self) -> None:
        one = Pair()
        two = Pair(certificate=one.certificate)
        await one.shake_hands()
        await two.shake_hands()
        assert one.ours._transport._ssl.get_context() is two.ours._transport._ssl.get_context()
        packet = b"\x80\x60\x00\x01" + bytes(8) + b"payload"
        with pytest.raises(seam.SrtpError):
            two.ours.sessions[0].unprotect(one.client._tx_srtp.protect(packet))
        await one.end()
        assert two.ours.sessions[0].unprotect(two.client._tx_srtp.protect(packet)) == packet
        await two.end()

    async def test_the_fingerprint_is_each_peers(self) -> None:
        good = Pair()
        await good.shake_hands()
        bad = Pair(certificate=good.certificate, fingerprint=":".join(["AB"] * 32))
        await bad.shake_hands()
        assert (good.outcomes, bad.outcomes) == ([Outcome.CONNECTED], [Outcome.FAILED])
        again = Pair(certificate=good.certificate)
        await again.shake_hands()
        assert again.outcomes == [Outcome.CONNECTED]
        for pair in (good, bad, again):
            await pair.end()

    async def test_no_session_is_resumed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        first = Pair()
        await first.shake_hands()
        offered = first.client._ssl.get_session()
        made = SSL.Connection.set_connect_state

        def with_session(connection: SSL.Connection) -> None:
            offered._context = connection.get_context()  # each of aiortc's clients has its own
            connection.set_session(offered)
            made(connection)

        monkeypatch.setattr(SSL.Connection, "set_connect_state", with_session)
        second = Pair(certificate=first.certificate)
        await second.shake_hands()
        assert second.outcomes == [Outcome.CONNECTED]
        assert second.client._ssl.master_key() != first.client._ssl.master_key()
        for pair in (first, second):
            await pair.end()

    async def test_a_peer_must_show_a_certificate(self) -> None:
        context = seam.generate_certificate()._context
        connection = SSL.Connection(context)
        assert connection.get_verify_mode() == SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT
        assert context.get_session_cache_mode() == SSL.SESS_CACHE_OFF


@pytest.mark.parametrize("fingerprint", [None, ":".join(["AB"] * 32)])
async def test_nothing_of_c_waits_for_the_collector(fingerprint: str | None) -> None:
    pair = Pair(fingerprint=fingerprint)
    await pair.shake_hands()
    transport = pair.ours._transport
    held = [weakref.ref(transport._ssl)]
    if fingerprint is None:
        held += [weakref.ref(session) for session in pair.ours.sessions]
    gc.disable()
    try:
        await pair.end()
        assert [one() for one in held] == [None] * len(held)
    finally:
        gc.enable()


async def test_handshake_in_whole_datagrams() -> None:
    """Neither pieces of 200 bytes nor datagrams beyond the path's MTU."""
    sent: list[bytes] = []
    pair = Pair()
    feed = pair.ours._wire._sink
    pair.ours._wire._sink = lambda data: (sent.append(data), feed(data))
    await pair.shake_hands()
    handshake = [data for data in sent if data[0] in (20, 22)]
    assert len(handshake) <= 3 and all(len(data) <= 1200 for data in handshake)
    await pair.end()


async def test_aes_128_gcm_where_the_peer_has_it() -> None:
    assert rtcdtlstransport.SRTP_PROFILES[0] is not rtcdtlstransport.SRTP_AEAD_AES_128_GCM, "the peer prefers another"
    pair = Pair()
    await pair.shake_hands()
    assert pair.ours.profile == "SRTP_AEAD_AES_128_GCM"
    await pair.end()


async def test_aes_cm_where_the_peer_has_nothing_else() -> None:
    pair = Pair(profiles=[rtcdtlstransport.SRTP_AES128_CM_SHA1_80])
    await pair.shake_hands()
    assert pair.ours.profile == "SRTP_AES128_CM_SHA1_80"
    await pair.end()


async def test_wrong_fingerprint() -> None:
    pair = Pair(fingerprint=":".join(["AB"] * 32))
    await pair.shake_hands()
    assert pair.outcomes == [Outcome.FAILED]
    await pair.end()
    assert only_this_task()


async def test_peer_that_says_goodbye() -> None:
    pair = Pair()
    await pair.shake_hands()
    pair.told.clear()
    await pair.client.stop()
    async with asyncio.timeout(5):
        await pair.told.wait()
    assert pair.outcomes == [Outcome.CONNECTED, Outcome.CLOSED]
    await pair.end()
    assert only_this_task()


async def test_our_goodbye_reaches_the_peer() -> None:
    pair = Pair()
    await pair.shake_hands()
    task = pair.client._task
    await pair.ours.close()
    async with asyncio.timeout(5):
        await asyncio.wait([task])
    assert pair.client.state == "closed"
    assert pair.outcomes == [Outcome.CONNECTED], "what we ended ourselves is not told to us"


@pytest.mark.parametrize("junk", [b"\x16", b"\x14" * 30, b"\x16\xfe\xfd" + bytes(60), b"\x17\xfe\xfd" + bytes(300)])
async def test_garbage_before_and_after_the_handshake(junk: bytes) -> None:
    pair = Pair()
    pair.ours.feed(junk)
    await pair.shake_hands()
    pair.ours.feed(junk)
    await asyncio.sleep(0)
    assert pair.outcomes == [Outcome.CONNECTED]
    await pair.end()
    assert only_this_task()


class TestCloseAtEveryStage:
    async def test_before_anything(self) -> None:
        pair = Pair()
        await pair.ours.close()
        assert not pair.ours.feed(b"\x16late")
        pair.ours.begin()
        assert only_this_task() and pair.outcomes == []

    @pytest.mark.parametrize("flights", range(1, 8))
    async def test_after_so_many_turns_of_the_loop(self, flights: int) -> None:
        pair = Pair()
        shaking = asyncio.create_task(pair.start_client())
        for _ in range(flights):
            await asyncio.sleep(0)
        await pair.ours.close()
        await pair.ours.close()
        pair.wire.queue.put_nowait(None)
        await asyncio.wait([shaking])
        await pair.end()
        assert only_this_task()
        assert pair.outcomes in ([], [Outcome.CONNECTED])

    async def test_with_a_full_queue(self) -> None:
        pair = Pair()
        taken = [pair.ours.feed(b"\x16" * 20) for _ in range(200)]
        assert taken.count(True) == seam._QUEUE
        await pair.ours.close()
        assert only_this_task()
