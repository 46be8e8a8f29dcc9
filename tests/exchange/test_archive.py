"""Folders and zip archives, honest ones and others."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mediaserver.api import UserError
from signalling.exchange import archive
from signalling.exchange.report import Report
from signalling.exchange.table import CsvTable, FileFault

KNOWN = ("orgs.csv", "users.csv")


def packed(members: dict[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return out.getvalue()


def contents(path: Path) -> dict[str, bytes]:
    with archive.files(path, KNOWN) as found:
        read = {}
        for name, opener in found.items():
            with opener() as file:
                read[name] = file.read()
        return read


def refused(path: Path) -> str:
    with pytest.raises(UserError) as caught:
        contents(path)
    assert (caught.value.status, caught.value.code) == (422, "bad_archive")
    return caught.value.detail


def test_known_files_wherever_they_lie(tmp_path: Path) -> None:
    path = tmp_path / "roster.zip"
    path.write_bytes(
        packed({"county/orgs.csv": b"1", "../../users.csv": b"2", "/etc/passwd": b"3", "__MACOSX/orgs.csv": b"4"})
    )
    assert contents(path) == {"orgs.csv": b"1", "users.csv": b"2"}
    assert sorted(tmp_path.iterdir()) == [path]


def test_a_folder(tmp_path: Path) -> None:
    (tmp_path / "orgs.csv").write_bytes(b"1")
    (tmp_path / "other.csv").write_bytes(b"2")
    assert contents(tmp_path) == {"orgs.csv": b"1"}


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        contents(tmp_path / "none.zip")
    assert caught.value.code == "no_such_file"


def test_archives_that_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "roster.zip"
    path.write_bytes(b"no archive")
    assert "damaged" in refused(path)
    path.write_bytes(packed({"a/orgs.csv": b"1", "b/orgs.csv": b"2"}))
    assert "orgs.csv twice" in refused(path)
    path.write_bytes(packed({"orgs.csv": b"0" * 200_000}))
    assert "tightly" in refused(path)
    path.write_bytes(packed({"orgs.csv": b"1"}, zipfile.ZIP_LZMA))
    assert "unusual" in refused(path)
    path.write_bytes(packed({f"{number}.csv": b"" for number in range(archive.MAX_ENTRIES + 1)}))
    assert "more than" in refused(path)
    path.write_bytes(packed({"x" * 60_000 + str(number): b"" for number in range(6)}))
    assert "more than" in refused(path)
    path.write_bytes(packed({"orgs.csv": b"1"}) + b"PK\6\7" + bytes(30))
    assert "zip64" in refused(path)
    monkeypatch.setattr(archive, "MAX_ARCHIVE", 100)
    path.write_bytes(packed({"orgs.csv": bytes(range(200))}))
    assert "split" in refused(path)


def test_a_large_member_is_refused_by_its_own_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "roster.zip"
    path.write_bytes(packed({"orgs.csv": b"12345678"}))
    monkeypatch.setattr(archive, "LIMITS", archive.LIMITS.__class__(bytes=4))
    assert "split" in refused(path)


def test_a_member_that_lies_about_its_size_ends_in_the_report(tmp_path: Path) -> None:
    honest = packed({"orgs.csv": b"a,b\n" + b"1,2\n" * 1000}, zipfile.ZIP_STORED)
    path = tmp_path / "roster.zip"
    at = honest.index(b"1,2\n")
    path.write_bytes(honest[:at] + b"9" + honest[at + 1 :])  # the checksum does not fit any more
    report = Report()
    with archive.files(path, KNOWN) as found, pytest.raises(FileFault):
        list(CsvTable("orgs.csv", found["orgs.csv"], report))
    assert [line.code for line in report.refusals] == ["not_readable"]


HONEST = packed({"orgs.csv": b"a,b\n1,2\n" * 40, "users.csv": b"c\n"})


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, len(HONEST) - 1), st.integers(0, 255)), max_size=6), st.integers(0, 400))
def test_damaged_archives_are_refused_or_read(tmp_path: Path, changes: list[tuple[int, int]], cut: int) -> None:
    data = bytearray(HONEST)
    for at, value in changes:
        data[at] = value
    path = tmp_path / "roster.zip"
    path.write_bytes(bytes(data[: len(data) - cut]))
    report = Report()
    try:
        with archive.files(path, KNOWN) as found:
            for name, opener in found.items():
                try:
                    list(CsvTable(name, opener, report))
                except FileFault:
                    assert report.refusals
    except UserError as error:
        assert error.code == "bad_archive"
