"""Calling, muting, tiles, taking turns and codecs, down to the packets that arrive."""

from __future__ import annotations

from mediaserver import api
from mediaserver.net import feedback
from mediaserver.rtp import rtcp
from tests.net.bench import ROOM, Bench, Publisher
from tests.net.peer import RawPeer


def heard(peer: RawPeer, start: int = 0) -> set[str]:
    return {packet.payload.decode(errors="replace").lstrip("\x00\x01\x10") for packet in peer.rtp[start:]}


async def classroom(bench: Bench, name: str) -> tuple[Publisher, RawPeer]:
    return await bench.publish(name, role="classroom"), await bench.watch(name)


async def test_calling_a_classroom(bench: Bench) -> None:
    await bench.publish("t")
    page = await bench.watch("t", "video", "video", "audio", role="lead")
    a, a_display = await classroom(bench, "a")
    _, b_display = await classroom(bench, "b")
    await bench.request(api.Call(ROOM, "a"))
    await bench.request(api.Call(ROOM, "a"))
    assert bench.heard(api.CalledChanged) == [api.CalledChanged(ROOM, "a")]
    a.show(3, key=True)
    a.speak(3, text="hello of a")
    await b_display.until(lambda: len(b_display.rtp) >= 6)
    await page.until(lambda: "hello of a" in heard(page))
    assert len({packet.ssrc for packet in b_display.rtp}) == 2
    assert bench.slots(b_display)["called"].status == bench.slots(b_display)["♪called"].status == "playing"
    assert bench.slots(page)["tile1"].participant == bench.slots(page)["♪called"].participant == "a"
    assert (a_display.rtp, bench.slots(a_display)["called"].status) == ([], "empty"), "no echo"
    await bench.request(api.Call(ROOM, None))
    before = len(b_display.rtp)
    a.show(2, key=True)
    a.speak(2)
    await bench.until(lambda: bench.counter("rx_rtp") == 10)
    assert len(b_display.rtp) == before and bench.slots(b_display)["called"].status == "empty"


async def test_called_classroom_that_reloads(bench: Bench) -> None:
    await bench.publish("t")
    a, _ = await classroom(bench, "a")
    b_display = await bench.watch("b")
    await bench.request(api.Call(ROOM, "a"))
    a.show(2, key=True)
    await b_display.until(lambda: len(b_display.rtp) == 2)
    await bench.request(api.CloseParticipant(ROOM, "a"))
    assert bench.slots(b_display)["called"].status == "waiting"
    a, _ = await classroom(bench, "a")
    a.show(2, key=True)
    await b_display.until(lambda: len(b_display.rtp) == 4)
    assert bench.slots(b_display)["called"].status == "playing"


async def test_call_outlives_everybodys_absence(bench: Bench) -> None:
    """The whole school's line is cut; when all are back, the same classroom is called."""
    await bench.publish("t")
    await classroom(bench, "a")
    await bench.request(api.Call(ROOM, "a"))
    await bench.request(api.Mute(ROOM, "a", True))
    for name in "ta":
        await bench.request(api.CloseParticipant(ROOM, name))
    assert bench.live.sessions == {}
    await bench.until(lambda: bench.live.rooms[ROOM].empty_since is not None)
    await classroom(bench, "a")
    b_display = await bench.watch("b")
    assert bench.slots(b_display)["called"].participant == "a"
    assert bench.heard(api.TracksChanged, participant="a")[-1].tracks[1].muted


async def test_empty_room_is_forgotten_in_the_end(bench: Bench, monkeypatch) -> None:
    monkeypatch.setattr("mediaserver.net.live.ROOM_LINGER_S", 0.0)
    await bench.request(api.Call(ROOM, "a"))
    await bench.until(lambda: not bench.live.rooms)
    assert bench.heard(api.CalledChanged) == [api.CalledChanged(ROOM, "a"), api.CalledChanged(ROOM, None)]


