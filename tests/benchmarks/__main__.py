"""Run every benchmark, or those named: `make bench`, or `python -m tests.benchmarks start`.

Each module here has a `main()` that prints its own table; the figures of record stand in its docstring.
"""

import importlib
import os
import pkgutil
import platform
import sys
from pathlib import Path


def main(names: list[str]) -> None:
    here = Path(__file__).parent
    found = [module.name for module in pkgutil.iter_modules([str(here)]) if not module.name.startswith("_")]
    machine = f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores"
    print(f"{machine}, load {os.getloadavg()[0]:.2f}")
    for name in names or found:
        print(f"\n== {name}")
        importlib.import_module(f"tests.benchmarks.{name}").main()


if __name__ == "__main__":
    main(sys.argv[1:])
