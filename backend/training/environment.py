"""Where and with what a run was made, so that it can be made again."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

from backend.models import catalogue, load

PACKAGES = ("torch", "torchvision", "transformers", "peft", "scikit-learn", "numpy", "pillow")
ROOT = Path(__file__).resolve().parents[2]


def describe(base: str) -> dict[str, Any]:
    import torch

    device = load.device()
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "device": torch.cuda.get_device_name() if device == "cuda" else device,
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "git": git_revision(),
        "base_revision": catalogue.revision_of(base),
        **{name: version(name) for name in PACKAGES},
    }


def git_revision() -> str:
    """The commit of this Winnow, with "+" when files were changed since; empty outside a checkout."""
    try:
        told = subprocess.run(
            ["git", "describe", "--always", "--abbrev=12", "--dirty=+"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return told.stdout.strip()
