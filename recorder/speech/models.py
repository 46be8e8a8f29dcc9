"""Speech models on this machine: directories in CTranslate2's format below `data_dir`/models."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

from mediaserver.api import UserError

SUMS = "SHA256SUMS"
"""`{hex}  {file}` a line, as sha256sum writes it; in every fetched model, and on mirrors."""
NEEDED = ("config.json", "model.bin", "tokenizer.json")
VOCABULARIES = ("vocabulary.json", "vocabulary.txt")


class Model(NamedTuple):
    """:ivar verified: there is a list of checksums that its files were compared with when it was fetched."""

    name: str
    folder: Path
    size: int
    verified: bool


def installed(models_dir: Path) -> list[Model]:
    """The last one fetched first. What is being fetched is not among them."""
    if not models_dir.is_dir():
        return []
    folders = [folder for folder in models_dir.iterdir() if folder.is_dir() and not folder.name.startswith(".")]
    whole = [folder for folder in folders if not missing(folder)]
    whole.sort(key=lambda folder: (folder / "model.bin").stat().st_mtime_ns, reverse=True)
    return [
        Model(folder.name, folder, sum(file.stat().st_size for file in folder.iterdir()), (folder / SUMS).exists())
        for folder in whole
    ]


def find(configured: Path | None, models_dir: Path) -> Path | None:
    """The model that is used: the configured one, whether it is there or not, else the last one fetched."""
    if configured is not None:
        return configured
    there = installed(models_dir)
    return there[0].folder if there else None


def missing(folder: Path) -> list[str]:
    """Files without which it is no model."""
    absent = [name for name in NEEDED if not (folder / name).is_file()]
    if not any((folder / name).is_file() for name in VOCABULARIES):
        absent.append(VOCABULARIES[0])
    return absent


def check(folder: Path) -> None:
    """:raises UserError: 409 `no_model`: it is not there, or not whole. The engine would go and look for the rest on
    the network."""
    absent = missing(folder)
    if absent:
        raise UserError(
            409,
            "no_model",
            f"{folder} is no speech model: {', '.join(absent)} missing. Set recorder.model to a directory in "
            "CTranslate2's format, or get one with: tongke models fetch small",
        )


def fingerprint(folder: Path) -> str:
    """`name@` and the beginning of the SHA-256 of its weights."""
    return f"{folder.resolve().name}@{digest(folder / 'model.bin')[:16]}"


def digest(path: Path) -> str:
    """SHA-256 in hex. :raises OSError:"""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
