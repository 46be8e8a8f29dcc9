"""A flash and a click at one moment, through real packets, read back from the files."""

from __future__ import annotations

from benchmarks.clap import lesson
from benchmarks.clap.line import Network, Skew
from recorder import manifest

SKEWS = {"teacher": Skew(200, -200, 150), "class1": Skew(-200, 200, -200, set_s=60.0)}


def test_flash_and_click_stay_together_over_a_bad_line(tmp_path):
    network = Network(delay_s=0.04, jitter_s=0.02, loss=0.05, gone=0.001)
    senders, _ = lesson.record(tmp_path / "lesson", 120, SKEWS, network=network, every_s=12)
    found = lesson.measure(tmp_path / "lesson", senders)
    for measured in found.values():
        assert measured.found >= 6
        assert max(abs(apart) for apart in measured.lip) < 10
        assert all(35 < late < 70 for late in measured.absolute)
    tracks = manifest.load(tmp_path / "lesson").tracks
    assert all(len(track.parts) == 1 for track in tracks)
    assert {gap.why for track in tracks for gap in track.gaps} <= {"network"}