async def test_muting(bench: Bench) -> None:
    await bench.publish("t")
    a, _ = await classroom(bench, "a")
    display = await bench.watch("b")
    await bench.request(api.Call(ROOM, "a"))
    a.speak(text="loud")
    await display.until(lambda: heard(display) == {"loud"})
    await bench.request(api.Mute(ROOM, "a", True))
    tracks = bench.heard(api.TracksChanged, participant="a")[-1].tracks
    assert [(track.source, track.muted) for track in tracks] == [("camera", False), ("microphone", True)]
    a.speak(3, text="unheard")
    a.show(1, key=True)
    await display.until(lambda: len(display.rtp) == 2)
    await bench.request(api.Mute(ROOM, "a", False))
    a.speak(text="again")
    await display.until(lambda: len(display.rtp) == 3)
    assert "unheard" not in heard(display) and "again" in heard(display)


async def test_tiles_and_paging(bench: Bench) -> None:
    await bench.publish("t")
    rooms = {name: await bench.publish(name, role="classroom") for name in ("c1", "c2", "c3")}
    page = await bench.watch("t", "video", "video", "audio", role="lead")
    for name, room in rooms.items():
        room.peer.send_rtp(room.picture(key=True, text=name))
    await page.until(lambda: heard(page) == {"c1", "c2"})
    await bench.request(api.ShowTiles(ROOM, "t", ("c3", "c1")))
    await page.until(lambda: len(page.rtp) == 4)
    assert heard(page) == {"c1", "c2", "c3"}
    assert [bench.slots(page)[tile].participant for tile in ("tile1", "tile2")] == ["c3", "c1"]
    assert {packet.ssrc for packet in page.rtp if packet.payload.endswith((b"c1", b"c3"))} == set(page.slot_ssrcs[:2])


async def test_program_takes_turns(bench: Bench) -> None:
    teacher = await bench.publish("t")
    a, _ = await classroom(bench, "a")
    player = await bench.watch("b", "video", "audio")
    await bench.request(api.Call(ROOM, "a"))
    teacher.speak(2, text="teacher", level=127)
    a.speak(1, text="pupil", level=127)
    await player.until(lambda: "teacher" in heard(player))
    a.speak(60, text="pupil", level=20)  # the level is smoothed
    await bench.until(lambda: bench.live.rooms[ROOM].speaking == "a")
    a.speak(2, text="my turn", level=20)
    teacher.speak(1, text="not now", level=127)
    await player.until(lambda: "my turn" in heard(player))
    assert "not now" not in heard(player)
    a.speak(60, text="pupil", level=127)
    await bench.until(lambda: bench.live.rooms[ROOM].speaking == "t")
    teacher.speak(1, text="back to me", level=30)
    await player.until(lambda: "back to me" in heard(player))
    sound = [packet for packet in player.rtp if packet.ssrc == player.slot_ssrcs[1]]
    assert len(sound) == len(player.rtp)


async def test_screen_takes_the_main_slot(bench: Bench) -> None:
    teacher = await bench.publish("t", "video", "video", "audio")
    player = await bench.watch("b", "video")
    teacher.peer.send_rtp(teacher.picture("0", key=True, text="face"))
    await player.until(lambda: heard(player) == {"face"})
    teacher.peer.send_rtp(teacher.picture("1", key=True, text="slide"))
    await player.until(lambda: "slide" in heard(player))
    assert bench.slots(player)["main"].source == "screen"
    first, second = player.rtp
    assert (second.sequence - first.sequence) % 65536 == 1 and first.ssrc == second.ssrc


async def test_codec_that_a_browser_lacks(bench: Bench) -> None:
    teacher = await bench.publish("t", "h264", "audio")
    display = await bench.watch("a", "video", "audio")
    capable = await bench.watch("b", "h264", "audio")
    slot = bench.slots(display)["main"]
    assert (slot.status, slot.codec) == ("unsupported", "H264")
    assert bench.slots(capable)["main"].status == "waiting"
    teacher.speak(2, mid="1")
    await display.until(lambda: len(display.rtp) == 2)


