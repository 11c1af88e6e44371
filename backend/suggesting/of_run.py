"""A finished run as a suggester: its scores on items, for the classes that the project has now.

The model of such a set is called "run:12". A class that was made after the run scores 0. What the run thinks of a class
that was merged counts for the one that it went to. What it thinks of one that is archived or deleted is left out, and
where an item has one class the rest then sums to 1 again.

Where an item may have several classes, a suggestion counts from 0.5 on, whoever made it: the scores of a run are moved,
in log-odds, so that its own threshold of each class comes to lie there.

The app only asks whether a run can suggest; what loads its model is imported when a worker needs it.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from backend import blobs, errors, projects, thumbs
from backend.models import catalogue, folders
from backend.suggesting import naming
from backend.suggesting.protocol import Content, Score, Scores
from backend.training import artifact, runs
from db import jobs, labels
from db.models import JobState, Kind, LabelClass, Project, Run
from db.session import Session, reading

PREFIX = naming.RUN


def run_id_of(model_id: str) -> int:
    """ "run:12" -> 12. Raises Invalid for anything else."""
    number = model_id.removeprefix(PREFIX)
    if not (model_id.startswith(PREFIX) and number.isdecimal() and len(number) < 19):
        raise errors.Invalid(f'"{model_id}" does not name a run.', "Write run: and its number, such as run:12.")
    return int(number)


def checked(session: Session, project: Project, run_id: int, classes: Sequence[LabelClass]) -> Run:
    """The run, if it can suggest for the project. Raises NotFound, or Conflict while it is at work or has no model."""
    run = runs.get(session, run_id)
    if run.project_id != project.id:
        raise errors.NotFound(f'There is no run {run_id} in "{project.name}".', "The Train page lists its runs.")
    if JobState(run.state) in jobs.ACTIVE:
        raise errors.Conflict(f"The run {run.name} is at work.", "Wait for it to end.")
    artifact.model_folder(run)
    places(session, run, classes)
    return run


def suggester(run_id: int, classes: Sequence[LabelClass]) -> Score:
    """Scores items as `predict` scores what a person gives, in the order of `classes`.

    Raises NotFound when the run or its model is gone, Conflict when it knows none of the classes, BadFile when the
    model cannot be read.
    """
    from backend.encoding import encode
    from backend.training import head, predict

    with reading() as session:
        run = runs.get(session, run_id)
        project = projects.get(session, run.project_id)
        to = places(session, run, classes)
    folder = artifact.model_folder(run)
    thresholds = artifact.thresholds_of(folder) if project.multi_label else None

    def score(contents: Sequence[Content]) -> Scores:
        if not contents:
            return np.zeros((0, len(classes)), np.float32)
        if (folder / artifact.HEAD_FILE).exists():
            # On Winnow's own descriptor, whose vectors are cached.
            found = head.load_head(folder)[0].scores(encode.ensure(catalogue.DESCRIPTOR, contents))
        else:
            found, _ = predict.scored(folder, project.kind, given(project.kind, contents), opened)
        if thresholds is not None:
            found = centred(found, np.array(thresholds))
        return arranged(found, to, len(classes), multi_label=project.multi_label)

    return score


def revision(run_id: int) -> str:
    """A fingerprint of the model that the run left: a run that was resumed has another."""
    with reading() as session:
        run = runs.get(session, run_id)
    return folders.fingerprint(artifact.model_folder(run))


def known_classes(session: Session, run: Run) -> Sequence[Mapping[str, Any]]:
    """{"id", "name"} of the classes that the run learned, in the order of its scores."""
    snapshot = runs.snapshot_of(session, run)
    if snapshot is None:
        raise errors.Conflict(f"The run {run.name} has not learned from anything yet.", "Choose a finished run.")
    return snapshot.classes


def places(session: Session, run: Run, classes: Sequence[LabelClass]) -> NDArray[np.int64]:
    """For each score of the run the position among the project's classes, -1 where that class is none of them.

    By id, for a class may be renamed or merged, else by name: it may have been deleted and made again. Raises Conflict.
    """
    learned = known_classes(session, run)
    today = labels.classes_now(session, run.project_id)
    by_id = {each.id: place for place, each in enumerate(classes)}
    # One that the run learned itself is not taken for another that had its name then.
    own = {each["id"] for each in learned}
    by_name = {each.name: place for place, each in enumerate(classes) if each.id not in own}

    def place(class_id: int, name: str) -> int:
        into = next(iter(today.now([class_id])), None)
        return by_id.get(class_id, by_id.get(into or 0, by_name.get(name, -1)))

    found = np.array([place(each["id"], each["name"]) for each in learned], np.int64)
    if not (found >= 0).any():
        raise errors.Conflict(
            f"The run {run.name} learned none of the classes that the project has now.", "Train a new run."
        )
    return found


def given(kind: str, contents: Sequence[Content]) -> list[Any]:
    """As `predict` wants them: texts, or the files of images."""
    if kind == Kind.TEXT:
        return [text or "" for _, text in contents]
    return [blobs.path_of(content_hash) for content_hash, _ in contents]


def opened(path: Path, **how: Any) -> Image.Image:
    """One that can no longer be read is grey: the others shall not wait for it."""
    try:
        return thumbs.rgb(path, **how)
    except errors.BadFile:
        return Image.new("RGB", (8, 8), "grey")


def centred(scores: NDArray[Any], thresholds: NDArray[np.float64]) -> NDArray[np.float64]:
    """The scores (n, k) with 0.5 where the thresholds (k,) were; 0 and 1 stay, and so does the order of a class."""
    yes, no = scores * (1 - thresholds), (1 - scores) * thresholds
    return np.asarray(yes / np.maximum(yes + no, 1e-12), np.float64)


def arranged(scores: NDArray[Any], to: NDArray[np.int64], k: int, *, multi_label: bool) -> Scores:
    """The run's scores (n, learned) as (n, k) in the order of the project's classes; `to` (learned,) as of `places`.

    Of several that went to one class the sum, for an item has one of them; where it may have several, the highest.
    """
    found = np.zeros((len(scores), k))
    for column, place in enumerate(to):
        if place >= 0:
            both = found[:, place], scores[:, column]
            found[:, place] = np.maximum(*both) if multi_label else np.add(*both)
    if not multi_label:
        total = found.sum(axis=1, keepdims=True)
        # All of its belief may lie on what is left out: then it knows nothing, of any of these classes.
        even = np.isin(np.arange(k), to) / len(set(to[to >= 0].tolist()))
        found = np.where(total > 1e-9, found / np.maximum(total, 1e-9), even)
    return np.asarray(found, np.float32)
