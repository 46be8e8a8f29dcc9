"""Names of processes that hold a lease, by which a process on the same machine sees that the holder is dead.

A killed server that is started again would otherwise wait until its own lease has ended.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

_PROC = Path("/proc")


def new_name() -> str:
    """Of this process: the same machine, boot and container, a process id and when that process began."""
    return f"{_place()}-{os.getpid()}-{_began(os.getpid())}-{secrets.token_hex(4)}"


def is_dead(name: str) -> bool:
    """Whether a holder is known to run no more; of processes elsewhere nothing is known."""
    place, *rest = name.split("-")
    if place != _place() or len(rest) != 3:
        return False
    pid, began, _ = rest
    return pid.isascii() and pid.isdigit() and _began(int(pid)) != began


def _place() -> str:
    """Process ids mean the same within one boot and one PID namespace; empty where there is no /proc."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        return hashlib.sha256(f"{boot} {os.readlink(_PROC / 'self/ns/pid')}".encode()).hexdigest()[:16]
    except OSError:
        return ""


def _began(pid: int) -> str:
    """In clock ticks since the boot (proc(5), `stat`, field 22); empty: there is no such process."""
    try:
        stat = (_PROC / str(pid) / "stat").read_text()
    except OSError:
        return ""
    state, *fields = stat.rpartition(")")[2].split()
    return "" if state in "ZX" else fields[18]  # a zombie holds nothing
