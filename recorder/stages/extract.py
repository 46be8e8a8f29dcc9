"""The texts of a document that somebody uploaded, into its manifest. For a process of its own: it may take its time."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mediaserver.api import UserError
from recorder.extract import kinds, office, pdf
from recorder.stages.work import Work

NAME = "extract"
UPLOAD, DOCUMENT = "upload", "document"
"""Names of the output: as it came, and when it is known to be what it should be."""
MAX_PAGES = 3000
MAX_PAGE = 20_000
MAX_TEXT = 1_000_000
"""Characters of a page, and of all of them; the rest is not searched."""
CPU_S = 240.0
CUT, NO_TEXT = "text_cut", "no_text"
_VERSION = "1"


def run(work: Work) -> None:
    """:raises UserError: 404 `no_upload`; 415 `unknown_type`; 422 `bad_document`, `encrypted_document`, `too_hard`."""
    manifest = work.manifest
    output = manifest.output(UPLOAD) or manifest.output(DOCUMENT)
    if output is None:
        raise UserError(404, "no_upload", "The document is gone; add it again.")
    fingerprint = f"{_VERSION} {output.sha256}"
    if manifest.done.get(NAME) == fingerprint:
        return
    path = work.folder / output.file
    if not path.is_file():
        raise UserError(404, "no_upload", "The document is gone; add it again.")
    kind = kinds.recognise(path)
    found: list[str] = []
    cut = False
    with _bounded():
        for text in _texts(path, kind):
            tidied = tidy(text)
            room = min(MAX_PAGE, MAX_TEXT - sum(map(len, found)))
            cut |= len(tidied) > room
            found.append(tidied[:room])
            work.progress(min(len(found) / MAX_PAGES, 1.0))
            if room <= 0:
                break
    note = NO_TEXT if not any(found) else CUT if cut or len(found) == MAX_PAGES else ""
    manifest.pages = found
    manifest.notes = [*(it for it in manifest.notes if it not in (NO_TEXT, CUT)), *filter(None, (note,))]
    output.name, output.media_type = DOCUMENT, kind.media_type
    manifest.ended = True
    manifest.done[NAME] = fingerprint
    work.save()


def _texts(path: Path, kind: kinds.Kind) -> Iterator[str]:
    if kind == kinds.PDF:
        yield from pdf.pages(path, MAX_PAGES)
    elif kind == kinds.PPTX:
        yield from office.slides(path, MAX_PAGES)
    elif kind == kinds.DOCX:
        yield from office.document(path)
    else:
        raise UserError(415, "unknown_type", "This is no document; add it as a film or a sound.")


def tidy(text: str) -> str:
    """Lines without needless spaces, and nothing that cannot be seen (PostgreSQL keeps no NUL)."""
    lines = (
        " ".join("".join(char if char.isprintable() else " " for char in line).split()) for line in text.splitlines()
    )
    return "\n".join(line for line in lines if line)


class _TimeUp(BaseException):
    """Not an Exception: libraries catch those."""


@contextmanager
def _bounded() -> Iterator[None]:
    """:raises UserError: 422 `too_hard`: it takes more processor time or memory than a document is worth."""

    def ring(*_: object) -> None:
        raise _TimeUp

    before = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, CPU_S)
    try:
        yield
    except (_TimeUp, MemoryError):
        raise UserError(
            422,
            "too_hard",
            "Reading the document takes too long or too much memory; print it to PDF anew and add that.",
        ) from None
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
