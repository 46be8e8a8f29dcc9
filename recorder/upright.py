"""Films of phones: which way up a player shows their pictures, and the pictures turned so.

A phone writes pictures as its sensor has them, and a matrix into the file (ISO/IEC 14496-12 §8.3.2) that says how to
show them. It stays in a file whose packets are copied; pictures that are taken out of one are turned.
"""

from __future__ import annotations

import struct
from fractions import Fraction

import av
from av.sidedata.sidedata import Type

Turn = str
"""A key of `_TURNS`; empty: shown as it is."""

_TURNS: dict[Turn, tuple[tuple[str, str], ...]] = {
    "right": (("transpose", "clock"),),
    "left": (("transpose", "cclock"),),
    "over": (("hflip", ""), ("vflip", "")),
    "mirrored": (("hflip", ""),),
    "over-mirrored": (("vflip", ""),),
    "right-mirrored": (("transpose", "clock_flip"),),
    "left-mirrored": (("transpose", "cclock_flip"),),
}
"""→ FFmpeg's filters that do it."""
_MATRICES = {
    (0, 1, -1, 0): "right",
    (0, -1, 1, 0): "left",
    (-1, 0, 0, -1): "over",
    (-1, 0, 0, 1): "mirrored",
    (1, 0, 0, -1): "over-mirrored",
    (0, -1, -1, 0): "right-mirrored",
    (0, 1, 1, 0): "left-mirrored",
}
"""a, b, c, d of x' = ax + cy, y' = bx + dy, as signs; y grows downwards."""


def turn_of(frame: av.VideoFrame) -> Turn:
    """By quarters only, as browsers have it: whatever else a matrix says is not obeyed."""
    found = frame.side_data.get(Type.DISPLAYMATRIX)
    if found is None:
        return ""
    a, b, _, c, d = struct.unpack_from("=5i", bytes(found))
    return _MATRICES.get((_sign(a), _sign(b), _sign(c), _sign(d)), "")


def _sign(value: int) -> int:
    return (value > 0) - (value < 0)


def sideways(turn: Turn) -> bool:
    """Whether height becomes width."""
    return turn.startswith(("right", "left"))


class Upright:
    """Turns one picture after another of the same film."""

    def __init__(self) -> None:
        self._graph: av.filter.Graph | None = None
        self._made_for: tuple[Turn, int, int, str] | None = None

    def turned(self, frame: av.VideoFrame, turn: Turn | None = None) -> av.VideoFrame:
        """:param turn: None: what the picture says of itself. Times stay."""
        turn = turn_of(frame) if turn is None else turn
        if not turn:
            return frame
        kind = turn, frame.width, frame.height, frame.format.name
        if self._graph is None or self._made_for != kind:
            self._graph, self._made_for = _graph(*kind), kind
        pts, base = frame.pts, frame.time_base
        self._graph.vpush(frame)
        made = self._graph.vpull()
        made.pts, made.time_base = pts, base
        return made


def _graph(turn: Turn, width: int, height: int, pixels: str) -> av.filter.Graph:
    graph = av.filter.Graph()
    graph.threads = 1
    nodes = [graph.add_buffer(width=width, height=height, format=av.VideoFormat(pixels), time_base=Fraction(1, 90_000))]
    nodes += [graph.add(name, argument) if argument else graph.add(name) for name, argument in _TURNS[turn]]
    graph.link_nodes(*nodes, graph.add("buffersink")).configure()
    return graph
