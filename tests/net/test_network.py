"""Lines that lose, change, fall silent or carry what nobody sent."""

from __future__ import annotations

import random
import socket

import pytest

from mediaserver import api
from mediaserver.rtp import rtcp
from tests.net.bench import Bench, Publisher
from tests.net.conftest import MakeBench
from tests.net.peer import RawPeer
from tests.plane.helpers import CAMERA_RTX, RTX, consecutive, rtp, rtx, sequences
from tests.relay import every


class TestLoss:
    async def test_towards_a_subscriber(self, bench: Bench) -> None:
        """Every seventh packet is lost, also of the repairs; NACK and RTX bring everything."""
        teacher = await bench.publish("t", "video")
        display = await bench.offer_watch("a", "video")
        relay = await bench.relay(display)
        await display.connect()
        teacher.show(1, key=True)
        await display.until(lambda: display.rtp)
        relay.down = every(7)
        media = display.slot_ssrcs[0]
        originals: dict[int, bytes] = {}

        def missing() -> list[int]:
            for packet in display.rtp:
                if packet.ssrc == media:
                    originals[packet.sequence] = packet.payload
                else:
                    originals[int.from_bytes(packet.payload[:2], "big")] = packet.payload[2:]
            first = display.rtp[0].sequence
            sent = bench.counter("tx_rtp")
            return [n & 0xFFFF for n in range(first, first + sent) if n & 0xFFFF not in originals]

        async def settled(packets: int) -> None:
            """All that was sent has arrived or is lost."""
            await bench.until(lambda: bench.counter("tx_rtp") == packets)
            await bench.until(
                lambda: len(display.rtp) + relay.lost == bench.counter("tx_rtp") + bench.counter("tx_rtx")
            )

        for burst in range(1, 11):
            teacher.show(30)
            await settled(1 + 30 * burst)
        while wanted := missing():
            asked = bench.counter("tx_rtx")
            display.send_rtcp(rtcp.compound(rtcp.receiver_report(1), rtcp.nack(1, media, wanted)))
            await bench.until(lambda asked=asked, wanted=wanted: bench.counter("tx_rtx") == asked + len(wanted))
            await settled(301)
        assert relay.lost > 43, "some repairs are lost too"
        payloads = [originals[n] for n in sorted(originals, key=lambda n: (n - display.rtp[0].sequence) & 0xFFFF)]
        assert [payload[2:] for payload in payloads] == [b"0 0"] + [f"0 {n}".encode() for n in range(101, 401)]

    async def test_from_a_publisher(self, bench: Bench) -> None:
        """The server asks for what is missing; subscribers get all of it in the end."""
        peer = await bench.offer_publish("t", "video")
        relay = await bench.relay(peer)
        await peer.connect()
        teacher, display = Publisher(peer, ("video",)), await bench.watch("a", "video")
        teacher.show(1, key=True)
        await display.until(lambda: display.rtp)
        relay.up = every(5)
        sent: dict[int, bytes] = {}
        answered = rtx_sequence = 0
        for _ in range(100):
            packet = teacher.picture()
            sent[int.from_bytes(packet[2:4], "big")] = packet
            peer.send_rtp(packet)

        def answer() -> bool:
            nonlocal answered, rtx_sequence
            requests = peer.feedback(rtcp.Nack)
            for request in requests[answered:]:
                assert request.media_ssrc == teacher.ssrc("0")
                for number in request.sequences:
                    rtx_sequence += 1
                    peer.send_rtp(rtx(rtx_sequence, sent[number], pt=RTX, ssrc=CAMERA_RTX))
            answered = len(requests)
            # The very last one shows no gap behind it until another follows.
            return len(display.rtp) >= 101 - (100 % 5 == 0)

        await peer.until(answer)
        assert relay.lost > 20 and bench.counter("rx_rtx") >= 19
        numbers = sorted(sequences(display.rtp), key=lambda n: (n - display.rtp[0].sequence) & 0xFFFF)
        assert consecutive(numbers)

    async def test_nobody_may_ask_for_everything_again_and_again(self, bench: Bench) -> None:
        teacher, display = await bench.publish("t", "video"), await bench.watch("a", "video")
        for burst in range(1, 4):
            teacher.show(100, key=burst == 1)
            await display.until(lambda burst=burst: len(display.rtp) == 100 * burst)
        numbers = sequences(display.rtp)
        await bench.until(lambda: next(iter(bench.live._by_key.values())).nack_budget == 256)
        for _ in range(5):
            display.send_rtcp(rtcp.nack(1, display.slot_ssrcs[0], numbers))
        await bench.until(lambda: bench.counter("rtcp_nack_received") == 1500)
        assert bench.counter("tx_rtx") + bench.counter("drop_nack_budget") == 1500
        assert bench.counter("tx_rtx") <= 512


