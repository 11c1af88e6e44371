"""Where uploaded files wait for their import: each upload in a folder of its own below `uploads/`, under safe names."""

import shutil
import time
import uuid
from pathlib import Path

from backend import errors, settings
from backend.importing.found import is_litter, safe_parts

NAME_BYTES = 180
KEPT_DAYS = 14


def new_folder() -> Path:
    """Make an empty folder, and remove those that nobody came back for."""
    parent = settings.folder("uploads")
    for folder in parent.iterdir():
        if time.time() - folder.stat().st_mtime > KEPT_DAYS * 86_400:
            shutil.rmtree(folder, ignore_errors=True)
    folder = parent / uuid.uuid4().hex
    folder.mkdir()
    return folder


def folder_of(name: str) -> Path:
    """The folder called `name`. Raises NotFound when it is not there, or no name of an upload."""
    path = settings.folder("uploads") / name
    if not name.isalnum() or not path.is_dir():
        raise errors.NotFound("The uploaded files are not there any more.", "Upload them again.")
    return path


def place_for(folder: Path, name: str) -> Path:
    """A free path in `folder` for a file that a stranger calls `name`. Its folders are kept: they may name classes."""
    parts = [_shortened(part.lstrip(".") or "file") for part in safe_parts(name)[-6:]] or ["file"]
    path = folder.joinpath(*parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    number = 2
    while path.exists() or is_litter(path.name):
        path = path.with_name(f"{Path(parts[-1]).stem} ({number}){path.suffix}")
        number += 1
    return path


def _shortened(part: str) -> str:
    """File systems count bytes. The ending says what the file is and stays."""
    if len(part.encode()) <= NAME_BYTES:
        return part
    stem, suffix = Path(part).stem, Path(part).suffix[:20]
    return stem.encode()[:NAME_BYTES].decode(errors="ignore") + suffix


def remove(name: str) -> None:
    shutil.rmtree(settings.folder("uploads") / name, ignore_errors=True)
