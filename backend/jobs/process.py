"""Who a process is. Pids are reused and start again after a reboot, so a pid alone names nobody."""

import os
import signal
from dataclasses import dataclass
from pathlib import Path

import psutil

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Identity:
    pid: int
    started: float
    boot_id: str


def boot_id() -> str:
    """The kernel's name for this boot; on systems without one, the time of the boot."""
    if BOOT_ID.exists():
        return BOOT_ID.read_text().strip()
    return str(int(psutil.boot_time()))


def me() -> Identity:
    return Identity(os.getpid(), psutil.Process().create_time(), boot_id())


def is_alive(who: Identity) -> bool:
    """Whether this very process still runs. A zombie does not."""
    if who.boot_id != boot_id():
        return False
    try:
        process = psutil.Process(who.pid)
        return abs(process.create_time() - who.started) < 0.01 and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def kill(who: Identity) -> None:
    """End this process and everything it started, at once."""
    if not is_alive(who):
        return
    if hasattr(os, "killpg"):
        os.killpg(who.pid, signal.SIGKILL)
    else:
        psutil.Process(who.pid).kill()


def step_back() -> None:
    """Give this process, and what it starts, a lower priority: nobody waits for a job as for the next item."""
    if hasattr(os, "nice"):
        os.nice(10)
