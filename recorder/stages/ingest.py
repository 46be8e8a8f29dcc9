"""An uploaded video or sound file into what a recording is after `finalise`: a track, and a finished file."""

from __future__ import annotations

from mediaserver.api import UserError
from recorder import media, room, transcode
from recorder.manifest import Output, Part, Track
from recorder.probe import bad, probe
from recorder.stages.work import Work
from recorder.upright import sideways

NAME = "ingest"
FOLDER = "out"
UPLOAD = "upload"
"""The output that a manifest begins with, and who takes part in what comes of it."""
_TYPES = {"mp4": "mp4", "webm": "webm", "mp3": "mpeg"}


def run(work: Work) -> None:
    """:raises UserError: 422 `bad_media`: nothing is left of the file. :raises OSError: there is no room.

    :raises UserError: 503 `disk_full`: it would leave too little for lessons; the file stays.
    """
    manifest = work.manifest
    upload = manifest.output(UPLOAD)
    if upload is None:
        if manifest.done.get(NAME):
            return
        raise UserError(422, "bad_media", "The file that was uploaded could not be played and is gone: add another.")
    path = work.folder / upload.file
    try:
        probed = probe(path)
        made = transcode.plan(probed)
        name = "camera" if probed.video else "sound"
        kind = "video" if probed.video else "audio"
        room.require(work.folder, path.stat().st_size)
        (work.folder / FOLDER).mkdir(exist_ok=True)
        target = work.folder / FOLDER / f"{name}.{made.kind}"
        whole = probed.duration_us or media.MICROSECONDS
        duration = transcode.convert(path, target, probed, made, lambda at: work.progress(min(at / whole, 1)))
        if duration <= 0:
            target.unlink()
            raise bad("it is empty")
    except UserError as error:
        if error.status >= 500:  # not the file's fault
            raise
        manifest.outputs = [output for output in manifest.outputs if output.name != UPLOAD]
        work.save()
        path.unlink(missing_ok=True)
        raise
    shape = media.shape(target, "video")
    size = (shape.width, shape.height) if shape else (0, 0)
    if probed.video and made.video == "copy" and sideways(probed.video.turn):
        size = size[::-1]  # as it is shown: the file says how it is turned
    manifest.outputs = [output for output in manifest.outputs if output.name not in (UPLOAD, name)]
    manifest.put(
        Output(
            name=name,
            file=f"{FOLDER}/{target.name}",
            media_type=f"{kind}/{_TYPES[made.kind]}",
            bytes=target.stat().st_size,
            sha256=media.sha256(target),
            duration_us=duration,
            width=size[0],
            height=size[1],
            participant=UPLOAD,
        )
    )
    manifest.lead, manifest.length_us, manifest.ended = UPLOAD, duration, True
    manifest.tracks = [
        Track(
            id=f"{UPLOAD}-{source}",
            participant=UPLOAD,
            source=source,
            kind="video" if source == "camera" else "audio",
            parts=[
                Part(
                    file=upload.file,
                    codec=stream.codec,
                    start_us=0,
                    duration_us=duration,
                    width=stream.width,
                    height=stream.height,
                    bytes=upload.bytes,
                    sha256=upload.sha256,
                    closed=True,
                )
            ],
        )
        for source, stream in (("camera", probed.video), ("microphone", probed.audio))
        if stream is not None
    ]
    manifest.done[NAME] = upload.sha256
    work.save()
