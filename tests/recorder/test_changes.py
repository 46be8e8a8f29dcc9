"""What changes while a lesson is recorded: codec, size, session, clock; and what the people order."""

from __future__ import annotations

import pytest

from recorder import manifest
from recorder.timeline import TimeLine
from recorder.wire import Standing
from tests.recorder import encode
from tests.recorder.scene import DELAY, ZERO, Scene


@pytest.fixture
def scene(tmp_path):
    return Scene(tmp_path / "lesson")


def gaps(track):
    return [(gap.start_us, gap.end_us, gap.why) for gap in track.gaps]


def plays(scene, track):
    """Every part by itself, from its beginning."""
    return [len(encode.decode(scene.folder / part.file)) for part in track.parts]


def test_a_lost_picture_freezes_until_the_next_key_frame(scene):
    camera = scene.publish("teacher-camera", "vp8")
    camera.send(40, lose={10})
    camera.send(30)
    track = scene.end().tracks[0]
    assert plays(scene, track) == [10 + 40]
    ((start, end, why),) = gaps(track)
    assert why == "network"
    assert abs(start - 10 * 33_333) < 40_000 and abs(end - 30 * 33_333) < 40_000
    assert scene.recording.counters["waiting"] == 19


def test_half_a_picture_is_none(scene):
    camera = scene.publish("teacher-camera", "h264", size=(320, 240))  # of several packets each
    camera.send(60, first_only={20})
    track = scene.end().tracks[0]
    assert sum(plays(scene, track)) == 20 + 30
    assert [why for _, _, why in gaps(track)] == ["network"]


def test_lost_padding_between_pictures_harms_nothing(scene):
    camera = scene.publish("teacher-camera", "vp8")
    camera.send(5)
    camera.sender.index += 3
    camera.send(5)
    track = scene.end().tracks[0]
    assert plays(scene, track) == [10]
    assert gaps(track) == []


def test_pictures_that_wait_ask_for_a_key_frame_once_a_second(scene):
    camera = scene.publish("teacher-camera", "vp8")
    camera.send(10, lose={5})
    assert scene.recording.keyframes(scene.clock()) == ["teacher-camera"]
    assert scene.recording.keyframes(scene.clock() + 999_999) == []
    assert scene.recording.keyframes(scene.clock() + 1_000_000) == ["teacher-camera"]
    camera.number = 30
    camera.send(1)
    assert scene.recording.keyframes(scene.clock() + 9_000_000) == []


def test_a_lost_packet_of_sound_is_no_gap_and_more_are(scene):
    sound = scene.publish("teacher-microphone", "opus")
    sound.send(20, lose={5})
    assert scene.recording.manifest.tracks[0].gaps == []
    sound.send(60, lose={*range(10, 20)})
    track = scene.end().tracks[0]
    assert gaps(track) == [(30 * 20_000 + DELAY, 40 * 20_000 + DELAY, "network")]
    assert len(track.parts) == 1
    times = [time for time, _ in encode.demux(scene.folder / track.parts[0].file)]
    assert len(times) == 80 - 11
    assert round(times[-1] * 50) == 79  # nothing is stretched over what is missing


def test_what_the_recorder_missed_is_its_own_gap(scene):
    sound = scene.publish("teacher-microphone", "opus")
    sound.send(10)
    sound.sender.index += 20
    data = sound.sender.frame(sound.frames[10], 30 * 960, scene.clock() + 400_000)
    scene.recording.packets("teacher-microphone", data, 20)
    assert [why for _, _, why in gaps(scene.end().tracks[0])] == ["recorder"]
    assert scene.recording.counters["missed"] == 20


def test_another_codec_begins_a_part(scene):
    camera = scene.publish("teacher-camera", "vp8")
    camera.send(30)
    other = scene.publish("teacher-camera", "h264", pt=102)
    scene.recording.payload_types("teacher-camera", {96: "VP8", 102: "H264"})
    other.ticks = camera.ticks
    other.send(30)
    track = scene.end().tracks[0]
    assert [part.codec for part in track.parts] == ["vp8", "h264"]
    assert plays(scene, track) == [30, 30]