async def test_joiner_disturbs_nobody_and_a_stuck_one_gets_a_keyframe(bench: Bench) -> None:
    teacher = await bench.publish("t")
    teacher.show(5, key=True)
    await bench.until(lambda: bench.counter("rx_rtp") == 5)
    first = await bench.watch("a", "video")
    await first.until(lambda: len(first.rtp) == 5)
    assert teacher.peer.feedback(rtcp.PictureLoss) == []
    for _ in range(5):
        first.send_rtcp(rtcp.pli(1, first.slot_ssrcs[0]))
    await teacher.peer.until(lambda: teacher.peer.feedback(rtcp.PictureLoss))
    (request,) = teacher.peer.feedback(rtcp.PictureLoss)
    assert request.media_ssrc == teacher.ssrc("0")
    first.send_rtcp(rtcp.fir(1, first.slot_ssrcs[0], 1))
    first.send_rtcp(rtcp.pli(1, 0xDEAD))
    await bench.until(lambda: bench.counter("drop_rtcp_unknown_ssrc") == 1)
    assert bench.counter("keyframes_merged") >= 4


async def test_joiner_during_an_outage_gets_a_picture_after_it(bench: Bench, monkeypatch) -> None:
    monkeypatch.setattr("mediaserver.net.live.ACTIVE_S", 0.15)
    monkeypatch.setattr("mediaserver.sfu.keyframes.MAX_TRIES", 1)
    teacher = await bench.publish("t", "video")
    teacher.show(1, key=True)
    for active in (True, False):
        await bench.until(
            lambda active=active: bench.heard(api.TracksChanged, participant="t")[-1].tracks[0].active is active
        )
    requests = len(teacher.peer.feedback(rtcp.PictureLoss))

    def back() -> bool:
        teacher.show(1)
        return len(teacher.peer.feedback(rtcp.PictureLoss)) > requests

    await bench.until(back)


async def test_lip_sync_and_rates(bench: Bench, monkeypatch) -> None:
    monkeypatch.setattr("mediaserver.net.live.REPORT_S", 0.1)
    teacher = await bench.publish("t")
    unseen = await bench.publish("c", role="classroom")
    display = await bench.watch("a")
    teacher.show(3, key=True)
    teacher.speak(3)
    unseen.show(3, key=True)
    await display.until(lambda: len(display.rtp) == 6)
    # The teacher's clock says 1000 s at these media times, and a packet of each was sent then.
    for mid in "01":
        teacher.peer.send_rtcp(rtcp.sender_report(teacher.ssrc(mid), 1000 << 32, teacher.timestamp[mid], 3, 30))
    await display.until(lambda: len(display.feedback(rtcp.SenderReport)) >= 2)
    reports = {report.ssrc: report for report in display.feedback(rtcp.SenderReport)}
    picture, sound = (reports[display.slot_ssrcs[slot]] for slot in (0, 3))
    newest = {packet.ssrc: packet.timestamp for packet in display.rtp}
    assert picture.rtp_timestamp == newest[picture.ssrc] and sound.rtp_timestamp == newest[sound.ssrc]
    assert abs(picture.ntp - sound.ntp) < 1 << 31, "one clock, but for the time between the two reports' arrivals"
    peers = (teacher.peer, unseen.peer)
    for peer in peers:
        await peer.until(lambda peer=peer: peer.feedback(rtcp.Remb))
    granted = [peer.feedback(rtcp.Remb)[-1].bitrate for peer in peers]
    assert granted[0] >= feedback.START_RATE * 0.99 and granted[1] <= feedback.IDLE_RATE
    (report, *_) = teacher.peer.feedback(rtcp.ReceiverReport)[-1].reports
    assert (report.packets_lost, report.highest_sequence) == (0, teacher.sequence["0"])
