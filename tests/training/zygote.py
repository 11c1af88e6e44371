"""Starts workers at once: forked from a process that has torch imported, into the real main of a worker.

A worker of its own takes seconds to import torch; a crash test starts dozens. Run: python -m tests.training.zygote,
with the ids of jobs on its standard input, one a line; it answers with the pid of each worker.
"""

import os
import signal
import subprocess
import sys
from types import TracebackType

from backend.jobs.supervisor import ROOT
from db.models import Run

# Often enough that a kill also falls into one.
CHECKPOINT_EVERY_S = 0.15


class Zygote:
    def __enter__(self) -> "Zygote":
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.training.zygote"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _value: BaseException | None, _trace: TracebackType | None
    ) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(timeout=20)

    def start(self, job_id: int) -> int:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{job_id}\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def work_on(self, run: Run) -> int:
        return self.start(run.job_id or 0)


def main() -> None:
    import sklearn.linear_model  # noqa: F401
    import transformers

    from backend.jobs import worker
    from backend.training import job, watch  # noqa: F401

    # Named once, so that they are imported here and not in each worker.
    _ = transformers.AutoTokenizer, transformers.BertModel, transformers.BertForSequenceClassification
    watch.CHECKPOINT_EVERY_S = CHECKPOINT_EVERY_S
    # Its children are nobody's to wait for: a dead one is gone at once.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.setsid()
            os._exit(worker.main(int(line)))
        answers.write(f"{pid}\n")
        answers.flush()


if __name__ == "__main__":
    main()
