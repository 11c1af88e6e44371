"""What a run leaves when somebody stopped it and wants to keep nothing. Light: the supervisor uses it too."""

import shutil

from backend.training import artifact
from db import runs
from db.session import writing


def discard(run_id: int) -> None:
    """Remove the run's files, figures, predictions and curves; its row and its spec stay."""
    shutil.rmtree(artifact.folder_of_run(run_id), ignore_errors=True)
    with writing() as session:
        runs.forget(session, run_id)
