"""What to do next, the most useful first: each advice says what was seen, why it matters, and what does something about
it. Read from counts, indexes and one run's figures, so that it is there at once, however large the project.
"""

from collections.abc import Callable, Sequence
from typing import Any

from backend.evaluating import advice_of_data, advice_of_runs
from backend.evaluating.advice_facts import Advice, Facts, gather
from db.models import Project
from db.session import Session

# In the order in which they are given.
RULES: Sequence[Callable[[Facts], list[Advice]]] = (
    advice_of_data.nothing_to_label,
    advice_of_data.no_labels,
    advice_of_data.few_labels,
    advice_of_runs.no_run,
    advice_of_data.across_splits,
    advice_of_runs.below_baseline,
    advice_of_runs.outdated,
    advice_of_data.label_errors,
    advice_of_runs.confused,
    advice_of_data.more_labels,
    advice_of_runs.few_test_items,
    advice_of_data.imbalance,
    advice_of_data.near_duplicates,
    advice_of_runs.overfitting,
    advice_of_runs.calibration,
    advice_of_data.waiting,
    advice_of_data.no_suggestions,
    advice_of_data.left_to_label,
)


def advice(session: Session, project: Project) -> list[dict[str, Any]]:
    """[{"code", "title", "words", "figures", "action"}], the most useful first; empty when there is nothing to say.

    action: {"words": what is on its button} and what that does, one of "page" (with "query", its address),
    "worklist" (item ids to look at), "job" (an inspection, or "near_duplicates").
    """
    facts = gather(session, project)
    return [each.as_json() for rule in RULES for each in rule(facts)]
