"""The vector cache: a file of records for each encoder, revision, precision and backend that prepares images.

Needs numpy only. Knows nothing of models: `encode` computes what is missing.
"""

import re
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backend import blobs, errors, settings
from backend.encoding import records
from backend.models import catalogue
from backend.models.load import BF16, FP32

Vectors = records.Values

# Part of a file's name: transformers prepares images with torchvision here, and other backends give other vectors.
BACKENDS = {"text": "tokenizers", "image": "torchvision"}


def get(encoder_id: str, hashes: Sequence[bytes]) -> tuple[Vectors, NDArray[np.bool_]]:
    """Vectors of contents: (n, d) float32 of unit length, and (n,) whether each is there. The others are zeros."""
    return records.get(path_of(encoder_id), hashes)


def add(encoder_id: str, hashes: Sequence[bytes], vectors: Vectors) -> None:
    """Append vectors of unit length, and return when they are on the disk. Those that are there are left out."""
    records.add(path_of(encoder_id), hashes, vectors, encoder_id)


def path_of(encoder_id: str, suffix: str = "vectors") -> Path:
    """The file of this encoder as it is now: another revision or precision has another file."""
    try:
        kind, revision = catalogue.find(encoder_id).kind, catalogue.revision_of(encoder_id)
    except errors.ModelNotHere:
        kind, revision = "image", "none"
    name = re.sub(r"[^A-Za-z0-9.-]+", "_", encoder_id)[-80:]
    # Two folders may end alike.
    mark = f"{zlib.crc32(encoder_id.encode()):08x}"
    precise = f"-{BF16}" if encoder_id != catalogue.DESCRIPTOR and precision() == BF16 else ""
    return _folder() / f"{name}-{mark}-{revision[:12]}-{BACKENDS[kind]}{precise}.{suffix}"


def hashes(encoder_id: str) -> list[bytes]:
    """The contents that have a vector, in the order they were added."""
    return records.hashes(path_of(encoder_id))


def stamp(encoder_id: str) -> int:
    """Grows whenever vectors are added; 0 while there are none."""
    path = path_of(encoder_id)
    return path.stat().st_size if path.exists() else 0


def precision() -> str:
    """What models compute in here, as the process that last ran one found it. The app cannot ask the hardware."""
    try:
        return BF16 if (_folder() / "precision").read_text() == BF16 else FP32
    except OSError:
        return FP32


def is_other_precision(found: str) -> bool:
    """Note what models compute in here; whether it is another than before, so that other files hold what is known."""
    if found == precision():
        return False
    blobs.write_whole(_folder() / "precision", found.encode())
    return True


def _folder() -> Path:
    return settings.home() / "vectors"
