"""The warm process: answers what a person waits for and what needs torch.

Run by the app as `python -m backend.jobs.assistant`; it ends when the app does, because its standard input closes.
A request is one line {"id", "task", "args"}, an answer one line {"id", "result"} or {"id", "error"}; bytes travel as
base64. It keeps loaded models between requests, which is its whole point.
"""

import importlib
import json
import logging
import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TextIO

from backend import errors, logs, settings
from backend.jobs.worker import unexpected
from db.session import open_database

log = logging.getLogger("winnow.assistant")

# Each is called with the request's args as keywords and returns a JSON object.
TASKS = {
    "warm": "backend.jobs.assistant:warm",
    "refit": "backend.suggesting.refit:refit",
    "rescore": "backend.suggesting.rescore:rescore",
    "tidy": "backend.suggesting.rescore:tidy",
    "search": "backend.suggesting.search:search",
    "nearest_to_do": "backend.suggesting.search:nearest_to_do",
    "diverse": "backend.suggesting.diverse:diverse",
    "mixed": "backend.suggesting.diverse:mixed",
    "preview": "backend.augmenting.preview:preview",
    "predict": "backend.training.predict:predict",
}


# Nobody's hands wait for these: one at a time, and they leave the processor to everything else.
QUIET = {"refit", "rescore"}


def warm() -> dict[str, Any]:
    """Import what most tasks need, so that the first of them does not wait for it."""
    import torch
    import transformers

    return {"torch": torch.__version__, "transformers": transformers.__version__}


def main() -> None:
    # Libraries print; only answers may reach the pipe.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    open_database(settings.database_url())
    logs.to_file("assistant")
    lock = threading.Lock()
    with ThreadPoolExecutor(max_workers=4) as pool, ThreadPoolExecutor(1, initializer=step_back) as quiet:
        for line in sys.stdin:
            request = json.loads(line)
            (quiet if request["task"] in QUIET else pool).submit(answer, request, answers, lock)


def step_back() -> None:
    """Give this thread, and those that it starts, a low priority. Elsewhere than on Linux it would be the process."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)


def answer(request: dict[str, Any], answers: TextIO, lock: threading.Lock) -> None:
    reply = {"id": request["id"], **run(request["task"], request["args"])}
    with lock:
        answers.write(json.dumps(reply) + "\n")
        answers.flush()


def run(task: str, args: dict[str, Any]) -> dict[str, Any]:
    try:
        module_name, function_name = TASKS[task].split(":")
        return {"result": getattr(importlib.import_module(module_name), function_name)(**args)}
    except errors.WinnowError as error:
        return {"error": error.as_json() | {"status": error.status}}
    except Exception as error:
        log.exception("%s failed", task)
        return {"error": unexpected(error) | {"status": 500}}


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    main()
