"""What the points of a map are coloured by: a code for each point, and what each code means.

Needs numpy only, and is quick: a person who chose another colour waits for it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend import errors, items
from backend.evaluating import answers, looks
from backend.inspecting.map_file import Map
from backend.training import runs
from db import comparison, maps, projects
from db.models import PRESENT, LabelClass, Project, Run, Split, Status
from db.session import Session

Codes = NDArray[np.uint16]
Ids = NDArray[np.int64]
# Of an item that is in the bin or gone: it is not drawn.
GONE = 65_535
STEPS = 20
# Violet, pink, orange and yellow: told apart by lightness alone too, and readable on both backgrounds.
SCALE = ((117, 92, 224), (206, 80, 158), (238, 129, 46), (232, 180, 0))
BLUE, RED, GREEN, AMBER, SKY = (looks.RUN_COLORS[place] for place in (0, 1, 2, 4, 5))
# A second grey, for what is between the classes.
DARK_GREY = "#5F6B66"
STATUSES = {Status.LABELED: GREEN, Status.SKIPPED: SKY, Status.FLAGGED: AMBER, Status.TODO: looks.GREY}
SPLITS = {Split.TRAIN: BLUE, Split.VALIDATION: AMBER, Split.TEST: RED}
BY = ("label", "suggestion", "confidence", "status", "split", "run:ID", "error:ID", "run_confidence:ID")


@dataclass(frozen=True)
class Colours:
    """entries: {"name", "color", "count", "is_none"} of each code; `is_none`: behind the others, for it says nothing.

    codes: (n,), in the order of the points; GONE for what is not drawn. is_scale: the entries but for those that say
    nothing are steps from little to much.
    """

    entries: list[dict[str, Any]]
    codes: Codes
    is_scale: bool = False


def of(session: Session, project: Project, places: Map, by: str) -> Colours:
    """Raises Invalid for what there is not, or may not be seen, and NotFound for a run that is not the project's."""
    what, _, number = by.partition(":")
    of_project: Mapping[str, Callable[[Session, Project, Ids], Colours]] = {
        "label": _by_label,
        "suggestion": _by_suggestion,
        "confidence": _by_confidence,
        "status": _by_status,
        "split": _by_split,
    }
    of_run: Mapping[str, Callable[[Session, Project, Ids, Run], Colours]] = {
        "run": _by_run,
        "error": _by_error,
        "run_confidence": _by_run_confidence,
    }
    if by in of_project:
        found = of_project[by](session, project, places.item_ids)
    elif what in of_run and number.isdecimal() and len(number) < 19:
        found = of_run[what](session, project, places.item_ids, _run(session, project, int(number)))
    else:
        raise errors.Invalid(f'A map is not coloured by "{by}".', f"Choose one of {', '.join(BY)}.")
    codes = found.codes
    codes[_gone(session, project, places)] = GONE
    counts = np.bincount(codes[codes != GONE], minlength=len(found.entries)).tolist()
    entries = [each | {"count": count} for each, count in zip(found.entries, counts, strict=True)]
    return replace(found, entries=entries)


def _run(session: Session, project: Project, run_id: int) -> Run:
    run = runs.get(session, run_id)
    if run.project_id != project.id:
        raise errors.NotFound(f"There is no run {run_id} in this project.", "The Compare page lists its runs.")
    return run


def _gone(session: Session, project: Project, places: Map) -> NDArray[np.bool_]:
    """(n,): whether the item is in the bin, or was emptied out of it."""
    ids = places.item_ids
    is_gone = np.zeros(len(ids), bool)
    binned = maps.by_status(session, project.id, [Status.DELETED])
    for some in binned.values():
        is_gone[_rows(ids, some)] = True
    since = maps.added_since(session, project.id, places.header["newest_id"], with_bin=True)
    if maps.rows_of(session, project.id) - since == places.header["rows"]:
        return is_gone
    is_there = np.zeros(len(ids), bool)
    for some in maps.by_status(session, project.id, PRESENT).values():
        is_there[_rows(ids, some)] = True
    return ~is_there


def _by_label(session: Session, project: Project, ids: Ids) -> Colours:
    classes = projects.classes(session, project.id, with_archived=True)
    labels = maps.by_class(session, [each.id for each in classes])
    shown = [each for each in classes if not each.archived or each.id in labels]
    entries = [_of_class(each) for each in shown]
    if project.multi_label:
        entries.append(_entry("Several classes", DARK_GREY))
    codes = np.full(len(ids), len(entries), np.uint16)
    count = np.zeros(len(ids), np.uint16)
    for code, each in enumerate(shown):
        rows = _rows(ids, labels.get(each.id, _nobody()))
        codes[rows] = code
        count[rows] += 1
    if project.multi_label:
        codes[count > 1] = len(shown)
    return Colours([*entries, _none("No label")], codes)


def _by_suggestion(session: Session, project: Project, ids: Ids) -> Colours:
    classes = projects.classes(session, project.id, with_archived=True)
    guesses = _guesses(session, project)
    return _of_classes(ids, guesses, {each.id: _of_class(each) for each in classes}, "No suggestion")


def _by_confidence(session: Session, project: Project, ids: Ids) -> Colours:
    return _of_confidence(ids, _guesses(session, project), "No suggestion")


def _guesses(session: Session, project: Project) -> dict[int, tuple[Ids, Ids]]:
    items.refuse_hidden(project)
    used = items.shown_set(session, project)
    return maps.by_suggestion(session, used.id) if used else {}


