"""Small PDFs, written by hand: fonts with a table back to Unicode, so that Chinese text is found again."""

from __future__ import annotations

from collections.abc import Sequence


def pdf_of(*pages: str) -> bytes:
    """A page for each text; a line for each of its lines."""
    letters = sorted({letter for page in pages for letter in page if letter != "\n"}) or [" "]
    code = {letter: number for number, letter in enumerate(letters, 1)}
    objects: list[bytes] = [b"<< /Type /Catalog /Pages 2 0 R >>"]
    kids = " ".join(f"{5 + 2 * number} 0 R" for number in range(len(pages)))
    objects.append(f"<< /Type /Pages /Count {len(pages)} /Kids [{kids}] >>".encode())
    objects.append(
        b"<< /Type /Font /Subtype /Type0 /BaseFont /F /Encoding /Identity-H /ToUnicode 4 0 R /DescendantFonts "
        b"[<< /Type /Font /Subtype /CIDFontType2 /BaseFont /F /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) "
        b"/Supplement 0 >> /DW 1000 >>] >>"
    )
    table = "\n".join(f"<{code[letter]:04x}> <{letter.encode('utf-16-be').hex()}>" for letter in letters)
    objects.append(
        stream(
            b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapType 2 def 1 begincodespacerange "
            b"<0000> <ffff> endcodespacerange "
            + f"{len(letters)} beginbfchar\n{table}\nendbfchar endcmap end end".encode()
        )
    )
    for number, page in enumerate(pages):
        drawn = b"BT /F1 12 Tf 72 720 Td "
        for line in page.split("\n"):
            drawn += f"<{''.join(f'{code[letter]:04x}' for letter in line)}> Tj 0 -16 Td ".encode()
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {6 + 2 * number} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>".encode()
        )
        objects.append(stream(drawn + b"ET"))
    return whole(objects)


def stream(data: bytes, extra: bytes = b"") -> bytes:
    return b"<< /Length %d %s>>\nstream\n%s\nendstream" % (len(data), extra, data)


def whole(objects: Sequence[bytes]) -> bytes:
    """Objects 1, 2 …, the first one the catalog, with their table (ISO 32000-1 §7.5)."""
    out, at = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        at.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in at)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(at) + 1)
    return out + head + table + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (len(at) + 1, len(out))
