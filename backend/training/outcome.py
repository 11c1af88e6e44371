"""What a method hands back when it has trained."""

from collections.abc import Callable, Sequence
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
    facts: figures for the run's environment, such as the number of weights. held_out: targets and scores of items that
    the scores did not come to know, validation items among them, where a method has more of them than those.
    """

    save: Callable[[Path], None]
    scores: Callable[[Split], Floats]
    loads_with: str
    stopped: Stopped | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    held_out: Callable[[], tuple[Sequence[Sequence[int]], Floats]] | None = None
