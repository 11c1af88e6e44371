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
from contextlib import nullcontext
from typing import Any, TextIO

from backend import errors, logs, settings
from backend.jobs import turns
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
    "preview_texts": "backend.augmenting.text_preview:preview",
    "damage": "backend.augmenting.damage:damage",
    "predict": "backend.training.predict:predict",
}


# Nobody's hands wait for these: one at a time, and they leave the processor to everything else.
QUIET = {"refit", "rescore"}
# Said a moment after the pictures are there: it waits for these, and a newer one ends the older. See `turns`.
ASIDE = {"damage"}
FIRST = {"preview", "preview_texts"}


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
    with (
        ThreadPoolExecutor(max_workers=4) as pool,
        ThreadPoolExecutor(1, initializer=step_back) as quiet,
        # Two: the newer one has to begin for the older one to end.
        ThreadPoolExecutor(2, initializer=step_back) as aside,
    ):
        lanes = dict.fromkeys(QUIET, quiet) | dict.fromkeys(ASIDE, aside)
        for line in sys.stdin:
            request = json.loads(line)
            lanes.get(request["task"], pool).submit(answer, request, answers, lock)


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
        function = getattr(importlib.import_module(module_name), function_name)
        with turns.first() if task in FIRST else nullcontext():
            return {"result": function(**args)}
    except errors.WinnowError as error:
        return {"error": error.as_json() | {"status": error.status}}
    except Exception as error:
        log.exception("%s failed", task)
        return {"error": unexpected(error) | {"status": 500}}


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    main()