def _by_status(session: Session, project: Project, ids: Ids) -> Colours:
    statuses = list(STATUSES)
    # To do may be a million: that is what the others are not.
    found = maps.by_status(session, project.id, [each for each in statuses if each != Status.TODO])
    words = {Status.LABELED: "Labeled", Status.SKIPPED: "Skipped", Status.FLAGGED: "Flagged"}
    known = {each: (words[each], STATUSES[each]) for each in words}
    return _of_groups(ids, found, known, "To do")


def _by_split(session: Session, project: Project, ids: Ids) -> Colours:
    known = {each: (str(each).capitalize(), color) for each, color in SPLITS.items()}
    return _of_groups(ids, maps.by_split(session, project.id), known, "In no split yet")


def _by_run(session: Session, project: Project, ids: Ids, run: Run) -> Colours:
    snapshot = runs.snapshot_of(session, run)
    known = {each["id"]: _entry(each["name"], each["color"]) for each in (snapshot.classes if snapshot else [])}
    # As they are called today, where they still are.
    today = {each.id: _of_class(each) for each in projects.classes(session, project.id, with_archived=True)}
    known = {class_id: today.get(class_id, entry) for class_id, entry in known.items()}
    return _of_classes(ids, maps.by_prediction(session, run.id), known, "Not asked")


def _by_error(session: Session, project: Project, ids: Ids, run: Run) -> Colours:
    """By the labels that the run was judged by, on its validation and its test items."""
    snapshot = runs.snapshot_of(session, run)
    told = answers.told(session, run, [each["id"] for each in snapshot.classes] if snapshot else [])
    others = comparison.answers(session, run.id, Split.VALIDATION)
    table = answers.alone(project, replace(told, answers={**others, **told.answers}))
    is_right = table.is_right(0)
    found = {"right": table.item_ids[is_right], "wrong": table.item_ids[~is_right]}
    return _of_groups(ids, found, {"right": ("Right", BLUE), "wrong": ("Wrong", RED)}, "Not asked")


def _by_run_confidence(session: Session, _project: Project, ids: Ids, run: Run) -> Colours:
    return _of_confidence(ids, maps.by_prediction(session, run.id), "Not asked")


def _of_classes(
    ids: Ids, said: Mapping[int, tuple[Ids, Ids]], known: Mapping[int, dict[str, Any]], none: str
) -> Colours:
    shown = [class_id for class_id in known if class_id in said]
    codes = np.full(len(ids), len(shown), np.uint16)
    for code, class_id in enumerate(shown):
        codes[_rows(ids, said[class_id][0])] = code
    return Colours([*(known[class_id] for class_id in shown), _none(none)], codes)


def _of_confidence(ids: Ids, said: Mapping[int, tuple[Ids, Ids]], none: str) -> Colours:
    codes = np.full(len(ids), STEPS, np.uint16)
    for item_ids, thousandths in said.values():
        rows, is_there = _found(ids, item_ids)
        codes[rows] = np.clip(thousandths[is_there] * STEPS // maps.FINE, 0, STEPS - 1)
    step = 100 // STEPS
    names = [f"{step * place} to {step * (place + 1)} %" for place in range(STEPS)]
    entries = [_entry(name, _scaled(place / (STEPS - 1))) for place, name in enumerate(names)]
    return Colours([*entries, _none(none)], codes, is_scale=True)


def _of_groups(ids: Ids, found: Mapping[Any, Ids], known: Mapping[Any, tuple[str, str]], none: str) -> Colours:
    codes = np.full(len(ids), len(known), np.uint16)
    for code, each in enumerate(known):
        codes[_rows(ids, found.get(each, _nobody()))] = code
    return Colours([*(_entry(name, color) for name, color in known.values()), _none(none)], codes)


def _rows(ids: Ids, wanted: Ids) -> Ids:
    """Where these are among the sorted ids; what is not among them is passed over."""
    return _found(ids, wanted)[0]


def _found(ids: Ids, wanted: Ids) -> tuple[Ids, NDArray[np.bool_]]:
    """The rows of those that are there, and which of the wanted ones these are."""
    if not len(ids):
        return _nobody(), np.zeros(len(wanted), bool)
    rows = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    is_there = ids[rows] == wanted
    return rows[is_there], is_there


def _nobody() -> Ids:
    return np.zeros(0, np.int64)


def _of_class(label_class: LabelClass) -> dict[str, Any]:
    return _entry(label_class.name, label_class.color)


def _entry(name: str, color: str) -> dict[str, Any]:
    return {"name": name, "color": color, "is_none": False}


def _none(name: str) -> dict[str, Any]:
    return _entry(name, looks.GREY) | {"is_none": True}


def _scaled(share: float) -> str:
    """The colour at this share of the scale, between 0 and 1."""
    place = share * (len(SCALE) - 1)
    low = min(int(place), len(SCALE) - 2)
    mixed = [round(one + (place - low) * (other - one)) for one, other in zip(SCALE[low], SCALE[low + 1], strict=True)]
    return "#" + "".join(f"{each:02x}" for each in mixed)


def names(found: Colours) -> list[str]:
    """The name of each point's entry; "" of what is not drawn."""
    known = [each["name"] for each in found.entries]
    return [known[code] if code != GONE else "" for code in found.codes.tolist()]


def runs_to_choose(session: Session, project: Project, most: int = 50) -> Sequence[dict[str, Any]]:
    """The newest finished runs, to colour by: {"id", "name"}."""
    listed: Iterable[Any] = comparison.listed(session, project.id, most)
    return [{"id": each.id, "name": each.name or f"Run {each.id}"} for each in listed if each.accuracy is not None]
