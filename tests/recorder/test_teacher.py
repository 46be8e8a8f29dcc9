"""Who led a lesson most is its teacher, whoever leads it last."""

from __future__ import annotations

from pathlib import Path

from recorder import manifest as manifests
from recorder.kept import _figures
from recorder.manifest import Gap, Manifest
from recorder.stages import finalise
from recorder.stages.work import Work
from recorder.teacher import teacher
from tests.recorder.making import SECOND, Maker
from tests.recorder.scene import Scene


def test_a_box_that_leads_the_last_minute_is_not_the_teacher(tmp_path: Path) -> None:
    maker = Maker(tmp_path, Manifest(room="lesson1", began=1, lead="box", leads=["box", "jia"]))
    maker.film("box", 0, SECOND)
    maker.film("jia", 2 * SECOND, 8 * SECOND)
    maker.film("jia", 3 * SECOND, 5 * SECOND, source="screen")
    maker.film("box", 9 * SECOND, 10 * SECOND)
    manifests.save(tmp_path, maker.manifest)
    for _ in range(2):
        finalise.run(Work(tmp_path, manifests.load(tmp_path)))
        made = manifests.load(tmp_path)
        assert {output.name: output.participant for output in made.outputs} == {
            "camera": "jia",
            "screen": "jia",
            "classroom-1": "box",
        }
        assert made.lead == "jia"


def test_what_is_missing_is_the_teachers(tmp_path: Path) -> None:
    maker = Maker(tmp_path, Manifest(room="lesson1", began=1, lead="box", leads=["box", "jia"]))
    maker.talk("jia", 0, 2 * SECOND)
    maker.talk("box", 2 * SECOND, 3 * SECOND)
    jia, box = maker.manifest.tracks
    jia.gaps.append(Gap(start_us=0, end_us=SECOND, why="network"))
    box.gaps.append(Gap(start_us=0, end_us=30 * SECOND, why="network"))
    assert _figures(maker.manifest)["missing_ms"] == 1000


def test_of_equals_it_is_who_leads_now() -> None:
    assert teacher(Manifest(room="lesson1", began=1, lead="b", leads=["a", "b"])) == "b"
    assert teacher(Manifest(room="lesson1", began=1)) == ""


def test_all_who_led_are_remembered(tmp_path: Path) -> None:
    scene = Scene(tmp_path / "lesson")
    scene.recording.lead("box")
    scene.recording.lead("")
    scene.recording.lead("teacher")
    scene.recording.lead("box")
    scene.until(SECOND)
    again = Scene(tmp_path / "lesson", 2 * SECOND)
    assert (again.recording.manifest.lead, again.recording.manifest.leads) == ("teacher", ["teacher", "box"])
