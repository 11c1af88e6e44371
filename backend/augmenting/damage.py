"""The assistant's answer to "which of these samples may have lost their class, and which step does it?"

The samples are those of the preview and of training. Their vectors are held against those of labeled items, by what
`judge` says. Steps that mix items of a batch are left out: they change the label as well.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from backend import errors, projects
from backend.augmenting import catalogue, judge, known, looks
from backend.jobs import turns
from backend.models import catalogue as models
from db import items, labels
from db import projects as project_rows
from db.models import Item, Status
from db.session import reading

log = logging.getLogger("winnow.damage")
Steps = Sequence[dict[str, Any]]
# Samples of each item by which a step alone is judged.
ALONE = 2
# An encoder that is slow here judges fewer steps alone.
LONGEST_S = 20.0


@dataclass(frozen=True)
class Asked:
    """The items by id, how they are looked at, and what they are held against: held, without what cannot be read.

    own: their classes, as `judge.item` takes them.
    """

    found: dict[int, Item]
    way: looks.Way
    turn: turns.Turn
    known: judge.Known
    held: dict[int, judge.Item]
    own: dict[int, list[int] | None]


def damage(
    project_id: int,
    item_ids: Sequence[int],
    steps: Steps,
    *,
    samples: int,
    seed: int,
    base: str,
    size: int,
    epoch: int = 0,
    long_texts: str = "start",
) -> dict[str, Any]:
    """{"cells", "transforms", "encoder", "note"}.

    cells: a row for each item of {"drift", "is_far", "was", "becomes"} for each sample, None where nothing can be
    said. drift: how far the sample's vector is from the original's, as a part of the distance from there to the
    nearest labeled item of another class. was, becomes: what the learned head took it for, and takes it for now, where
    that is another class.
    transforms: for each step, alone and with probability 1, {"place", "title", "share", "far", "flips", "n"}: of n
    samples the share that are far or flip; n is 0 for what was not judged. encoder: whose vectors, in words.
    note: why something could not be judged, or None.
    Raises Invalid, ModelNotHere, and Conflict when the project has a newer question.
    """
    turn = turns.begin(f"damage {project_id}")
    started = time.monotonic()
    with reading() as session:
        project = projects.get(session, project_id)
        classes = list(project_rows.classes(session, project_id))
        encoder_id = known.encoder_of(session, project)
        labeled = known.chosen(session, project, classes)
        found = {item.id: item for item in items.by_ids(session, item_ids) if item.project_id == project_id}
        own = labels.class_ids_of(session, list(found))
    there = known.with_vectors(project, classes, labeled, encoder_id)
    answer = {"encoder": models.find(encoder_id).title}
    if note := too_few(there):
        unknown = [[None] * samples for _ in item_ids]
        return answer | {"cells": unknown, "transforms": summed_up(steps, {}), "note": note}
    there = replace(there, heads=judge.learned(there, turn.check))
    way = replace(looks.way(project.kind, base, size, seed, encoder_id), long_texts=long_texts)
    asked = Asked(found, way, turn, there, {}, {})
    hold(asked, [each.id for each in classes], own)
    cells = [judged(asked, item_id, of_items(steps), range(epoch, epoch + samples)) for item_id in item_ids]
    alone = each_alone(asked, steps, epoch, started + LONGEST_S)
    log.info("project %s: %.2f s for %d items", project_id, time.monotonic() - started, len(found))
    told = {"cells": cells, "transforms": summed_up(steps, alone), "note": " ".join(unjudged(asked, steps)) or None}
    return answer | told


def too_few(there: judge.Known) -> str | None:
    """Why nothing at all can be said."""
    if there.classes == 0:
        return "There are no labels yet: label some items of each class, and samples that lose theirs are marked."
    if there.classes == 1 and not there.multi_label:
        return "Only one class has labels: label some items of another, and samples that lose their class are marked."
    return None


def hold(asked: Asked, class_ids: Sequence[int], labeled: Mapping[int, Sequence[int]]) -> None:
    """Fill `held`. labeled: item id -> class ids."""
    for item in asked.found.values():
        asked.turn.check()
        own = None
        if item.status == Status.LABELED:
            own = [place for place, each in enumerate(class_ids) if each in labeled.get(item.id, ())]
        try:
            vector = looks.original(asked.way, (item.content_hash, item.text))
        except errors.BadFile as error:
            log.warning("item %s is not judged: %s", item.id, error.message)
            continue
        asked.held[item.id], asked.own[item.id] = judge.item(asked.known, item.content_hash, vector, own), own


def of_items(steps: Steps) -> Steps:
    return [step for step in steps if not catalogue.find(step["transform"]).is_on_batch]


def judged(asked: Asked, item_id: int, steps: Steps, epochs: range) -> list[dict[str, Any] | None]:
    asked.turn.check()
    if item_id not in asked.held:
        return [None] * len(epochs)
    item = asked.found[item_id]
    content = (item.content_hash, item.text)
    samples = looks.samples(asked.way, content, steps, epochs)
    if asked.way.long_texts != "windows":
        return judge.cells(asked.known, asked.held[item_id], samples)
    found: list[dict[str, Any] | None] = []
    for epoch, sample in zip(epochs, samples, strict=True):
        # Another window is another text: only the same one, unvaried, tells what the recipe did.
        unvaried = looks.original(asked.way, content, epoch)
        held = judge.item(asked.known, item.content_hash, unvaried, asked.own[item_id])
        found += judge.cells(asked.known, held, sample[None])
    return found


def each_alone(asked: Asked, steps: Steps, epoch: int, until: float) -> dict[int, list[dict[str, Any]]]:
    """Place of a step -> what is said of its samples. All steps are judged by one item before the next item."""
    found: dict[int, list[dict[str, Any]]] = {}
    for item_id in asked.held:
        for place, step in enumerate(steps):
            if of_items([step]) and time.monotonic() < until:
                cells = judged(asked, item_id, [step | {"probability": 1.0}], range(epoch, epoch + ALONE))
                found.setdefault(place, []).extend(cell for cell in cells if cell)
    return found


def summed_up(steps: Steps, alone: dict[int, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    told = []
    for place, step in enumerate(steps):
        cells = alone.get(place, [])
        far, flips = sum(cell["is_far"] for cell in cells), sum(cell["was"] is not None for cell in cells)
        lost = sum(cell["is_far"] or cell["was"] is not None for cell in cells)
        share = round(lost / len(cells), 3) if cells else 0.0
        title = catalogue.find(step["transform"]).title
        told.append({"place": place, "title": title, "share": share, "far": far, "flips": flips, "n": len(cells)})
    return told


def unjudged(asked: Asked, steps: Steps) -> list[str]:
    """What the marks leave out, in sentences."""
    notes, names = [], asked.known.names
    if lost := len(asked.found) - len(asked.held):
        notes.append(f"{lost} of the {len(asked.found)} items cannot be read.")
    if without := sorted(names[place] for place in np.flatnonzero(~asked.known.targets.any(0)).tolist()):
        more = f" and {len(without) - 3} more" if len(without) > 3 else ""
        notes.append(f"Not judged against {', '.join(without[:3])}{more}: no labeled item has a vector.")
    if not any(asked.known.heads):
        notes.append("Too few labels for a learned head: samples are judged by their distance alone.")
    if titles := [catalogue.find(step["transform"]).title for step in steps if not of_items([step])]:
        notes.append(f"Not judged: {' and '.join(titles)}, which mix the labels as well.")
    return notes
