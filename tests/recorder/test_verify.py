"""Files that changed, vanished or belong to nothing are found; what is old is removed as the rule says."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from recorder import manifest as manifests
from recorder import retention, verify
from recorder.manifest import Output
from recorder.retention import Item, Removal, Rule
from recorder.stages import finalise
from recorder.stages.work import Work
from recorder.store import Store
from recorder.verify import Expected, Finding
from signalling import cli
from signalling.db.engine import Database
from signalling.db.library import Resource, ResourceFile
from tests.recorder.making import SECOND, Maker


@pytest.fixture
def lesson(tmp_path: Path) -> Work:
    maker = Maker(tmp_path / "data" / "recording" / "lesson1")
    maker.talk("teacher", 0, 2 * SECOND)
    maker.film("teacher", 0, 2 * SECOND)
    manifests.save(maker.folder, maker.manifest)
    work = Work(maker.folder, maker.manifest)
    finalise.run(work)
    return work


def findings(folder: Path, sizes_only: bool = False) -> list[Finding]:
    return list(verify.recording(folder, lambda count: None, sizes_only))


def spoil(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


class TestRecording:
    def test_whole(self, lesson):
        assert findings(lesson.folder) == []

    def test_what_is_amiss(self, lesson):
        camera, part = lesson.manifest.outputs[0].file, lesson.manifest.tracks[0].parts[0].file
        spoil(lesson.folder / camera)
        (lesson.folder / part).unlink()
        (lesson.folder / "out" / "more.bin").write_bytes(b"x")
        (lesson.folder / "out" / "camera.webm.new").write_bytes(b"x")
        assert sorted(findings(lesson.folder)) == [
            ("damaged", f"lesson1/{camera}"),
            ("missing", f"lesson1/{part}"),
            ("surplus", "lesson1/out/more.bin"),
        ]
        assert [finding.why for finding in findings(lesson.folder, sizes_only=True)] == ["missing", "surplus"]

    def test_a_part_that_is_still_written_must_only_be_there(self, lesson):
        lesson.manifest.tracks[0].parts[0].sha256 = ""
        lesson.save()
        with (lesson.folder / lesson.manifest.tracks[0].parts[0].file).open("ab") as file:
            file.write(b"more")
        assert findings(lesson.folder) == []

    def test_a_manifest_that_cannot_be_read(self, lesson):
        (lesson.folder / manifests.NAME).write_text("{")
        assert findings(lesson.folder) == [("unreadable", "lesson1/manifest.json")]


def test_the_store(tmp_path):
    store = Store("memory://")
    (tmp_path / "a").write_bytes(b"lesson")
    for key in ("r/same", "r/other", "r/longer", "r/unknown"):
        store.put(key, tmp_path / "a")
    sha = "e1ae7d6e2ad6dbdc3fd4fdbbcc0ff4d5d3a44b5f5b9f0c2c3d9d5c5c9c1a0f00"
    right = store.sha256("r/same", lambda count: None)
    expected = [
        Expected("r/same", 6, right),
        Expected("r/other", 6, sha),
        Expected("r/longer", 7, right),
        Expected("r/gone", 6, right),
    ]
    told: list[int] = []
    assert sorted(verify.stored(store, expected, told.append)) == [
        ("damaged", "r/longer"),
        ("damaged", "r/other"),
        ("missing", "r/gone"),
        ("surplus", "r/unknown"),
    ]
    assert sum(told) == 6 + 6 + 7 + 6
    assert "r/other" not in [found.what for found in verify.stored(store, expected, told.append, sizes_only=True)]


class TestRetention:
    def test_the_rule(self):
        day = retention.DAY_S
        items = [
            Item("old", "old", 0, False, True),
            Item("kept", "kept", 0, True, True),
            Item("unfinished", "unfinished", 60 * day, False, False),
            Item("recent", "recent", 95 * day, False, True),
            Item("finished", "finished", 80 * day, False, True),
        ]
        wanted = [
            Removal("old", "old", "all"),
            Removal("kept", "kept", "parts"),
            Removal("finished", "finished", "parts"),
        ]
        assert list(retention.removals(items, Rule(90, 7), 100 * day)) == wanted
        assert [removal.what for removal in retention.removals(items, Rule(0, 7), 100 * day)] == ["parts"] * 3

    def test_parts_go_and_the_finished_files_stay(self, lesson):
        before = retention.parts_of(lesson.folder)
        outputs = list(lesson.manifest.outputs)
        assert retention.remove_parts(lesson.folder, lesson.manifest) == before > 0
        assert retention.remove_parts(lesson.folder, lesson.manifest) == 0
        assert findings(lesson.folder) == []
        again = Work(lesson.folder, manifests.load(lesson.folder))
        finalise.run(again)
        assert again.manifest.outputs == outputs


def run(*arguments: str) -> int | str | None:
    with pytest.raises(SystemExit) as ended:
        cli.main(list(arguments))
    return ended.value.code


@pytest.fixture
async def library(database_url, tmp_path, monkeypatch, lesson):
    """A lesson of 1970 in the database, and its camera in the store."""
    monkeypatch.setenv("TONGKE_DATABASE__URL", database_url)
    monkeypatch.setenv("TONGKE_DATA_DIR", str(tmp_path / "data"))
    camera: Output = lesson.manifest.outputs[0]
    Store(f"file://{tmp_path}/data/library").put("lesson1/camera.webm", lesson.folder / camera.file)
    row = Resource(
        id="lesson1", kind="lesson", state="published", title="三年级", day=dt.date(1970, 1, 2), made=1, changed=1
    )
    file = ResourceFile(
        resource="lesson1",
        name="camera",
        key="lesson1/camera.webm",
        media_type="video/webm",
        bytes=camera.bytes,
        sha256=camera.sha256,
    )
    async with Database(database_url) as database, database.write() as session:
        session.add(row)
        await session.flush()
        session.add(file)


class TestCommands:
    def test_verify(self, library, tmp_path, capsys):
        assert run("verify") == 0
        assert capsys.readouterr().out == "All files are what they were when they were finished.\n"
        (tmp_path / "data/library/lesson1/more").write_bytes(b"x")
        assert run("verify") == 0
        assert capsys.readouterr().out == "surplus: lesson1/more\n1 surplus\n"
        spoil(tmp_path / "data/library/lesson1/camera.webm")
        assert run("verify", "--quick") == 0
        capsys.readouterr()
        assert run("verify") == 1
        assert "damaged: lesson1/camera.webm\n" in capsys.readouterr().out

    def test_retention(self, library, capsys, monkeypatch):
        assert run("retention", "--dry-run") == 0
        assert "lesson1  三年级: parts, " in capsys.readouterr().out
        monkeypatch.setenv("TONGKE_RECORDER__KEEP_DAYS", "365")
        assert run("retention", "--dry-run") == 0
        assert "lesson1  三年级: everything\n" in capsys.readouterr().out
        assert run("retention") == 2
        assert "--dry-run" in capsys.readouterr().err
