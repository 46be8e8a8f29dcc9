"""Encoders that leave the process as it was."""

from __future__ import annotations

import os

import av


def opened(encoder: av.VideoCodecContext) -> av.VideoCodecContext:
    """Run as root, SVT-AV1 makes whoever opens it a real-time thread of the highest priority, and so everything that
    is started later: two browsers of that kind stop a machine of two cores."""
    policy, priority = os.sched_getscheduler(0), os.sched_getparam(0)
    encoder.open(strict=False)
    os.sched_setscheduler(0, policy, priority)
    return encoder
