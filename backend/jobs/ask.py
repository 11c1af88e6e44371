"""The app's end of the line to the assistant: `ask.now("preview", recipe=…)`.

Starts the assistant at the first question and again after it died. Safe to call from any thread.
"""

import itertools
import json
import os
import subprocess
import sys
import threading
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from pathlib import Path
from typing import Any

from backend import errors, settings

ROOT = Path(__file__).resolve().parents[2]


class Line:
    """One assistant process and the questions it has not answered yet."""

    def __init__(self) -> None:
        output = (settings.folder("logs") / "assistant.log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "backend.jobs.assistant"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=output,
            start_new_session=True,
            env=os.environ | {"TOKENIZERS_PARALLELISM": "false"},
        )
        output.close()
        self._numbers = itertools.count(1)
        self._open: dict[int, Future[dict[str, Any]]] = {}
        self._lock = threading.Lock()
        threading.Thread(target=self._listen, name="winnow-assistant", daemon=True).start()

    def send(self, task: str, args: dict[str, Any]) -> Future[dict[str, Any]]:
        future: Future[dict[str, Any]] = Future()
        with self._lock:
            number = next(self._numbers)
            self._open[number] = future
            assert self.process.stdin
            self.process.stdin.write(json.dumps({"id": number, "task": task, "args": args}).encode() + b"\n")
            self.process.stdin.flush()
        return future

    def _listen(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            reply = json.loads(line)
            with self._lock:
                future = self._open.pop(reply["id"])
            future.set_result(reply)
        self.process.wait()
        with self._lock:
            lost, self._open = self._open, {}
        for future in lost.values():
            error = errors.Unavailable(
                "Winnow's helper process ended before it answered.", "Try again; it starts anew."
            )
            future.set_result({"error": error.as_json() | {"status": error.status}})

    def end(self) -> None:
        if self.process.stdin:
            self.process.stdin.close()
        try:
            self.process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


_lock = threading.Lock()
_line: Line | None = None


def now(task: str, timeout_s: float = 60.0, **args: Any) -> dict[str, Any]:
    """Ask and wait. Raises what the task raised, and Unavailable when there is no answer in time."""
    try:
        reply = later(task, **args).result(timeout=timeout_s)
    except FutureTimeoutError:
        raise errors.Unavailable(
            f"No answer within {timeout_s:.0f} s.", "The machine is busy, perhaps with a training. Try again."
        ) from None
    if "error" in reply:
        told = reply["error"]
        error = errors.WinnowError(told["message"], told["hint"])
        error.code, error.status = told["code"], told["status"]
        raise error
    return dict(reply["result"])


def later(task: str, **args: Any) -> Future[dict[str, Any]]:
    """Ask and go on. The future's result is {"result": …} or {"error": …}."""
    global _line  # noqa: PLW0603 - one assistant a process
    with _lock:
        if _line is None or _line.process.poll() is not None:
            _line = Line()
        line = _line
    return line.send(task, args)


def end() -> None:
    """End the assistant, if there is one."""
    global _line
    with _lock:
        line, _line = _line, None
    if line:
        line.end()