def test_another_size_of_h264_begins_a_part(scene):
    camera = scene.publish("teacher-camera", "h264")
    camera.send(30)
    larger = scene.publish("teacher-camera", "h264", size=(320, 240))
    camera.frames = larger.frames
    larger.sender, larger.ticks = camera.sender, camera.ticks
    larger.send(30)
    track = scene.end().tracks[0]
    assert [(part.width, part.height) for part in track.parts] == [(160, 120), (320, 240)]
    assert plays(scene, track) == [30, 30]


def test_another_size_of_vp8_stays_in_its_part(scene):
    camera = scene.publish("teacher-camera", "vp8")
    camera.send(30)
    camera.frames = scene.publish("other-camera", "vp8", size=(320, 240)).frames
    camera.number = 0
    camera.send(30)
    track = scene.end().tracks[0]
    assert plays(scene, track) == [60]


def test_a_publisher_that_comes_again_begins_a_part(scene):
    camera = scene.publish("teacher-camera", "vp8")
    camera.send(30)
    scene.recording.close_track("teacher-camera", scene.clock())
    scene.until(scene.now + 2_000_000)
    again = scene.publish("teacher-camera", "vp8", ssrc=77, first=9, stamp=5)
    again.send(30)
    track = scene.end().tracks[0]
    assert plays(scene, track) == [30, 30]
    assert abs(track.parts[1].start_us - (30 * 33_333 + 2_000_000 + DELAY)) < 1000
    assert scene.recording.safe("teacher-camera") == again.sender.index - 1


def test_another_ssrc_begins_a_part(scene):
    sound = scene.publish("teacher-microphone", "opus")
    sound.send(20)
    sound.sender.ssrc, sound.sender.stamp, sound.sender.index = 99, 12345, 500_000
    sound.send(20)
    assert len(scene.end().tracks[0].parts) == 2


@pytest.mark.parametrize("jump", [-(1 << 20), 1 << 20, (1 << 31) - 1])
@pytest.mark.parametrize("codec", ["opus", "vp8"])
def test_a_jump_of_media_time_begins_a_part(scene, codec, jump):
    track_of = scene.publish("teacher-x", codec)
    track_of.send(30)
    track_of.ticks += jump
    track_of.send(30)
    track = scene.end().tracks[0]
    assert plays(scene, track) == [30, 30]
    assert all(part.duration_us < 1_100_000 for part in track.parts)
    assert abs(track.parts[1].start_us - 30 * track_of.length - DELAY) < 1000


def test_a_pause_is_a_gap_and_a_spell(scene):
    camera = scene.publish("teacher-camera", "vp8")
    sound = scene.publish("teacher-microphone", "opus")
    camera.send(30)
    at = scene.now
    scene.recording.pause(scene.clock(), "teacher")
    camera.send(30)
    sound.send(10)
    assert scene.recording.keyframes(scene.clock()) == []
    scene.recording.resume(scene.clock())
    resumed = scene.now
    camera.send(35)
    sound.send(20)
    kept = scene.end()
    track = kept.tracks[0]
    assert plays(scene, track) == [30, 35]
    ((start, end, why),) = gaps(track)
    assert (start, why) == (at, "paused") and end >= resumed
    assert [(spell.start_us, spell.end_us, spell.by) for spell in kept.pauses] == [(at, resumed, "teacher")]
    assert scene.recording.counters["paused"] > 0


def test_an_excluded_classroom_is_not_written_at_all(scene):
    scene.recording.exclude("class3", scene.clock(), "teacher")
    camera = scene.publish("class3-camera", "vp8")
    teacher = scene.publish("teacher-camera", "vp8")
    camera.send(30)
    teacher.send(30)
    kept = scene.end()
    assert kept.track("class3-camera").parts == []
    assert [why for _, _, why in gaps(kept.track("class3-camera"))] == ["excluded"]
    assert len(kept.track("teacher-camera").parts) == 1
    assert [path.name for path in (scene.folder / "parts").iterdir()] == ["teacher-camera-000.webm"]
    (spell,) = kept.excluded["class3"]
    assert (spell.start_us, spell.end_us) == (0, scene.now)


