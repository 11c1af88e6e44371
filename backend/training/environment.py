"""Where and with what a run was made, so that it can be made again."""

import os
import platform
import subprocess
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

from backend.models import catalogue, load

PACKAGES = (
    "torch",
    "torchvision",
    "transformers",
    "tokenizers",
    "safetensors",
    "datasets",
    "accelerate",
    "peft",
    "bitsandbytes",
    "scikit-learn",
    "numpy",
    "pillow",
)
CPU_INFO = Path("/proc/cpuinfo")
ROOT = Path(__file__).resolve().parents[2]


def describe(base: str) -> dict[str, Any]:
    """is_deterministic: whether the same spec gives the same figures here. A GPU adds up in any order."""
    import torch

    device = load.device()
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "device": torch.cuda.get_device_name() if device == "cuda" else device,
        "device_memory_bytes": device_memory_bytes(device),
        "processor": processor(),
        "memory_bytes": psutil.virtual_memory().total,
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "is_deterministic": device == "cpu" or torch.are_deterministic_algorithms_enabled(),
        "git": git_revision(),
        "base_revision": catalogue.revision_of(base),
        **versions(),
    }


def versions() -> dict[str, str]:
    """Of the packages that are here: not all of them are needed."""
    found = {}
    for name in PACKAGES:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def device_memory_bytes(device: str) -> int:
    """Of the GPU; a CPU has the memory of the machine."""
    import torch

    if device == "cuda":
        return int(torch.cuda.get_device_properties(0).total_memory)
    return int(psutil.virtual_memory().total)


def processor() -> str:
    """The CPU's name, where the system tells it."""
    told = CPU_INFO.read_text("utf-8", "replace").splitlines() if CPU_INFO.exists() else []
    names = [line.partition(":")[2].strip() for line in told if line.startswith("model name")]
    return names[0] if names else platform.processor()


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
