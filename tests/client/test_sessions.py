"""Publisher and watcher against aiortc's own endpoint."""

from __future__ import annotations

import pytest

from mediaserver.api import UserError
from signalling.client.http import SignallingClient
from signalling.client.lesson import Lesson
from signalling.client.publisher import Publisher
from signalling.client.watcher import Watcher, audio_slots, video_slots
from tests.client.answerer import Answerer


async def test_a_lesson_is_published_seen_heard_and_timed(client: SignallingClient, answerer: Answerer) -> None:
    lesson = Lesson()
    async with Publisher(client, "demo", lesson.tracks) as publisher:
        assert answerer.authorization == ["Bearer a-token"]
        async with Watcher(client, "demo") as watcher:
            camera = await watcher.frames("camera", 5)
            screen = await watcher.frames("screen", 5)
            sound = await watcher.audible("program")
            assert (camera.width, camera.height) == (640, 360)
            assert (screen.width, screen.height) == (1280, 720)
            assert camera.delays_ms and 0 <= camera.delay_ms(50) < 5000
            assert screen.delays_ms and 0 <= screen.delay_ms(50) < 5000
            assert -30 < sound.level_dbfs < -6
            watcher.refresh()
            assert camera.packets > 0 and camera.loss < 0.1
            assert camera.first_ms is not None and camera.first_ms > 0
        sent = await publisher.statistics()
        assert [track.kind for track in sent] == ["video", "video", "audio"]
        assert all(track.packets > 0 and track.bytes > 0 for track in sent)
    assert answerer.deleted == ["s2", "s1"]


async def test_leaving_ends_tracks_and_sessions(client: SignallingClient, answerer: Answerer) -> None:
    lesson = Lesson()
    publisher = Publisher(client, "demo", lesson.tracks)
    async with publisher:
        assert not publisher.lost.is_set()
    assert publisher.lost.is_set()
    assert answerer.deleted == ["s1"]
    assert lesson.camera.readyState == "ended"


async def test_a_server_that_goes_away_is_noticed(client: SignallingClient, answerer: Answerer) -> None:
    async with Publisher(client, "demo", Lesson().tracks) as publisher:
        await answerer.until(lambda: answerer.packets["video"])
        await answerer.close_connections()
        await publisher.until(publisher.lost.is_set, 10)


async def test_refused_picture_is_said_and_leaves_nothing_open(client: SignallingClient, answerer: Answerer) -> None:
    answerer.refuse = (1,)
    with pytest.raises(UserError) as caught:
        async with Publisher(client, "demo", Lesson().tracks):
            pass
    assert caught.value.code == "track_refused"
    assert answerer.deleted == ["s1"]


async def test_watcher_goes_on_without_refused_slots(client: SignallingClient, answerer: Answerer) -> None:
    async with Publisher(client, "demo", Lesson().tracks):
        answerer.refuse = (1, 2)
        async with Watcher(client, "demo", videos=3, audios=1) as watcher:
            await watcher.first_frame("camera")
            await watcher.audible("program")
            assert [t.mid for t in watcher.refused] == ["1", "2"]
            assert watcher.video["screen"].frames == 0


async def test_takeover_is_asked_for(client: SignallingClient, answerer: Answerer) -> None:
    async with Publisher(client, "demo", [Lesson().sound], takeover=True):
        assert answerer.queries == ["takeover=1"]


async def test_offered_codecs_follow_the_preference(client: SignallingClient, answerer: Answerer) -> None:
    lesson = Lesson()
    async with Publisher(client, "demo", [lesson.camera], video_codecs=("H264",)):
        assert "H264/90000" in answerer.offers[0]
        assert "VP8" not in answerer.offers[0]


@pytest.mark.parametrize(
    ("role", "videos", "audios", "names"),
    [
        ("classroom", 1, 1, (["main"], ["program"])),
        ("staff", 2, 2, (["camera", "screen"], ["teacher", "called"])),
        ("assistant", 4, 3, (["camera", "screen", "called", "none1"], ["teacher", "called", "none1"])),
        ("lead", 3, 1, (["tile1", "tile2", "tile3"], ["called"])),
        ("classroom", 0, 0, ([], [])),
    ],
)
def test_slots_are_named_as_the_protocol_says(role, videos, audios, names) -> None:
    assert (video_slots(role, videos), audio_slots(role, audios)) == names