class TestPath:
    @pytest.mark.parametrize("nominate", [True, False])
    async def test_address_changes(self, bench: Bench, monkeypatch, nominate: bool) -> None:
        monkeypatch.setattr("mediaserver.net.ice._SILENT_S", 0.2)
        teacher, display = await bench.publish("t", "video"), await bench.watch("a", "video")
        teacher.show(1, key=True)
        await display.until(lambda: len(display.rtp) == 1)
        for moved in (display, teacher.peer):
            old = bench.live.ice.address(bench.live.sessions[moved.session].key)
            await moved.bind()

            def elsewhere(moved: RawPeer = moved, old: object = old) -> bool:
                moved.check(nominate=nominate)
                return bench.live.ice.address(bench.live.sessions[moved.session].key) != old

            await bench.until(elsewhere)
        teacher.show(3)
        await display.until(lambda: len(display.rtp) == 4)
        assert consecutive(sequences(display.rtp))

    async def test_ice_restart(self, bench: Bench) -> None:
        teacher, display = await bench.publish("t", "video"), await bench.watch("a", "video")
        session = bench.live.sessions[display.session]
        etag = session.etag
        display.ufrag = "newufrag"
        restarted = await bench.request(api.RestartIce(display.session))
        assert restarted.etag != etag and restarted.candidates == bench.server.ports[0].candidates
        await display.reach()  # the old credentials serve until the new ones are used
        old = display.remote_ufrag, display.remote_password
        await display.bind()
        display.remote_ufrag, display.remote_password = restarted.ufrag, restarted.password
        await display.reach()
        teacher.show(2, key=True)
        await display.until(lambda: len(display.rtp) == 2)
        display.remote_ufrag, display.remote_password = old
        display.check()
        await bench.until(lambda: bench.counter("drop_stun_unknown_ufrag") == 1)

    async def test_peer_that_falls_silent(self, make_bench: MakeBench, monkeypatch) -> None:
        monkeypatch.setattr("mediaserver.net.live.REPORT_S", 0.05)
        bench = await make_bench(consent_timeout_s=0.4)
        teacher, silent, checking = await bench.publish("t", "video"), await bench.watch("a"), await bench.watch("b")

        def alive() -> bool:
            checking.check()
            teacher.show()
            return bool(bench.heard(api.SessionChanged, state="closed"))

        await bench.until(alive)
        assert await bench.closed(silent) == "consent_expired"
        assert set(bench.live.sessions) == {teacher.session, checking.session}
        keys = [session.key for session in bench.live.sessions.values()]
        assert all(bench.plane.transport_stats(key) for key in keys)
        assert bench.plane.transport_stats(max(keys) - 1) is None, "what the silent one had is freed"

    async def test_peer_that_never_comes(self, bench: Bench, monkeypatch) -> None:
        monkeypatch.setattr("mediaserver.net.live.REPORT_S", 0.05)
        monkeypatch.setattr("mediaserver.net.live.CONNECT_TIMEOUT_S", 0.1)
        peer = await bench.offer_publish("t")
        assert await bench.closed(peer) == "ice_timeout"
        assert bench.live.ice._peers == {} and bench.live._streams == {}

    async def test_line_that_is_cut_and_restored(self, bench: Bench) -> None:
        peer = await bench.offer_publish("t", "video")
        relay = await bench.relay(peer)
        await peer.connect()
        teacher, display = Publisher(peer, ("video",)), await bench.watch("a", "video")
        teacher.show(2, key=True)
        await display.until(lambda: len(display.rtp) == 2)
        relay.cut = True
        teacher.show(20)
        await bench.until(lambda: relay.lost == 20)
        relay.cut = False
        teacher.show(5)
        await display.until(lambda: len(display.rtp) >= 7)
        await peer.until(lambda: peer.feedback(rtcp.Nack))


