"""Where Winnow keeps its things, read from the environment once per call so that tests can move it."""

import os
from pathlib import Path

FOLDERS = ("blobs", "thumbs", "vectors", "runs", "snapshots", "exports", "uploads", "imports", "logs", "models", "maps")


def home() -> Path:
    """The data folder: `WINNOW_HOME`, or `~/.winnow`."""
    return Path(os.environ.get("WINNOW_HOME") or Path.home() / ".winnow").expanduser().resolve()


def folder(name: str) -> Path:
    """One of FOLDERS below home, made when it is missing."""
    path = home() / name
    path.mkdir(parents=True, exist_ok=True)
    return path


def database_url() -> str:
    """`WINNOW_DATABASE_URL`, or the SQLite file below home."""
    return os.environ.get("WINNOW_DATABASE_URL") or f"sqlite:///{home() / 'winnow.db'}"


def precision() -> str:
    """ "bf16" or "fp32" for what models compute in; empty for what this machine does well."""
    return os.environ.get("WINNOW_PRECISION", "").strip().lower()


def devices() -> str:
    """The GPUs that may be used, such as "0,2", or "cpu"; empty for all there are."""
    return os.environ.get("WINNOW_DEVICES", "").strip().lower()


def token() -> str:
    """The secret that a client must send when Winnow is bound to more than loopback."""
    return os.environ.get("WINNOW_TOKEN", "")
