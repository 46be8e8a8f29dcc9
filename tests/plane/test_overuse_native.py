"""native/overuse.c against plane/overuse.py: after every packet, all that is kept is the same to the last bit."""

from __future__ import annotations

import ctypes
import subprocess
import tomllib
from ctypes import Structure, c_bool, c_double, c_int, c_int64, c_uint32
from itertools import islice
from pathlib import Path

import pytest

from mediaserver.plane.overuse import Group, Overuse
from tests.plane.traffic import exponential, noise, over_path, sender, step, uniform

ROOT = Path(__file__).parents[2]
NATIVE = ROOT / "mediaserver" / "plane" / "native"


class CGroup(Structure):
    _fields_ = (("began_us", c_int64), ("last_us", c_int64), ("first", c_uint32), ("last", c_uint32))


class CWindow(Structure):
    _fields_ = (("bytes", c_uint32 * 64), ("total", c_int64), ("newest", c_int64), ("since_us", c_int64))


class COveruse(Structure):
    """`struct overuse` of plane.h."""

    _fields_ = (
        *((name, c_int64) for name in ("overused_us", "overused_rate")),
        *((name, CGroup) for name in ("before", "group")),
        *((name, c_bool) for name in ("has_before", "has_group", "normal", "above")),
        ("deltas", c_int),
        *((name, c_double) for name in ("trend", "trend_before", "variance", "jitter", "threshold", "above_ms")),
        ("window", CWindow),
    )

    def state(self) -> tuple:
        window = self.window
        return (
            (self.overused_us, self.overused_rate, self.normal, self.above, self.deltas),
            (self.trend, self.trend_before, self.variance, self.jitter, self.threshold, self.above_ms),
            (window.total, window.newest, window.since_us),
            *((g.began_us, g.last_us, g.first, g.last) for g in (self.group, self.before)),
        )


def state(path: Overuse) -> tuple:
    window = path._window
    groups = (path._group, path._before or Group(0, 0))
    return (
        (path.overused_us, path.overused_rate, path._normal, path._above, path._deltas),
        (path._trend, path._trend_before, path._variance, path._jitter, path._threshold, path._above_ms),
        (window._total, window._newest, window._since_us),
        *((group.began_us, group.last_us, group.first, group.last) for group in groups),
    )


@pytest.fixture(scope="module", params=[(), ("-O3", "-march=native")], ids=["as-built", "fused"])
def library(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    """The detection alone, with the flags of the build; and with more that would fuse products and sums if allowed."""
    (extension,) = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["ext-modules"]
    flags = [flag for flag in extension["extra-compile-args"] if flag != "-fvisibility=hidden"]
    target = tmp_path_factory.mktemp("overuse") / "overuse.so"
    sources = ["-D_GNU_SOURCE", "-shared", "-fPIC", NATIVE / "overuse.c", "-lm", "-o", target]
    subprocess.run(["gcc", *flags, *request.param, *sources], check=True)
    library = ctypes.CDLL(str(target))
    library.overuse_add.argtypes = (ctypes.POINTER(COveruse), c_int64, c_uint32, c_uint32)
    library.overuse_add.restype = None
    return library


BOTTLENECK = step(50_000_000, 1_000_000, 5, 9)
ARRIVALS = {
    **{f"noise {seed}": lambda seed=seed: islice(noise(seed), 20_000) for seed in range(3)},
    "steady": lambda: over_path(sender(1, 30, lambda _: 2_000_000), jitter=exponential(0.02)),
    "narrow": lambda: over_path(sender(2, 20, lambda _: 1_500_000), capacity=BOTTLENECK, jitter=uniform(0.01)),
    "disordered": lambda: over_path(sender(3, 20, lambda _: 1_500_000), jitter=exponential(0.01), in_order=False),
}


@pytest.mark.parametrize("name", ARRIVALS)
def test_same_to_the_last_bit(library: ctypes.CDLL, name: str) -> None:
    ours, theirs = COveruse(), Overuse()
    for number, arrival in enumerate(ARRIVALS[name]()):
        library.overuse_add(ctypes.byref(ours), *arrival)
        theirs.add(*arrival)
        assert ours.state() == state(theirs), f"packet {number}"
