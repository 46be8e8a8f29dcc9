"""The transcript stage, told in words that JSON can hold which model it has."""

from __future__ import annotations

from pathlib import Path

from recorder.speech import models
from recorder.speech.recogniser import Device
from recorder.stages.transcript import Transcriber
from recorder.stages.work import Work


def run(work: Work, model: str, models_dir: str, device: Device, threads: int) -> None:
    """:param model: the configured directory; empty: the last one fetched. :raises UserError: 409 `no_model` …"""
    found = models.find(Path(model) if model else None, Path(models_dir))
    Transcriber(found, device, threads).run(work)
