"""Labels that are likely wrong, items unlike all others, near-duplicates with different labels. A job.

What is thought of each label by what has not seen it (`judging_labels`) says by confident learning how many are wrong,
and which. Never changes a label.
"""

import time
from typing import Any

import numpy as np

from backend.inspecting import doubted, judging_labels, labeled
from backend.inspecting.labeled import Seen
from backend.jobs.progress import Handle
from db import groups, inspections, worklists
from db.models import Project
from db.session import Session, reading

KIND = "label_errors"


def run(handle: Handle, project: Project) -> dict[str, Any]:
    """{"encoder", "items", "judged", "agreement", "counted_errors", "estimated_errors", "by_pair", "found",
    "confirmed", "not_judged", "knows_groups", "seconds"}.

    judged: how many of the items. agreement: the share of their labels that are also thought the likeliest; where it is
    low, this encoder hardly tells the classes apart. counted_errors, estimated_errors: items whose label looks like
    another, and that number calibrated to all: what is really wrong lies mostly between the two. found: see `doubted`.
    confirmed: item id -> class ids, of what a person decided on after it had been found. not_judged: ids of classes
    with too few labels. knows_groups: near-duplicates were looked for before. Raises TooFewLabels.
    """
    began = time.monotonic()
    seen = labeled.load(handle, project, handle.spec["encoder"])
    with reading() as session:
        knows_groups = groups.last_done(session, project.id) is not None
        settled = confirmed(session, project, seen)
    judged = judging_labels.judge(handle, seen, multi_label=project.multi_label, knows_groups=knows_groups)
    is_open = ~np.isin(seen.item_ids, list(settled))
    told = doubted.labels(judged, is_open)
    found = told.pop("found") + doubted.unlike_all_others(judged, is_open) + doubted.disagreeing_copies(judged, is_open)
    found.sort(key=lambda each: (-each["score"], each["item_id"]))
    return {
        "encoder": handle.spec["encoder"],
        "items": len(seen),
        "judged": len(judged.rows),
        **told,
        "found": found,
        "confirmed": {str(item_id): class_ids for item_id, class_ids in settled.items()},
        "not_judged": [each for place, each in enumerate(seen.class_ids) if place not in judged.columns],
        "knows_groups": knows_groups,
        "seconds": round(time.monotonic() - began, 2),
    }


def confirmed(session: Session, project: Project, seen: Seen) -> dict[int, list[int]]:
    """Item id -> its class ids, where a person decided after it was found before: nobody is asked twice."""
    before = inspections.newest(session, project.id, KIND)
    if before is None:
        return {}
    decided = worklists.looked_at(session, project.id, before.upto_event)
    asked = {each["item_id"] for each in before.result["found"]}.intersection(decided)
    kept = before.result["confirmed"]
    current = {
        item_id: [seen.class_ids[place] for place in targets]
        for item_id, targets in zip(seen.item_ids.tolist(), seen.targets, strict=True)
    }
    return {
        item_id: class_ids
        for item_id, class_ids in current.items()
        if item_id in asked or kept.get(str(item_id)) == class_ids
    }
