"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = ("aiortc", "aioice", "aiohttp", "pylibsrtp", "cryptography", "numpy", "av", "playwright")


def describe() -> dict[str, Any]:
    """CPU, kernel, versions, revision and load of this moment; nothing that names the machine."""
    return {
        "cpu": cpu_model(Path("/proc/cpuinfo").read_text()),
        "cores": len(os.sched_getaffinity(0)),
        "memory_mb": memory_mb(Path("/proc/meminfo").read_text()),
        "virtual": "hypervisor" in Path("/proc/cpuinfo").read_text(),
        "kernel": platform.release(),
        "system": platform.freedesktop_os_release().get("PRETTY_NAME", ""),
        "python": sys.version.split()[0],
        "packages": {name: found for name in PACKAGES if (found := _version(name))},
        "compiler": _first_line("gcc", "--version"),
        "chromium": _first_line("chromium", "--version"),
        "revision": _first_line("git", "rev-parse", "--short=12", "HEAD"),
        "changed": bool(_first_line("git", "status", "--porcelain", "--untracked-files=no")),
        "load": list(os.getloadavg()),
    }


def cpu_model(cpuinfo: str) -> str:
    found = re.search(r"^model name\s*:\s*(.+)$", cpuinfo, re.M)
    return found.group(1).strip() if found else platform.machine()


def memory_mb(meminfo: str) -> int:
    found = re.search(r"^MemTotal:\s*(\d+) kB", meminfo, re.M)
    return int(found.group(1)) // 1024 if found else 0


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _first_line(*command: str) -> str:
    try:
        output = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return output.partition("\n")[0].strip()
