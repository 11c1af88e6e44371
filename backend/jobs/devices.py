"""What this machine computes on: its GPUs, or else its processor. Asked without torch, for the app process.

`WINNOW_DEVICES` names the GPUs that may be used, such as "0,2"; "cpu" uses none. Where `CUDA_VISIBLE_DEVICES` is set,
as on shared machines, only those GPUs count.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache

import psutil

from backend import settings

CPU = "cpu"
QUERY = ["nvidia-smi", "--query-gpu=index,name,memory.total,compute_cap,uuid", "--format=csv,noheader,nounits"]


@dataclass(frozen=True)
class Device:
    """id: "cpu", or the number of a GPU. capability: of CUDA, such as 9.0; 0 without."""

    id: str
    name: str
    memory_bytes: int
    capability: float = 0.0


def found() -> tuple[Device, ...]:
    """Those that runs may use, at least one. The same name twice is two places on one device."""
    gpus, asked = _visible(), settings.devices()
    if not asked:
        return gpus or (processor(),)
    named = [each.strip() for each in asked.split(",")]
    by_id = {gpu.id: gpu for gpu in gpus}
    chosen = [by_id[name] if name in by_id else processor() for name in named if name in by_id or name == CPU]
    return tuple(chosen) or (processor(),)


def _visible() -> tuple[Device, ...]:
    shown = os.environ.get("CUDA_VISIBLE_DEVICES")
    if shown is None:
        return tuple(gpu for gpu, _ in _gpus())
    names = [each.strip() for each in shown.split(",") if each.strip()]
    return tuple(gpu for name in names for gpu, uuid in _gpus() if name == gpu.id or uuid.startswith(name))


def processor() -> Device:
    return Device(CPU, "processor", psutil.virtual_memory().total)


def precision() -> str:
    """What a training computes in when nobody says: bfloat16 needs no loss scaling, and came with capability 8."""
    asked, first = settings.precision(), found()[0]
    if asked or first.id == CPU:
        return "fp32" if asked != "bf16" else "bf16"
    return "bf16" if first.capability >= 8 else "fp16"


@cache
def _gpus() -> tuple[tuple[Device, str], ...]:
    """NVIDIA's, as its driver lists them, each with its UUID. Once a process: they do not come and go."""
    if shutil.which(QUERY[0]) is None:
        return ()
    try:
        told = subprocess.run(QUERY, capture_output=True, text=True, timeout=10, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        # A driver without a GPU, or one that does not answer: the processor is there.
        return ()
    rows = [[each.strip() for each in line.split(",")] for line in told.splitlines() if line.count(",") == 4]
    return tuple(
        (Device(row[0], row[1], int(row[2]) * 2**20, float(row[3])), row[4]) for row in rows if row[2].isdigit()
    )