def test_excluded_and_paused_at_once_ends_when_both_end(scene):
    sound = scene.publish("class3-microphone", "opus")
    sound.send(10)
    scene.recording.pause(scene.clock(), "teacher")
    sound.send(10)
    scene.recording.exclude("class3", scene.clock(), "teacher")
    sound.send(10)
    scene.recording.resume(scene.clock())
    sound.send(10)
    scene.recording.include("class3", scene.clock())
    sound.send(10)
    track = scene.end().tracks[0]
    assert [(why, round((end - start) / 20_000)) for start, end, why in gaps(track)] == [
        ("paused", 10),
        ("excluded", 20),
    ]


def test_a_muted_microphone_is_silent(scene):
    sound = scene.publish("teacher-microphone", "opus")
    sound.send(20)
    scene.recording.silence("teacher-microphone", "silent")
    scene.until(scene.now + 3_000_000)
    sound.ticks += 150 * 960
    sound.send(20)
    track = scene.end().tracks[0]
    assert gaps(track) == [(20 * 20_000 + DELAY, 20 * 20_000 + 3_000_000 + DELAY, "silent")]
    assert len(track.parts) == 1


def test_redundant_sound_fills_what_was_lost(scene):
    """RFC 2198: each packet carries the one before it."""
    sound = scene.publish("teacher-microphone", "opus")
    scene.recording.payload_types("teacher-microphone", {96: "red"})
    for number in range(1, 40):
        before, now = sound.frames[number - 1 : number + 1]
        header = ((0x80 | 111) << 24 | 960 << 10 | len(before)).to_bytes(4, "big")
        packets = sound.sender.frame(header + bytes((111,)) + before + now, number * 960, scene.clock())
        if number % 3 or number == 39:
            scene.recording.packets("teacher-microphone", packets, 0)
        scene.until(scene.now + 20_000)
    track = scene.end().tracks[0]
    read = encode.demux(scene.folder / track.parts[0].file)
    assert [data for _, data in read] == sound.frames[1:40]
    assert track.gaps == []


def test_a_sender_that_jumps_with_every_packet_does_not_flood_the_disk(scene):
    sound = scene.publish("teacher-microphone", "opus")
    for _ in range(400):
        sound.ticks += 1 << 24
        sound.send(1)
    assert len(list((scene.folder / "parts").iterdir())) <= 17
    assert scene.recording.counters["parts"] > 300
    sound.send(300)
    assert encode.demux(scene.folder / scene.end().tracks[0].parts[-1].file)


def test_a_paused_recording_stays_paused_when_its_process_is_killed(tmp_path):
    scene = Scene(tmp_path / "lesson")
    scene.publish("teacher-camera", "vp8").send(30)
    at = scene.now
    scene.recording.pause(scene.clock(), "teacher")
    scene.until(at + 1_000_000)
    again = Scene(tmp_path / "lesson", after="recorder")
    again.now = at + 3_000_000
    again.publish("teacher-camera", "vp8").send(30)
    again.recording.resume(again.clock())
    again.publish("teacher-camera", "vp8").send(30)
    kept = again.end()
    assert [why for _, _, why in gaps(kept.tracks[0])] == ["paused"]
    assert len(kept.pauses) == 1 and len(kept.tracks[0].parts) == 2


def test_orders_that_ended_while_nobody_recorded_have_ended(tmp_path):
    scene = Scene(tmp_path / "lesson")
    scene.publish("teacher-camera", "vp8").send(30)
    at = scene.now
    scene.recording.pause(scene.clock(), "teacher")
    scene.recording.exclude("class3", scene.clock(), "teacher")
    scene.recording.exclude("class4", scene.clock(), "teacher")
    scene.until(at + 1_000_000)
    again = Scene(tmp_path / "lesson", at + 3_000_000, after="recorder")
    left_out = {"class4": Standing(by="teacher", now_us=0), "class5": Standing(by="b", now_us=ZERO)}
    again.recording.obey(None, left_out, again.clock())
    again.publish("teacher-camera", "vp8").send(30)
    again.publish("class3-camera", "vp8").send(30)
    again.publish("class4-camera", "vp8").send(30)
    kept = manifest.load(again.folder)
    assert [(spell.start_us, spell.end_us) for spell in kept.pauses] == [(at, at + 3_000_000)]
    assert [(spell.start_us, spell.end_us) for spell in kept.excluded["class3"]] == [(at, at + 3_000_000)]
    assert [(spell.start_us, spell.end_us) for spell in kept.excluded["class4"]] == [(at, None)]
    assert [(spell.start_us, spell.end_us, spell.by) for spell in kept.excluded["class5"]] == [(0, None, "b")]
    assert len(kept.track("teacher-camera").parts) == 2 and len(kept.track("class3-camera").parts) == 1
    assert kept.track("class4-camera").parts == []


