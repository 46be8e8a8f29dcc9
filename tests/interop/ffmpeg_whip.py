"""A publisher on FFmpeg's WHIP muxer, as PyAV carries it. Runs as a process of its own: its handshake blocks.

python ffmpeg_whip.py URL TOKEN CERTIFICATE KEY
"""

from __future__ import annotations

import fractions
import sys
import threading
import time

import av
import numpy as np

RATE = 25


def main(url: str, token: str, certificate: str, key: str) -> None:
    stop = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.readline(), stop.set()), daemon=True).start()
    options = {"authorization": token, "cert_file": certificate, "key_file": key}
    with av.open(url, "w", format="whip", options=options) as out:
        video = out.add_stream("libx264", rate=RATE)
        video.options = {"preset": "ultrafast", "tune": "zerolatency", "profile": "baseline", "bf": "0", "g": "25"}
        video.width, video.height, video.pix_fmt = 320, 240, "yuv420p"
        audio = out.add_stream("libopus", rate=48000)
        audio.layout = "stereo"
        audio.bit_rate = 64000
        began = time.monotonic()
        number = 0
        while not stop.is_set():
            picture = np.full((240, 320, 3), number * 3 % 255, np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, "rgb24")
            frame.pts, frame.time_base = number, fractions.Fraction(1, RATE)
            out.mux(video.encode(frame))
            for half in range(2):
                start = (2 * number + half) * 960
                wave = 8000 * np.sin(2 * np.pi * 440 * np.arange(start, start + 960) / 48000)
                sound = av.AudioFrame.from_ndarray(wave.astype(np.int16).repeat(2).reshape(1, -1), "s16", "stereo")
                sound.rate, sound.pts = 48000, start
                out.mux(audio.encode(sound))
            number += 1
            stop.wait(max(0.0, began + number / RATE - time.monotonic()))


if __name__ == "__main__":
    main(*sys.argv[1:5])
