"""Pictures of the generated lesson: slides with a moving part, and a figure before a camera.

A scene is drawn once and kept as I420; per frame only its moving part, the clock text and the clock strip are
painted, which costs about a millisecond at 1280×720.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from signalling.client.clock import encode_clock, strip_height

SLIDE_SECONDS = 10.0
FONT = cv2.FONT_HERSHEY_DUPLEX
INK, FAINT, BLUE, RED, GREEN = (40, 36, 32), (225, 222, 218), (200, 110, 30), (60, 60, 210), (90, 150, 50)
PAPER = (252, 250, 248)

Paint = Callable[[np.ndarray, float], None]
"""Paints the moving part into a BGR image; the second argument is seconds."""


@dataclass(frozen=True, slots=True)
class Scene:
    """:ivar background: BGR. :ivar window: left, top, width, height of the moving part, all even."""

    background: np.ndarray
    window: tuple[int, int, int, int]
    paint: Paint


class Painter:
    """Turns scenes into I420 pictures with a clock.

    :param scenes: shown in turn for `seconds` each, all of the same size.
    """

    def __init__(self, scenes: list[Scene], seconds: float = SLIDE_SECONDS) -> None:
        self._scenes = scenes
        self._seconds = seconds
        self.height, self.width = scenes[0].background.shape[:2]
        self._planes = [self._prepare(scene) for scene in scenes]

    def picture(self, at: float, ms: int) -> np.ndarray:
        """The picture at one moment.

        :param at: seconds since the lesson began; decides slide and movement.
        :param ms: what the clock shows, milliseconds since 1970.
        :return: I420, (height × 3 / 2, width) uint8, the caller's own.
        """
        number = int(at / self._seconds) % len(self._scenes)
        scene, picture = self._scenes[number], self._planes[number].copy()
        left, top, width, height = scene.window
        part = scene.background[top : top + height, left : left + width].copy()
        scene.paint(part, at)
        self._paste(picture, part, left, top)
        self._write_clock(picture[: self.height], ms)
        encode_clock(picture[: self.height], ms)
        return picture

    def _prepare(self, scene: Scene) -> np.ndarray:
        image = scene.background.copy()
        left, rows = self._clock_box()
        image[:rows, left:] = 255  # only luma is painted per frame, so the chroma of box and strip must be neutral
        image[self.height - strip_height(self.height) :] = 0
        return cv2.cvtColor(image, cv2.COLOR_BGR2YUV_I420)

    def _paste(self, picture: np.ndarray, part: np.ndarray, left: int, top: int) -> None:
        yuv = cv2.cvtColor(part, cv2.COLOR_BGR2YUV_I420)
        rows, columns = part.shape[:2]
        picture[top : top + rows, left : left + columns] = yuv[:rows]
        target = picture[self.height :].reshape(2, self.height // 2, self.width // 2)
        source = yuv[rows:].reshape(2, rows // 2, columns // 2)
        target[:, top // 2 : (top + rows) // 2, left // 2 : (left + columns) // 2] = source

    def _clock_box(self) -> tuple[int, int]:
        """Left column and height of the white box in the top right corner, both even."""
        return self.width * 73 // 100 // 2 * 2, self.height // 8 // 2 * 2

    def _write_clock(self, luma: np.ndarray, ms: int) -> None:
        moment = datetime.datetime.fromtimestamp(ms / 1000)
        text = moment.strftime("%H:%M:%S.") + f"{ms % 1000:03d}"
        left, rows = self._clock_box()
        scale = self.height / 520
        luma[:rows, left:] = 235
        cv2.putText(
            luma, text, (left + rows // 6, rows * 2 // 3), FONT, scale, 30, max(1, round(1.5 * scale)), cv2.LINE_AA
        )


def screen_scenes(width: int = 1280, height: int = 720) -> list[Scene]:
    """The slides. Sizes other than 1280×720 are scaled."""
    scenes = [_pythagoras(), _sine(), _table(), _parabola()]
    if (width, height) == (1280, 720):
        return scenes
    return [_scaled(scene, width, height) for scene in scenes]


def camera_scene(width: int = 640, height: int = 360) -> Scene:
    """A drawn teacher at a blackboard who waves; the whole width moves."""
    board = np.full((height, width, 3), (196, 208, 214), np.uint8)
    cv2.rectangle(board, (40, 44), (width - 40, height - 96), (74, 92, 58), -1)
    cv2.rectangle(board, (40, 44), (width - 40, height - 96), (70, 100, 140), 5)
    _formula(board, 70, 130, "a^2 + b^2 = c^2", 1.1, (235, 240, 235))
    cv2.rectangle(board, (0, height - 70), (width, height), (90, 120, 160), -1)
    left, top, box_width, box_height = width // 2 - 20, 84, 260, height - 84 - 30

    def paint(part: np.ndarray, at: float) -> None:
        sway = int(22 * math.sin(at * 1.1))
        middle = 130 + sway
        cv2.ellipse(part, (middle, box_height + 20), (78, 116), 0, 180, 360, (150, 82, 52), -1, cv2.LINE_AA)
        cv2.circle(part, (middle, 84), 42, (170, 196, 232), -1, cv2.LINE_AA)
        cv2.ellipse(part, (middle, 72), (46, 38), 0, 180, 360, (36, 30, 28), -1, cv2.LINE_AA)
        for eye in (-15, 15):
            cv2.circle(part, (middle + eye, 86), 4, (30, 30, 30), -1, cv2.LINE_AA)
        mouth = 3 + int(5 * abs(math.sin(at * 7)))
        cv2.ellipse(part, (middle, 106), (12, mouth), 0, 0, 360, (70, 60, 160), -1, cv2.LINE_AA)
        angle = -0.7 + 0.5 * math.sin(at * 3)
        hand = (middle - 62 + int(70 * math.sin(angle)), 180 - int(70 * math.cos(angle)))
        cv2.line(part, (middle - 62, 190), hand, (150, 82, 52), 22, cv2.LINE_AA)
        cv2.circle(part, hand, 15, (170, 196, 232), -1, cv2.LINE_AA)

    return Scene(board, (left, top, box_width, box_height // 2 * 2), paint)


def _page(title: str, number: int) -> np.ndarray:
    page = np.full((720, 1280, 3), PAPER, np.uint8)
    cv2.rectangle(page, (0, 0), (12, 720), BLUE, -1)
    _formula(page, 56, 80, title, 1.5, INK)
    cv2.line(page, (56, 106), (1224, 106), FAINT, 2)
    cv2.putText(page, f"Lesson 9 - slide {number}", (56, 668), FONT, 0.7, (150, 146, 140), 1, cv2.LINE_AA)
    return page


def _lines(page: np.ndarray, left: int, top: int, lines: list[str], scale: float = 1.0) -> None:
    for i, line in enumerate(lines):
        cv2.putText(page, line, (left, top + int(54 * scale) * i), FONT, scale, INK, 1, cv2.LINE_AA)


def _formula(image: np.ndarray, left: int, base: int, text: str, scale: float, colour: tuple[int, int, int]) -> None:
    """One line of text in which `^2` is a superscript; `base` is the base line's row."""
    thickness = max(1, round(1.6 * scale))
    for i, part in enumerate(text.split("^")):
        if i:
            small = 0.55 * scale
            cv2.putText(image, part[0], (left + 2, base - int(16 * scale)), FONT, small, colour, 1, cv2.LINE_AA)
            left += cv2.getTextSize(part[0], FONT, small, 1)[0][0] + int(6 * scale)
            part = part[1:]
        cv2.putText(image, part, (left, base), FONT, scale, colour, thickness, cv2.LINE_AA)
        left += cv2.getTextSize(part, FONT, scale, thickness)[0][0]


