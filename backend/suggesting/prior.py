"""What a zero-shot model says before any label: the starting point of the learned head."""

from collections.abc import Callable, Sequence

import numpy as np

from backend.encoding.vectors import Vectors
from backend.models import catalogue
from backend.suggesting import clip, prompts, shape, zero_shot
from backend.suggesting.protocol import Content, Scores
from db import samples
from db import suggestions as rows
from db.models import LabelClass, Project
from db.session import reading

# (item ids, their vectors) -> (n, k) probabilities.
Prior = Callable[[Sequence[int], Vectors], Scores]


def of(project: Project, classes: Sequence[LabelClass], encoder_id: str) -> Prior | None:
    """From the newest zero-shot suggestions when another model than the encoder made them, else from the vectors.

    None for images without a model that knows words.
    """
    with reading() as session:
        made = rows.newest(session, project.id, "zero_shot")
        if made and made.model != encoder_id and made.class_ids == [each.id for each in classes]:
            return _stored(rows.scores(session, made.id), len(classes), multi_label=project.multi_label)
    how = catalogue.find(encoder_id).how
    if not how:
        return None
    templates = made.prompts["templates"] if made and made.model == encoder_id else prompts.templates_of(project, how)
    written = zero_shot.class_vectors(encoder_id, prompts.of(classes, templates, how))
    judge = of_vectors(encoder_id, written, multi_label=project.multi_label)
    return lambda _item_ids, vectors: judge(vectors)


def of_vectors(
    model_id: str, classes: Vectors, *, multi_label: bool, seen: Vectors | None = None
) -> Callable[[Vectors], Scores]:
    """(n, d) -> (n, k) probabilities, by the model's own kind of zero-shot. classes: (k, d).

    seen: (m, d), some of the items at random, on which an embedding model's classes settle; CLIP's stay as they are.
    """
    if catalogue.find(model_id).how == "clip":
        return lambda vectors: clip.scores(model_id, vectors, classes, multi_label=multi_label)
    return zero_shot.of_vectors(classes, multi_label=multi_label, seen=seen)


def settled(before: Prior, item_ids: Sequence[int], seen: Vectors) -> Prior:
    """The prior after the classes settled on a sample of the project's items; see `shape`. For one class an item.

    item_ids: of the sample. seen: (m, d), their vectors.
    """
    found = shape.fit(seen, before(item_ids, seen))
    if found is None:
        return before

    def scores(item_ids: Sequence[int], vectors: Vectors) -> Scores:
        return shape.scores(found, vectors, before(item_ids, vectors))

    return scores


def sample(project_id: int) -> list[Content]:
    """The items that classes settle on, the same ones while people label."""
    with reading() as session:
        return [(item.content_hash, item.text) for item in samples.contents(session, project_id, shape.SAMPLE)]


def _stored(packed: dict[int, bytes], count: int, *, multi_label: bool) -> Prior:
    even = np.full(count, 0.5 if multi_label else 1 / count, np.float32).tobytes()

    def stored(item_ids: Sequence[int], _vectors: Vectors) -> Scores:
        joined = b"".join(packed.get(item_id, even) for item_id in item_ids)
        return np.frombuffer(joined, np.float32).reshape(-1, count)

    return stored
