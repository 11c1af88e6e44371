"""What a training takes of the machine while it runs: the memory of its processes, and the work of its GPUs.

Asked in the process itself: nvidia-smi takes longer to start than a step.
"""

import ctypes
import time
from functools import cache
from pathlib import Path
from typing import Any

import psutil


class Meter:
    """How many items are trained a second, without the time for judging and saving."""

    def __init__(self) -> None:
        self.items = 0
        self.seconds = 0.0
        self._since: float | None = None
        self._items_read, self._seconds_read = 0, 0.0

    def go_on(self) -> None:
        """From here on time counts."""
        self._since = time.perf_counter()

    def count(self) -> None:
        """A step has ended."""
        now = time.perf_counter()
        self.seconds += 0.0 if self._since is None else now - self._since
        self._since = now

    @property
    def rate(self) -> float | None:
        return self.items / self.seconds if self.seconds else None

    def latest(self) -> float | None:
        """The rate since this was last asked."""
        items, seconds = self.items - self._items_read, self.seconds - self._seconds_read
        self._items_read, self._seconds_read = self.items, self.seconds
        return items / seconds if seconds > 0 else None


def memory_bytes() -> int:
    """Of this process and those below it; what they share counts once."""
    me = psutil.Process()
    children = me.children(recursive=True)
    if not children:
        return int(me.memory_info().rss)
    return sum(_share(each) for each in [me, *children])


def _share(process: psutil.Process) -> int:
    try:
        told = process.memory_full_info()
        return int(getattr(told, "pss", told.rss))
    except psutil.Error:
        # It has ended meanwhile.
        return 0


def peak_bytes() -> int:
    """The most that this process alone has had; 0 where the system does not keep that."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 0
    found = [line.split()[1] for line in status.read_text("ascii", "replace").splitlines() if line.startswith("VmHWM")]
    return int(found[0]) * 1024 if found else 0


def gpus() -> dict[str, float]:
    """{"system/gpu": share of the time that they work, "system/gpu_memory": bytes in use}; empty without CUDA."""
    import torch

    if not torch.cuda.is_available():
        return {}
    numbers = range(torch.cuda.device_count())
    in_use = [total - free for free, total in map(torch.cuda.mem_get_info, numbers)]
    shares = [share for share in map(working, numbers) if share is not None]
    found = {"system/gpu_memory": float(sum(in_use))}
    return found | ({"system/gpu": sum(shares) / len(shares)} if shares else {})


def forget_gpu_peak() -> None:
    import torch

    if torch.cuda.is_available():
        for number in range(torch.cuda.device_count()):
            torch.cuda.reset_peak_memory_stats(number)


def gpu_peak_bytes() -> int | None:
    """The most that torch has held of all GPUs together; none without CUDA."""
    import torch

    if not torch.cuda.is_available():
        return None
    return sum(torch.cuda.max_memory_reserved(number) for number in range(torch.cuda.device_count()))


class _Rates(ctypes.Structure):
    """nvmlUtilization_t: percent."""

    _fields_ = (("gpu", ctypes.c_uint), ("memory", ctypes.c_uint))


def working(number: int) -> float | None:
    """0..1: the share of the last moment in which a GPU of torch's worked. None where its driver does not say."""
    import torch

    library = _nvml()
    if library is None:
        return None
    # By its own name: torch's numbers are those of the GPUs that this process may see.
    name = f"GPU-{torch.cuda.get_device_properties(number).uuid}".encode()
    handle, rates = ctypes.c_void_p(), _Rates()
    if library.nvmlDeviceGetHandleByUUID(name, ctypes.byref(handle)):
        return None
    if library.nvmlDeviceGetUtilizationRates(handle, ctypes.byref(rates)):
        return None
    return float(rates.gpu) / 100


@cache
def _nvml() -> Any:
    """NVIDIA's management library, which comes with the driver."""
    try:
        library = ctypes.CDLL("libnvidia-ml.so.1")
    except OSError:
        return None
    return None if library.nvmlInit_v2() else library
