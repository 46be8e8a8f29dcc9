"""Files that a list names: copied one after the other, kept until all are there, and then given their places."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from pathlib import Path

import pytest

from mediaserver.api import UserError
from signalling.db.engine import Database
from signalling.library import uploads
from signalling.library.uploads import Uploads
from tests.recorder.documents import pdf_of

ID = "0123456789abcdef"


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    return tmp_path / "recording"


@pytest.fixture
def taken(spool: Path) -> Uploads:
    return Uploads(spool, 1 << 20, 0)


@pytest.fixture
def listed(tmp_path: Path) -> list[Path]:
    """Of the import folder."""
    folder = tmp_path / "import"
    folder.mkdir()
    files = [folder / f"第{number}课.pdf" for number in range(5)]
    for file in files:
        file.write_bytes(pdf_of("认识分数"))
    return files


def held(folder: Path) -> list[str]:
    """Files in it that this process has open."""
    found = []
    for link in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            found.append(os.readlink(link))
    return [name for name in found if name.startswith(str(folder))]


async def test_a_long_list_holds_no_descriptors(spool: Path, taken: Uploads, listed: list[Path]) -> None:
    async with contextlib.AsyncExitStack() as stack:
        copies = [await stack.enter_async_context(taken.copied(file)) for file in listed]
        assert held(listed[0].parent) == held(spool) == []
        assert [(it.folder / it.file).read_bytes() for it in copies] == [file.read_bytes() for file in listed]
    assert list((spool / uploads.INCOMING).iterdir()) == []


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (errno.ENOENT, 404, "no_such_file"),
        (errno.ELOOP, 404, "no_such_file"),
        (errno.EACCES, 422, "bad_document"),
        (errno.EMFILE, 503, "folder_unavailable"),
        (errno.EIO, 503, "folder_unavailable"),
    ],
)
async def test_a_file_that_is_there_is_not_said_to_be_missing(
    taken: Uploads, listed: list[Path], monkeypatch: pytest.MonkeyPatch, error: int, status: int, code: str
) -> None:
    def fails(*_: object) -> int:
        raise OSError(error, os.strerror(error))

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", fails)
        with pytest.raises(UserError) as caught:
            uploads._open_plain(listed[0])
    assert (caught.value.status, caught.value.code) == (status, code)


async def test_a_file_that_breaks_off_is_no_full_disk(
    spool: Path, taken: Uploads, listed: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        def __init__(self, path: Path) -> None:
            self._file = path.open("rb")

        def fileno(self) -> int:
            return self._file.fileno()

        def read(self, size: int) -> bytes:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

        def __enter__(self) -> Broken:
            return self

        def __exit__(self, *_: object) -> None:
            self._file.close()

    monkeypatch.setattr(uploads, "_open_plain", Broken)
    with pytest.raises(UserError) as caught:
        async with taken.copied(listed[0]):
            pass
    assert (caught.value.status, caught.value.code) == (503, "folder_unavailable")
    assert list((spool / uploads.INCOMING).iterdir()) == []


async def test_what_waited_for_a_long_list_is_not_swept_before_its_row_is_written(
    database: Database, spool: Path, taken: Uploads, listed: list[Path]
) -> None:
    async with taken.copied(listed[0]) as received:
        os.utime(received.folder / uploads.OUTPUT, (0, 0))
        async with taken.settled([(received, ID)], time.time()):
            assert await uploads.sweep_unknown(database, spool, time.time()) == 0
            assert (spool / ID / received.file).exists()
