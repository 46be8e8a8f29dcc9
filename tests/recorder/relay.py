"""What leads to a recorder on another machine, as `ssh` would: `python -m tests.recorder.relay PORT`.

Standard input and output are carried to a `machine.Machine`, which starts the far end.
"""

from __future__ import annotations

import os
import select
import socket
import sys

CANNOT_CONNECT = 255


def main(port: int) -> int:
    with socket.socket() as line:
        try:
            line.connect(("127.0.0.1", port))
            return carry(line)
        except OSError:
            return CANNOT_CONNECT


def carry(line: socket.socket) -> int:
    watched: list[int] = [0, line.fileno()]
    while True:
        ready = select.select(watched, (), ())[0]
        if line.fileno() in ready:
            data = line.recv(65536)
            if not data:
                return 0
            while data:
                data = data[os.write(1, data) :]
        if 0 in ready:
            data = os.read(0, 65536)
            line.sendall(data)
            if not data:
                watched.remove(0)
                line.shutdown(socket.SHUT_WR)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
