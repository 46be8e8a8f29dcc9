"""A process that records real media until it is killed: `python -m tests.recorder.crash TAPE FOLDER CODEC GOES_ON`.

For every line that it reads a tenth of a second goes by; it writes what time it is and the index that is safe.
"""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

from recorder.recording import Recording
from tests.recorder import encode

BEGAN = 1_767_225_600_000
STEP_US = 100_000


def tape(path: Path, codec: str) -> list[bytes]:
    """Frames; their packets are kept in a file, because no encoder makes the same twice."""
    frames = encode.sound(20) if codec == "opus" else encode.pictures(codec, 300, size=(160, 120))
    sender = encode.Sender(codec)
    step, rate = (960, 48_000) if codec == "opus" else (3000, 90_000)
    packets = [
        packet
        for number, frame in enumerate(frames)
        for packet in sender.frame(frame, number * step, number * step * 1_000_000 // rate)
    ]
    path.write_bytes(pickle.dumps(packets))
    return frames


def main(tape: str, folder: str, codec: str, goes_on: str) -> None:
    made = pickle.loads(Path(tape).read_bytes())
    after = int(goes_on)
    begin = next((at for at, (index, _, _) in enumerate(made) if index > after), 0)
    now = made[begin][1]
    recording = Recording(Path(folder), "lesson", BEGAN, "teacher", lambda: now, began_us=0, after="recorder")
    recording.open("t", "teacher", "camera", "audio" if codec == "opus" else "video", now, after)
    recording.payload_types("t", {96: codec})
    for _ in sys.stdin:
        now += STEP_US
        end = begin
        while end < len(made) and made[end][1] <= now:
            end += 1
        recording.packets("t", made[begin:end], 0)
        recording.tick(now)
        print(now, recording.safe("t"), flush=True)
        begin = end
    recording.close(now)


if __name__ == "__main__":
    main(*sys.argv[1:])
