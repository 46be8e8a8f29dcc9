"""Finished files in a directory, in memory and in an S3."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mediaserver.api import UserError
from recorder.manifest import Manifest, Output
from recorder.stages import keep
from recorder.stages.work import Work
from recorder.store import CHUNK, PART, Store
from tests.recorder.s3 import S3

LONG = os.urandom(PART + CHUNK + 7)


@pytest.fixture(params=["file", "memory", "s3"])
def store(request, tmp_path, monkeypatch):
    if request.param == "file":
        yield Store(f"file://{tmp_path}/同课%20files")
    elif request.param == "memory":
        yield Store("memory://")
    else:
        with S3("lessons") as server:
            for name, value in server.environment().items():
                monkeypatch.setenv(name, value)
            yield Store("s3://lessons/tongke")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "long"
    path.write_bytes(LONG)
    return path


async def test_a_file_comes_back_whole_and_in_pieces(store, file, tmp_path):
    store.put("resource1/out/camera.mp4", file)
    assert await store.size("resource1/out/camera.mp4") == len(LONG)
    assert await store.read("resource1/out/camera.mp4", 5, 99) == LONG[5:99]
    assert await store.read("resource1/out/camera.mp4", 7, 7) == b""
    assert b"".join([piece async for piece in store.stream("resource1/out/camera.mp4", 3)]) == LONG[3:]
    with pytest.raises(ValueError, match="too many"):
        await store.read("resource1/out/camera.mp4")
    store.fetch("resource1/out/camera.mp4", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == LONG


async def test_a_file_is_replaced(store, file, tmp_path):
    store.put("r/a", file)
    (tmp_path / "short").write_bytes(b"short")
    store.put("r/a", tmp_path / "short")
    assert await store.read("r/a") == b"short"


def test_one_resource_is_listed_and_removed(store, tmp_path):
    (tmp_path / "x").write_bytes(b"x")
    for key in ("one/a", "one/b/c", "one-more/a"):
        store.put(key, tmp_path / "x")
    assert sorted(stored.key for stored in store.list("one")) == ["one/a", "one/b/c"]
    assert sorted(stored.key for stored in store.list()) == ["one-more/a", "one/a", "one/b/c"]
    assert store.remove("one") == 2
    assert store.remove("one") == 0
    store.remove_file("one-more/a")
    store.remove_file("one-more/a")
    assert list(store.list()) == []


@pytest.mark.parametrize(
    "key", ["../x/y", "a", "a/../b", "a//b", "/a/b", "a/b/", "a/.b", "a/b%2f", "a/" + "x" * 200, "a/b\n"]
)
async def test_keys_lead_nowhere_else(key, file):
    store = Store("memory://")
    for refused in (lambda: store.put(key, file), lambda: store.fetch(key, file), lambda: store.remove_file(key)):
        with pytest.raises(UserError) as caught:
            refused()
        assert caught.value.code == "bad_key"
    with pytest.raises(UserError):
        await store.read(key, 0, 1)


@pytest.mark.parametrize("resource", ["..", "a/b", "a\n"])
def test_nothing_but_a_resource_is_removed(resource):
    with pytest.raises(UserError):
        Store("memory://").remove(resource)


async def test_what_is_not_there_says_so(store):
    for asked in (store.size("r/none"), store.read("r/none", 0, 1)):
        with pytest.raises(UserError) as caught:
            await asked
        assert (caught.value.status, caught.value.code) == (404, "file_missing")


def test_an_unmounted_disk_is_not_filled_below(tmp_path, file):
    store = Store(f"file://{tmp_path}/mounted")
    (tmp_path / "mounted").rmdir()
    for asked in (lambda: store.put("r/a", file), lambda: list(store.list())):
        with pytest.raises(UserError) as caught:
            asked()
        assert (caught.value.status, caught.value.code) == (503, "store_unavailable")
    assert not (tmp_path / "mounted").exists()


def test_a_bucket_that_is_gone(file, monkeypatch):
    with S3("another") as server:
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        store = Store("s3://lessons")
        with pytest.raises(UserError) as caught:
            store.put("r/a", file)
    assert (caught.value.status, caught.value.code) == (503, "store_unavailable")
    assert "127.0.0.1" not in caught.value.detail


_FILL = """
import resource, signal, sys
from pathlib import Path
from mediaserver.api import UserError
from recorder.store import Store
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
try:
    Store(sys.argv[1]).put("r/a", Path(sys.argv[2]))
except UserError as error:
    print(error.status, error.code)
"""


def test_a_full_disk_says_so_and_keeps_no_half_file(tmp_path, file):
    url = f"file://{tmp_path}/kept"
    said = subprocess.run([sys.executable, "-c", _FILL, url, str(file)], capture_output=True, text=True, timeout=60)
    assert said.stdout == "503 disk_full\n"
    assert list(Store(url).list()) == []


_KEEP = """
import sys
from pathlib import Path
from recorder.store import Store
store = Store(sys.argv[1])
print("ready", flush=True)
while True:
    store.put("r/a", Path(sys.argv[2]))
"""


def test_a_killed_writer_leaves_the_old_file_or_the_new_one(tmp_path, file):
    url = f"file://{tmp_path}/kept"
    with subprocess.Popen([sys.executable, "-c", _KEEP, url, str(file)], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        while not (Path(tmp_path) / "kept/r/a").exists():
            pass
        writer.send_signal(signal.SIGKILL)
    store = Store(url)
    assert [stored.bytes for stored in store.list()] == [len(LONG)]
    store.fetch("r/a", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == LONG


@pytest.mark.parametrize("how", ["removed", "put anew"])
def test_nothing_stays_of_what_a_killed_writer_had_begun(tmp_path, how):
    """The half of a film that was taken out for good reasons must not stay on the disk where no list shows it."""
    film, folder, url = tmp_path / "film", tmp_path / "kept" / "r", f"file://{tmp_path}/kept"
    with film.open("wb") as file:
        file.truncate(1 << 29)
    with subprocess.Popen([sys.executable, "-c", _KEEP, url, str(film)], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        while not (folder.is_dir() and any("#" in name for name in os.listdir(folder))):
            pass
        writer.send_signal(signal.SIGKILL)
    store = Store(url)
    assert list(store.list()) == [] and len(os.listdir(folder)) == 1
    if how == "removed":
        assert store.remove("r") == 0 and not folder.exists()
    else:
        film.write_bytes(b"short")
        output = Output(name="camera", file="film", media_type="video/mp4", bytes=5, sha256="0" * 64)
        keep.keep(Work(tmp_path, Manifest(room="r", began=0, outputs=[output])), url, "r")
        assert os.listdir(folder) == [f"camera-{'0' * 16}"]
