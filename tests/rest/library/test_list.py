"""Many resources by a list: links, and files that lie on the server. All of them, or none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from recorder import manifest
from signalling.exchange import library_import
from tests.recorder.documents import pdf_of
from tests.rest.library.conftest import Shelf, left, refused, until


async def import_(shelf: Shelf, text: str, **more: str) -> dict[str, Any]:
    params = {"school": "s0", **more}
    answer = await shelf.staff.call(
        "POST", "/library/import", params=params, data=text.encode(), headers={"Content-Type": "text/csv"}
    )
    assert answer.status == 202, await answer.text()
    id = (await answer.json())["id"]
    await until(lambda: shelf.world.server.signalling._imports.find(id).state != "running")
    return dict(await shelf.staff.get(f"/imports/{id}"))


def folder_of(shelf: Shelf) -> Path:
    folder = shelf.world.server.config.import_dir
    folder.mkdir(exist_ok=True)
    return folder


async def test_links_and_files(shelf: Shelf, spool: Path) -> None:
    (folder_of(shelf) / "分数.pdf").write_bytes(pdf_of("认识分数"))
    text = (
        "标题,链接,文件,类型,学科,知识点,教师,日期,公开范围,课型\n"
        "分数的故事,https://example.org/a,,链接,数学,分数；小数,教师甲,2026/9/1,全省,\n"
        "课件,,分数.pdf,文档,数学,,某位老师,,本校,专递课堂\n"
    )
    found = await import_(shelf, text)
    assert found["state"] == "done" and found["report"]["counts"]["library.csv"]["created"] == 2, found
    rows = [await shelf.row(card["id"]) for card in (await shelf.staff.get("/library/mine"))["added"]]
    link, file = sorted(rows, key=lambda row: row.kind, reverse=True)
    assert (link.url, link.points, link.teacher, link.rights) == (
        "https://example.org/a",
        ["分数", "小数"],
        "t0",
        "province",
    )
    assert (file.kind, file.state, file.teacher_name, file.rights, file.form) == (
        *("document", "waiting", "某位老师", "school", "delivered"),
    )
    assert manifest.load(spool / file.id).outputs[0].file == "upload/original.pdf"
    assert (folder_of(shelf) / "分数.pdf").exists()
    again = await import_(shelf, text.rpartition("课件")[0])
    assert again["report"]["counts"]["library.csv"]["unchanged"] == 1


CASES = {
    "one_content": "标题,链接,文件\n甲,,\n",
    "bad_url": "title,url\n甲,javascript:alert(1)\n",
    "no_such_file": "title,file\n甲,../../etc/passwd\n",
    "bad_file": "title,file\n甲,假.pdf\n",
    "other_kind": "title,file,kind\n甲,真.pdf,video\n",
    "unknown_value": "title,url,rights\n甲,https://example.org/,everybody\n",
    "unknown_heading": "title,url,wat\n甲,https://example.org/,x\n",
    "empty": "title,url\n,https://example.org/\n",
    "bad_date": "title,url,day\n甲,https://example.org/,2026-02-30\n",
    "twice": "title,url\n甲,https://example.org/\n乙,https://example.org/\n",
    "column_missing": "url\nhttps://example.org/\n",
}


@pytest.mark.parametrize("code", sorted(CASES))
async def test_what_is_refused(shelf: Shelf, spool: Path, code: str) -> None:
    folder = folder_of(shelf)
    (folder / "真.pdf").write_bytes(pdf_of("x"))
    (folder / "假.pdf").write_bytes(b"hello")
    found = await import_(shelf, CASES[code])
    assert (found["state"], found["report"]["written"]) == ("refused", False)
    assert code in {line["code"] for line in found["report"]["refusals"]}
    assert (await shelf.staff.get("/library/mine"))["added"] == [] and left(spool) == []


async def test_a_link_out_of_the_folder(shelf: Shelf, spool: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.pdf").write_bytes(pdf_of("x"))
    (folder_of(shelf) / "a.pdf").symlink_to(tmp_path / "secret.pdf")
    (folder_of(shelf) / "b.pdf").mkdir()
    found = await import_(shelf, "title,file\n甲,a.pdf\n乙,b.pdf\n")
    assert [line["code"] for line in found["report"]["refusals"]] == ["no_such_file", "no_such_file"]


async def test_all_or_nothing(shelf: Shelf, spool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder_of(shelf) / "a.pdf").write_bytes(pdf_of("x"))
    text = "title,url,file\n甲,,a.pdf\n乙,https://example.org/b,\n丙,ftp://x/,\n"
    assert (await import_(shelf, text))["state"] == "refused"
    assert left(spool) == []

    async def fails(*_: object) -> None:
        raise RuntimeError("cut off")

    with monkeypatch.context() as patched:
        patched.setattr(library_import, "_write", fails)
        assert (await import_(shelf, text, skip_refused="true"))["state"] == "failed"
    assert left(spool) == [] and (await shelf.staff.get("/library/mine"))["added"] == []
    found = await import_(shelf, text, skip_refused="true")
    assert (
        found["report"]["counts"]["library.csv"]["created"] == 2
        and len((await shelf.staff.get("/library/mine"))["added"]) == 2
    )


async def test_by_whom(shelf: Shelf) -> None:
    more = {"params": {"school": "s0"}, "data": b"title,url\n", "headers": {"Content-Type": "text/csv"}}
    assert await refused(shelf.teacher, "POST", "/library/import", **more) == (403, "forbidden")