def _pythagoras() -> Scene:
    page = _page("The Pythagorean theorem", 1)
    _lines(
        page,
        56,
        180,
        ["In a right triangle the square", "over the longest side is the sum", "of the other two squares."],
        0.95,
    )
    for row, formula in enumerate(("a^2 + b^2 = c^2", "3^2 + 4^2 = 5^2", "9 + 16 = 25")):
        _formula(page, 56, 400 + 72 * row, formula, 1.3, INK)

    def paint(part: np.ndarray, at: float) -> None:
        turn = at * 0.35
        centre = np.array([280.0, 268.0])
        hypotenuse = 190.0
        angle = math.radians(36.87 + 14 * math.sin(turn * 2))
        a = np.array([-hypotenuse / 2, 60.0])
        b = np.array([hypotenuse / 2, 60.0])
        c = a + hypotenuse * math.cos(angle) * np.array([math.cos(angle), -math.sin(angle)])
        for start, end, colour in ((b, a, RED), (a, c, BLUE), (c, b, GREEN)):
            side = end - start
            normal = np.array([side[1], -side[0]])
            square = np.array([start, end, end + normal, start + normal]) + centre
            cv2.fillPoly(
                part, [square.astype(np.int32)], tuple(int(0.35 * x + 0.65 * 250) for x in colour), cv2.LINE_AA
            )
            cv2.polylines(part, [square.astype(np.int32)], True, colour, 3, cv2.LINE_AA)
        triangle = (np.array([a, b, c]) + centre).astype(np.int32)
        cv2.polylines(part, [triangle], True, INK, 4, cv2.LINE_AA)

    return Scene(page, (660, 120, 560, 540), paint)


