"""What makes a long film easy to find one's way in: chapters, and captions as a file."""

from __future__ import annotations

import hashlib
import json

from recorder import captions, files, transcript
from recorder.manifest import Output
from recorder.outline import outline
from recorder.stages.work import Work

NAME = "chapters"
FOLDER = "out"
_VERSION = 1
_CAPTIONS = "captions-"


def run(work: Work) -> None:
    """From slides and transcript, as far as there are any. :raises OSError: the file could not be written.

    :raises ValueError: the transcript is damaged.
    """
    manifest = work.manifest
    spoken = transcript.load(work.folder)
    lines = spoken.lines if spoken else []
    language = (spoken.language if spoken else "") or work.facts.language
    text = captions.webvtt(lines).encode() if lines else b""
    fingerprint = hashlib.sha256(
        json.dumps([_VERSION, language, manifest.length_us, [slide.model_dump() for slide in manifest.slides]]).encode()
        + text
    ).hexdigest()
    name = f"{_CAPTIONS}{language.partition('-')[0]}"
    path = work.folder / FOLDER / f"{name}.vtt"
    if manifest.done.get(NAME) == fingerprint and (not text or path.exists()):
        return
    manifest.outputs = [output for output in manifest.outputs if not output.name.startswith(_CAPTIONS)]
    if text:
        path.parent.mkdir(exist_ok=True)
        files.replace(path, text)
        digest = hashlib.sha256(text).hexdigest()
        manifest.put(
            Output(name=name, file=f"{FOLDER}/{path.name}", media_type="text/vtt", bytes=len(text), sha256=digest)
        )
    manifest.chapters = outline(manifest.slides, lines, manifest.length_us)
    manifest.done[NAME] = fingerprint
    work.save()