class TestHostility:
    async def test_wrong_password(self, bench: Bench) -> None:
        peer = await bench.offer_publish("t")
        peer.check(password="not the one we were given")
        await bench.until(lambda: bench.counter("drop_stun_integrity") == 1)
        assert bench.live.ice.address(bench.live.sessions[peer.session].key) is None

    async def test_role_conflict(self, bench: Bench) -> None:
        peer = await bench.offer_publish("t")
        peer.check(role="ICE-CONTROLLED")
        await peer.until(lambda: peer.errors == [487])
        assert bench.counter("stun_role_conflict") == 1

    async def test_wrong_certificate(self, bench: Bench) -> None:
        peer = await RawPeer.create()
        bench.peers.append(peer)
        offer = peer.offer("video")
        start = offer.index("sha-256 ") + 8
        wrong = offer[start : start + 2]
        offer = offer.replace(f"sha-256 {wrong}", f"sha-256 {'00' if wrong != '00' else '11'}")
        answer = await bench.request(api.Publish("r", "t", "lead", offer))
        peer.session = answer.session
        peer.accept(answer.answer)
        await peer.reach()
        await peer.shake_hands()
        assert await bench.closed(peer) == "dtls_failed"
        assert bench.counter("rx_rtp") == 0 and bench.live.ice._by_ufrag == {}

    async def test_garbage_from_outside_and_from_inside(self, bench: Bench) -> None:
        teacher, display = await bench.publish("t", "video"), await bench.watch("a", "video")
        choose = random.Random(7)
        captured = [teacher.peer.send_rtp(teacher.picture(key=True))]
        await display.until(lambda: len(display.rtp) == 1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            for number in range(400):
                junk = choose.randbytes(choose.randint(0, 200))
                if number % 4 == 0:
                    junk = bytes((choose.choice((0, 1, 20, 22, 63, 128, 144, 191)),)) + junk
                stranger.sendto(junk, teacher.peer.server)
                stranger.sendto(captured[0], teacher.peer.server)
                teacher.peer.send(junk)
                display.send(junk)
                teacher.peer.send(captured[0])
                await bench.until(lambda n=number: bench.counter("rx_datagrams") >= 5 * n)
        # Authentic, but nonsense: RTCP of random bytes, RTP of unknown payload types.
        for number in range(50):
            display.send_rtcp(b"\x80\xce\x00\x01" + choose.randbytes(40))
            teacher.peer.send_rtp(rtp(500 + number, 0, choose.randbytes(30), pt=choose.randrange(64, 96)))
        teacher.show(1)
        await display.until(lambda: len(display.rtp) == 2)
        assert [packet.payload[2:] for packet in display.rtp] == [b"0 0", b"0 101"]
        assert len(bench.live.sessions) == 2
        assert bench.counter("drop_duplicate") >= 400 and bench.counter("drop_rtcp_malformed") >= 1

    async def test_forged_source_address(self, bench: Bench) -> None:
        """A participant that claims another's address holds it no longer than to that one's next check."""
        teacher, thief = await bench.publish("t", "video"), await bench.watch("x", "video")
        ice, key = bench.live.ice, bench.live.sessions[teacher.session].key
        address = ice.address(key)
        thief_key = bench.live.sessions[thief.session].key
        ice._remember(ice._peers[thief_key], address)
        bench.plane.move_transport(thief_key, address)
        teacher.show(1, key=True)
        await bench.until(lambda: bench.counter("drop_srtp") == 1)
        await teacher.peer.reach()
        teacher.show(1, key=True)
        await bench.until(lambda: bench.counter("rx_rtp") == 1)
        assert ice.peer_at(address) == key