def _axes(page: np.ndarray, left: int, top: int, width: int, height: int, origin: tuple[int, int]) -> None:
    for x in range(left, left + width + 1, 50):
        cv2.line(page, (x, top), (x, top + height), FAINT, 1)
    for y in range(top, top + height + 1, 50):
        cv2.line(page, (left, y), (left + width, y), FAINT, 1)
    cv2.arrowedLine(page, (left, origin[1]), (left + width, origin[1]), INK, 2, cv2.LINE_AA, 0, 0.02)
    cv2.arrowedLine(page, (origin[0], top + height), (origin[0], top), INK, 2, cv2.LINE_AA, 0, 0.03)


def _sine() -> Scene:
    page = _page("Waves: y = A sin(k x + p)", 2)
    _axes(page, 60, 130, 1150, 500, (60, 380))

    def paint(part: np.ndarray, at: float) -> None:
        x = np.arange(0, 1120, 4)
        for amplitude, k, speed, colour in ((150, 0.012, 1.4, BLUE), (70, 0.03, -2.2, RED)):
            y = 250 - amplitude * np.sin(k * x + speed * at)
            cv2.polylines(part, [np.stack((x, y), 1).astype(np.int32)], False, colour, 3, cv2.LINE_AA)

    return Scene(page, (60, 130, 1160, 500), paint)


def _table() -> Scene:
    page = _page("A table of squares", 3)
    rows = [("n", "n^2", "sum"), *((str(n), str(n * n), str(n * (n + 1) * (2 * n + 1) // 6)) for n in range(1, 9))]
    for row, cells in enumerate(rows):
        top = 130 + 56 * row
        if row == 0:
            cv2.rectangle(page, (80, top), (800, top + 56), (238, 226, 214), -1)
        for column, cell in enumerate(cells):
            left = 80 + 240 * column
            cv2.rectangle(page, (left, top), (left + 240, top + 56), (170, 166, 160), 1)
            _formula(page, left + 90, top + 40, cell, 1.0, INK)
    _lines(page, 850, 200, ["1 + 4 + 9 + ...", "= n (n+1) (2n+1) / 6"], 0.95)

    def paint(part: np.ndarray, at: float) -> None:
        top = 56 * (1 + int(at * 0.8) % 8)
        cv2.rectangle(part, (2, top + 2), (718, top + 54), RED, 4, cv2.LINE_AA)

    return Scene(page, (80, 130, 720, 504), paint)


def _parabola() -> Scene:
    page = _page("Tangents of y = x^2 / 2", 4)
    left, top, width, height, unit = 240, 130, 800, 500, 100
    origin = (640, 580)
    _axes(page, left, top, width, height, origin)
    x = np.arange(-295, 296, 5)
    curve = np.stack((origin[0] + x, origin[1] - x * x / (2 * unit)), 1).astype(np.int32)
    cv2.polylines(page, [curve], False, BLUE, 3, cv2.LINE_AA)

    def paint(part: np.ndarray, at: float) -> None:
        touch_x = 210 * math.sin(at * 0.7)
        touch_y = touch_x * touch_x / (2 * unit)
        slope = touch_x / unit
        half = 160 / math.hypot(1, slope)
        column, row = origin[0] - left + touch_x, origin[1] - top - touch_y
        ends = [(int(column + d), int(row - slope * d)) for d in (-half, half)]
        cv2.line(part, ends[0], ends[1], RED, 3, cv2.LINE_AA)
        cv2.circle(part, (int(column), int(row)), 9, RED, -1, cv2.LINE_AA)

    return Scene(page, (left, top, width, height), paint)


def _scaled(scene: Scene, width: int, height: int) -> Scene:
    original = scene.background.shape
    left, top, box_width, box_height = scene.window
    across, down = width / original[1], height / original[0]
    window = tuple(int(v) // 2 * 2 for v in (left * across, top * down, box_width * across, box_height * down))

    def paint(part: np.ndarray, at: float) -> None:
        full = scene.background[top : top + box_height, left : left + box_width].copy()
        scene.paint(full, at)
        part[:] = cv2.resize(full, (part.shape[1], part.shape[0]), interpolation=cv2.INTER_AREA)

    background = cv2.resize(scene.background, (width, height), interpolation=cv2.INTER_AREA)
    return Scene(background, (window[0], window[1], window[2], window[3]), paint)
