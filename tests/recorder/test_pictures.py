"""Slides are told from pointers, cursors and videos; posters and strips are made from what there is."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from recorder import manifest as manifests
from recorder.slides import HEIGHT, WIDTH, Watcher
from recorder.stages import finalise, pictures
from recorder.stages.work import Work
from tests.recorder.making import SECOND, Maker, drawn

SIZE = (640, 360)


def slide(number: int):
    """A title and lines of text, other ones on each slide, in the same layout."""
    image = np.full((SIZE[1], SIZE[0]), 235, np.uint8)
    cv2.rectangle(image, (0, 0), (SIZE[0], 50), 90, -1)
    cv2.putText(image, f"Lesson {'ABCDEFGH'[number]}", (20, 36), cv2.FONT_HERSHEY_SIMPLEX, 1.1, 235, 2)
    words = np.random.default_rng(number)
    for line in range(6):
        text = "".join(chr(97 + letter) for letter in words.integers(0, 26, 8 + number % 3 * 6))
        cv2.putText(image, text, (30, 100 + 42 * line), cv2.FONT_HERSHEY_SIMPLEX, 0.9, 20, 2)
    return image


def with_pointer(image, at: int):
    """An arrow that wanders, and a cursor that blinks."""
    image = image.copy()
    x, y = 40 + at * 37 % 560, 60 + at * 23 % 280
    cv2.fillPoly(image, [np.array([(x, y), (x + 12, y + 8), (x + 3, y + 16)], np.int32)], 0)
    if at % 2:
        cv2.rectangle(image, (300, 200), (303, 224), 0, -1)
    return image


def with_video(image, at: int, size: int = 160):
    image = image.copy()
    noise = np.random.default_rng(at).integers(16, 235, (size // 20, size // 10)).astype(np.uint8)
    image[120 : 120 + size, 240 : 240 + 2 * size] = np.kron(noise, np.ones((20, 20), np.uint8))
    return image


def watch(images) -> list[int]:
    watcher, found = Watcher(), []
    for at, image in enumerate(images):
        since = watcher.see(at, cv2.resize(image, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA))
        if since is not None:
            found.append(since)
    return found


class TestWatcher:
    def test_each_slide_is_seen_once(self):
        assert watch([slide(at // 10) for at in range(40)]) == [0, 10, 20, 30]

    def test_pointer_and_cursor_are_not_slides(self):
        assert watch([with_pointer(slide(at // 20), at) for at in range(60)]) == [0, 20, 40]

    def test_a_video_in_a_slide_is_not_one(self):
        shown = [with_video(slide(0), at) if 10 <= at < 40 else slide(0) for at in range(10)]
        shown += [with_video(slide(0), at) for at in range(10, 40)]
        shown += [with_video(slide(0), 39)] * 20 + [slide(1)] * 10
        assert watch(shown) == [0, 60]

    def test_after_a_film_over_the_whole_screen_there_is_a_slide(self):
        def film(at):
            return np.random.default_rng(at).integers(0, 255, (SIZE[1], SIZE[0])).astype(np.uint8) // 2 + at % 3 * 60

        assert watch([slide(0)] * 5 + [film(at) for at in range(20)] + [slide(1)] * 10) == [0, 25]

    def test_slides_that_are_leafed_through_are_not_kept(self):
        assert watch([slide(0)] * 5 + [slide(at % 6 + 1) for at in range(6)] + [slide(7)] * 10) == [0, 11]

    @pytest.mark.parametrize("lines", [1, 2])
    def test_a_little_more_on_a_slide_is_the_same_slide(self, lines):
        more = slide(0)
        cv2.putText(more, "more", (500, 340), cv2.FONT_HERSHEY_SIMPLEX, 0.5 * lines, 20, 2)
        assert watch([slide(0)] * 5 + [more] * 5) == [0]


@pytest.fixture
def maker(tmp_path):
    return Maker(tmp_path)


def share(maker: Maker, shown, begin: int = 0, per_second: int = 2) -> None:
    times = range(begin, begin + len(shown) * SECOND // per_second, SECOND // per_second)
    frames = zip(times, drawn("vp8", shown, *SIZE), strict=True)
    maker.pictures("teacher", begin, ((at, key, data) for at, (key, data) in frames), "vp8", SIZE, source="screen")


def work_on(maker: Maker) -> Work:
    manifests.save(maker.folder, maker.manifest)
    work = Work(maker.folder, maker.manifest)
    finalise.run(work)
    pictures.run(work)
    return Work(maker.folder, manifests.load(maker.folder))


def test_slides_are_kept_once_with_their_images(maker):
    order = [0, 1, 0, 2]
    share(maker, [with_pointer(slide(order[at // 20]), at) for at in range(80)], 5 * SECOND)
    maker.film("teacher", 0, 45 * SECOND)
    work = work_on(maker)
    assert [(round(found.at_us / SECOND), found.image) for found in work.manifest.slides] == [
        (5, "slide-1"), (15, "slide-2"), (25, "slide-1"), (35, "slide-3"),
    ]  # fmt: skip
    for name, number in (("slide-1", 0), ("slide-2", 1), ("slide-3", 2)):
        output = work.manifest.output(name)
        image = cv2.imread(str(work.folder / output.file), cv2.IMREAD_GRAYSCALE)
        assert (output.media_type, image.shape) == ("image/webp", (360, 640))
        assert np.abs(image.astype(int) - slide(number)).mean() < 20
    poster, strip = work.manifest.output("poster"), work.manifest.output("strip")
    assert (poster.width, strip.width, strip.height, strip.duration_us) == (64, 1600, 90, 10 * SECOND)
    tiles = cv2.imread(str(work.folder / strip.file), cv2.IMREAD_GRAYSCALE)
    assert tiles[45, 160 + 80] > 150  # the screen, not the darker camera


def test_a_second_run_changes_nothing(maker):
    share(maker, [slide(0)] * 10)
    work = work_on(maker)
    before = {path: path.stat().st_mtime_ns for path in maker.folder.rglob("*")}
    pictures.run(work)
    assert before == {path: path.stat().st_mtime_ns for path in before}
    (maker.folder / work.manifest.output("slide-1").file).unlink()
    pictures.run(work)
    assert manifests.load(maker.folder) == work.manifest
    assert set(before) == set(maker.folder.rglob("*"))


def test_without_a_screen_there_are_pictures_but_no_slides(maker):
    maker.film("teacher", 0, 25 * SECOND)
    manifest = work_on(maker).manifest
    assert manifest.slides == []
    assert {output.name for output in manifest.outputs} == {"camera", "poster", "strip"}


def test_sound_alone_has_no_pictures(maker):
    maker.talk("teacher", 0, 2 * SECOND)
    manifest = work_on(maker).manifest
    assert [output.name for output in manifest.outputs] == ["sound"]


def test_what_cannot_be_decoded_is_left_out(maker):
    share(maker, [slide(at // 10) for at in range(40)])
    manifests.save(maker.folder, maker.manifest)
    work = Work(maker.folder, maker.manifest)
    finalise.run(work)
    film = work.folder / work.manifest.output("screen").file
    data = bytearray(film.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 4000] = bytes(4000)
    film.write_bytes(data)
    pictures.run(work)
    assert [found.image for found in work.manifest.slides][:1] == ["slide-1"]