def test_an_order_is_no_gap_of_who_was_not_there(scene):
    left, muted = scene.publish("class1-camera", "vp8"), scene.publish("class2-microphone", "opus")
    left.send(30)
    muted.send(10)
    scene.recording.close_track("class1-camera", scene.clock())
    scene.until(scene.now + 2_000_000)
    paused = scene.now
    scene.recording.pause(scene.clock(), "teacher")
    scene.until(scene.now + 2_000_000)
    scene.recording.resume(scene.clock())
    resumed = scene.now
    scene.until(scene.now + 60_000_000)
    kept = scene.end()
    assert kept.track("class1-camera").gaps == []
    assert gaps(kept.track("class2-microphone")) == [(paused, resumed, "paused")]


class TestHeldUp:
    """A line on which packets stood for three seconds, and then all came at once."""

    def test_the_lesson_is_as_long_as_it_was(self, scene):
        microphone = scene.publish("teacher-microphone", "opus")
        microphone.send(100)
        microphone.stand(150)
        microphone.send(100)
        kept = scene.end()
        assert abs(kept.length_us - scene.now) < 50_000 and kept.tracks[0].gaps == []

    @pytest.mark.parametrize("codec", ["vp8", "h264"])
    def test_no_picture_is_lost_and_each_lies_where_it_was_taken(self, scene, codec):
        camera = scene.publish("teacher-camera", codec)
        camera.send(40)
        camera.stand(100)
        camera.send(70)
        [track] = scene.end().tracks
        assert plays(scene, track) == [210] and track.gaps == []
        line = TimeLine(track.parts[0])
        for number in (0, 39, 40, 100, 209):
            assert abs(line.at(number * 100_000 // 3) - number * 100_000 // 3 - DELAY) < 5000, number

    def test_one_part_tells_of_so_many_stops_and_no_more(self, scene, monkeypatch):
        monkeypatch.setattr("recorder.track.MAX_STOPS", 1)
        microphone = scene.publish("teacher-microphone", "opus")
        for _ in range(3):
            microphone.send(50)
            microphone.stand(150)
        microphone.send(50)
        [track] = scene.end().tracks
        assert plays(scene, track) == [50 + 150 + 50, 150 + 50 + 150 + 50]

    def test_what_is_lost_before_new_numbers_is_a_gap(self, scene):
        microphone = scene.publish("teacher-microphone", "opus")
        microphone.send(100)
        microphone.send(200, lose=set(range(200)))
        microphone.sender.ssrc += 1
        microphone.send(100)
        assert gaps(scene.end().tracks[0]) == [(2_010_000, 6_010_000, "network")]

    @pytest.mark.parametrize("seconds", [1, 20])
    def test_who_goes_on_after_a_crash_loses_nothing_of_what_comes_then(self, scene, seconds):
        microphone = scene.publish("teacher-microphone", "opus")
        microphone.send(100)
        microphone.stand(150)
        microphone.send(50 * seconds)
        microphone.scene = later = Scene(scene.folder, scene.now + 200_000)
        microphone.open()
        microphone.send(200)
        kept = later.end()
        assert later.recording.counters["again"] == 0
        [track] = kept.tracks
        assert track.parts[-1].duration_us == 4_000_000
        covered = sum(part.duration_us for part in track.parts) + sum(gap.end_us - gap.start_us for gap in track.gaps)
        assert abs(covered - later.now) < (50_000 if seconds == 20 else 3_050_000)

    def test_what_is_lost_while_the_senders_clock_is_set_is_a_gap(self, scene):
        microphone = scene.publish("teacher-microphone", "opus")
        microphone.send(100)
        microphone.send(150, lose=set(range(150)))
        microphone.ticks += 100 * 48_000
        microphone.send(100)
        [gap] = scene.end().tracks[0].gaps
        assert (gap.start_us, gap.end_us, gap.why) == (2_010_000, 5_010_000, "network")
