"""Texts of documents, real ones and hostile ones; each of these ends in a sentence, within bounded time and memory."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import docx
import pytest
from pptx import Presentation
from pptx.util import Inches
from pypdf import PdfReader, PdfWriter

from mediaserver.api import UserError
from recorder import manifest
from recorder.extract import kinds, office, package
from recorder.manifest import Manifest, Output
from recorder.stages import extract
from recorder.stages.work import Work
from tests.recorder.documents import pdf_of, stream, whole

A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
P = 'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def work(folder: Path, data: bytes) -> Work:
    (folder / "upload").mkdir()
    (folder / "upload" / "original").write_bytes(data)
    output = Output(name="upload", file="upload/original", media_type="x/y", bytes=len(data), sha256="0" * 64)
    made = Work(folder, Manifest(room="r", began=0, outputs=[output]))
    made.save()
    return made


def texts(folder: Path, data: bytes) -> list[str]:
    done = work(folder, data)
    extract.run(done)
    assert manifest.load(folder) == done.manifest
    return done.manifest.pages


def refused(folder: Path, data: bytes) -> tuple[int, str]:
    done = work(folder, data)
    with pytest.raises(UserError) as caught:
        extract.run(done)
    assert caught.value.detail.endswith(".") and done.manifest.pages == [] and not done.manifest.done
    return caught.value.status, caught.value.code


def packed(**parts: bytes | str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {"types": "<x/>", **parts}.items():
            archive.writestr({"types": "[Content_Types].xml", "doc": "word/document.xml"}.get(name, name), data)
    return out.getvalue()


def word(body: str) -> bytes:
    return packed(doc=f"<w:document {W}><w:body>{body}</w:body></w:document>")


class TestReal:
    def test_pdf(self, tmp_path: Path) -> None:
        assert texts(tmp_path, pdf_of("认识分数\n把一个圆平均分成四份", "第二页")) == [
            "认识分数\n把一个圆平均分成四份",
            "第二页",
        ]

    def test_pptx_in_the_order_of_its_slides(self, tmp_path: Path) -> None:
        made, out = Presentation(), io.BytesIO()
        for title in ("导入", "认识四分之一"):
            slide = made.slides.add_slide(made.slide_layouts[5])
            slide.shapes.title.text = title
            box = slide.shapes.add_textbox(Inches(1), Inches(2), Inches(4), Inches(1))
            box.text_frame.text = f"{title}的例子"
            table = slide.shapes.add_table(1, 2, Inches(1), Inches(4), Inches(4), Inches(1)).table
            table.cell(0, 0).text, table.cell(0, 1).text = "分子", "分母"
        order = made.slides._sldIdLst
        order.insert(0, order[1])
        made.save(out)
        first, second = texts(tmp_path, out.getvalue())
        assert first.split("\n") == ["认识四分之一", "认识四分之一的例子", "分子", "分母"] and second.startswith("导入")

    def test_docx(self, tmp_path: Path) -> None:
        made, out = docx.Document(), io.BytesIO()
        made.add_heading("认识分数", 1)
        made.add_paragraph("把一个圆\t平均分成四份")
        made.add_table(1, 1).cell(0, 0).text = "四分之一"
        made.save(out)
        [page] = texts(tmp_path, out.getvalue())
        assert page.split("\n") == ["认识分数", "把一个圆 平均分成四份", "四分之一"]

    def test_a_long_docx_has_pieces(self, tmp_path: Path) -> None:
        found = texts(
            tmp_path, word("".join(f"<w:p><w:r><w:t>第{n}段{'好' * 90}</w:t></w:r></w:p>" for n in range(200)))
        )
        assert len(found) > 2 and max(map(len, found)) < 6000 and "第199段" in found[-1]

    def test_done_twice_is_done_once(self, tmp_path: Path) -> None:
        done = work(tmp_path, pdf_of("认识分数"))
        extract.run(done)
        [output] = done.manifest.outputs
        assert (output.name, output.media_type, done.manifest.ended) == ("document", "application/pdf", True)
        (tmp_path / output.file).unlink()
        extract.run(done)  # nothing is read again

    def test_an_empty_password_is_none(self, tmp_path: Path) -> None:
        assert texts(tmp_path, encrypted("")) == ["认识分数"]

    def test_pictures_alone_are_said_to_be(self, tmp_path: Path) -> None:
        done = work(tmp_path, pdf_of(""))
        extract.run(done)
        assert done.manifest.notes == ["no_text"]

    def test_more_than_is_searched_is_cut(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(extract, "MAX_TEXT", 10)
        done = work(tmp_path, pdf_of("一二三四五六", "七八九十十一", "十二"))
        extract.run(done)
        assert done.manifest.pages == ["一二三四五六", "七八九十"] + [""] * (len(done.manifest.pages) - 2)
        assert done.manifest.notes == ["text_cut"]


def encrypted(password: str) -> bytes:
    writer, out = PdfWriter(), io.BytesIO()
    writer.append(PdfReader(io.BytesIO(pdf_of("认识分数"))))
    writer.encrypt(password, owner_password="boss", algorithm="RC4-128")
    writer.write(out)
    return out.getvalue()


def pages_of(count: str, kids: str, *more: bytes) -> bytes:
    pages = f"<< /Type /Pages /Count {count} /Kids [{kids}] >>".encode()
    return whole([b"<< /Type /Catalog /Pages 2 0 R >>", pages, *more])


PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R >>"
BOMB = zlib.compress(bytes(100 << 20), 9)


class TestHostilePdf:
    @pytest.mark.parametrize(
        "data",
        [
            b"%PDF-1.7",
            b"%PDF-1.7\n" + bytes(5000),
            pdf_of("x")[:-200],
            pages_of("0", ""),
            pages_of("1", "2 0 R"),
            pages_of("999999999", ""),
            whole([b"<< /Type /Catalog /Pages 1 0 R >>"]),
            whole([b"<< /Type /Catalog /Pages (x) >>"]),
            b"%PDF-1.7\ntrailer << /Root 1 0 R /Prev 0 >>\nstartxref\n9\n%%EOF",
            b"%PDF-1.7\n" + b"[" * 100_000,
        ],
    )
    def test_that_is_broken_or_lies(self, tmp_path: Path, data: bytes) -> None:
        done = work(tmp_path, data)
        try:
            extract.run(done)
        except UserError as error:
            assert (error.status, error.code) == (422, "bad_document")
        else:
            assert not any(done.manifest.pages)

    def test_with_a_password(self, tmp_path: Path) -> None:
        assert refused(tmp_path, encrypted("geheim")) == (422, "encrypted_document")

    def test_a_page_that_unpacks_to_very_much(self, tmp_path: Path) -> None:
        assert texts(tmp_path, pages_of("1", "3 0 R", PAGE, stream(BOMB, b"/Filter /FlateDecode "))) == [""]

    def test_more_pages_than_are_read(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(extract, "MAX_PAGES", 5)
        done = work(tmp_path, pages_of("1000000", "3 0 R " * 20_000, PAGE, stream(b"")))
        extract.run(done)
        assert len(done.manifest.pages) == 5

    def test_what_takes_too_long(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def forever(*_: object) -> None:
            while True:
                try:
                    "".join(map(str, range(100)))
                except Exception:  # as libraries do
                    continue

        monkeypatch.setattr(extract, "CPU_S", 0.1)
        monkeypatch.setattr(extract.pdf, "_page", forever)
        assert refused(tmp_path, pdf_of("x")) == (422, "too_hard")


class TestHostileOffice:
    @pytest.mark.parametrize(
        "body",
        [
            f'<!DOCTYPE x [<!ENTITY a "b">]><w:document {W}><w:p><w:t>&a;</w:t></w:p></w:document>',
            f'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><w:document {W}><w:t>&a;</w:t></w:document>',
            '<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd"><x/>',
            "<w:document><w:p>",
            "",
            "\0\0\0",
            "<?xml version='1.0' encoding='nonsense'?><x/>",
            f"<w:document {W}>" + "<w:p>" * 5000 + "</w:p>" * 5000 + "</w:document>",
        ],
    )
    def test_xml(self, tmp_path: Path, body: str) -> None:
        assert refused(tmp_path, packed(doc=body)) == (422, "bad_document")

    def test_a_zip_bomb(self, tmp_path: Path) -> None:
        assert refused(tmp_path, packed(doc=bytes(80 << 20))) == (422, "bad_document")

    @pytest.mark.parametrize("zip64", [False, True])
    def test_a_list_of_contents_that_fills_the_memory(self, tmp_path: Path, zip64: bool) -> None:
        """Its end record may be of the one kind or the other; zipfile believes the second whatever the first says."""
        path, size = tmp_path / "bomb.pptx", 300 << 20
        with path.open("wb") as file:
            file.write(b"PK\3\4")
            file.truncate(size)
            file.seek(0, io.SEEK_END)
            said = 0 if zip64 else size
            if zip64:
                file.write(struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, size, 0))
                file.write(struct.pack("<4sIQI", b"PK\6\7", 0, size, 1))
            file.write(struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, said, 0, 0))
        tracemalloc.start()
        with pytest.raises(UserError) as caught:
            kinds.recognise(path)
        assert caught.value.code == "bad_document" and tracemalloc.get_traced_memory()[1] < 8 << 20
        tracemalloc.stop()

    def test_one_that_lies_about_its_size(self, tmp_path: Path) -> None:
        data = bytearray(packed(doc=b"<x>" + bytes(20 << 20)))
        size = struct.pack("<I", (20 << 20) + 3)
        assert data.count(size) == 2
        assert refused(tmp_path, bytes(data).replace(size, struct.pack("<I", 100))) == (422, "bad_document")

    def test_many_parts_that_are_much_together(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(package, "MAX_TOTAL", 1000)
        assert refused(tmp_path, word(f"<w:p><w:r><w:t>{'好' * 1000}</w:t></w:r></w:p>")) == (422, "bad_document")

    def test_more_elements_than_a_document_has(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(office, "MAX_ELEMENTS", 50)
        assert refused(tmp_path, word("<w:p/>" * 60)) == (422, "bad_document")

    def test_names_and_targets_that_lead_outside(self, tmp_path: Path) -> None:
        rel = "http://schemas.openxmlformats.org/package/2006/relationships"
        ids = "".join(f'<p:sldId r:id="{id}"/>' for id in "abcde")
        relations = "".join(
            f'<Relationship Id="{id}" Target="{target}" TargetMode="{mode}"/>'
            for id, target, mode in (
                ("a", "../../../../etc/passwd", "Internal"),
                ("b", "file:///etc/passwd", "External"),
                ("c", "http://127.0.0.1:1/", "External"),
                ("d", "slides/slide1.xml", "Internal"),
                ("e", "media/image1.svg", "Internal"),
            )
        )
        data = packed(
            **{
                "ppt/presentation.xml": f"<p:presentation {P} {R}><p:sldIdLst>{ids}</p:sldIdLst></p:presentation>",
                "ppt/_rels/presentation.xml.rels": f'<Relationships xmlns="{rel}">{relations}</Relationships>',
                "ppt/slides/slide1.xml": f"<p:sld {P} {A}><a:p><a:t>认识分数</a:t></a:p></p:sld>",
                "ppt/media/image1.svg": "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
                "../../outside": "x",
                "/etc/passwd": "x",
            }
        )
        assert texts(tmp_path, data) == ["认识分数", ""]
        assert sorted(path.name for path in tmp_path.rglob("*")) == ["manifest.json", "original", "upload"]

    def test_encrypted_and_truncated(self, tmp_path: Path) -> None:
        data = bytearray(word("<w:p/>"))
        at = data.find(b"PK\1\2")
        while at >= 0:
            data[at + 8] |= 1
            at = data.find(b"PK\1\2", at + 4)
        assert refused(tmp_path, bytes(data)) == (422, "bad_document")

    def test_truncated(self, tmp_path: Path) -> None:
        assert refused(tmp_path, word("<w:p/>" * 500)[:-300]) == (422, "bad_document")

    def test_text_that_no_database_keeps(self, tmp_path: Path) -> None:
        [page] = texts(tmp_path, word("<w:p><w:r><w:t>认识&#xE000;&#x200E;分数&#x85;好</w:t></w:r></w:p>"))
        assert page == "认识 分数\n好"
