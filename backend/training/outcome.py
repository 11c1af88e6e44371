"""What a method hands back when it has trained."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backend.jobs.progress import Stopped
from backend.training.linear import Floats
from db.models import Split


@dataclass(frozen=True)
class Outcome:
    """save: writes the model into an empty folder. scores: of the rows of a split, (n, k).

    loads_with: the Python that loads the folder, for the model card. stopped: when somebody ended the run early.
    facts: figures for the run's environment, such as the number of weights.
    """

    save: Callable[[Path], None]
    scores: Callable[[Split], Floats]
    loads_with: str
    stopped: Stopped | None = None
    facts: dict[str, Any] = field(default_factory=dict)
