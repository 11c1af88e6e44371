"""Use a run: scores for texts or images that a person gives, or for items (`backend.suggesting.of_run`).

For the assistant, which keeps the last models warm, and for workers.
"""

import base64
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend import errors, projects, thumbs
from backend.encoding import descriptor
from backend.evaluating import metrics
from backend.models import load
from backend.training import artifact, building, head, runs, text
from backend.training.linear import Floats, as_probabilities
from backend.training.prepared import by_row
from db.models import Kind
from db.session import reading

# What is behind a name for an image, as `thumbs.rgb` opens bytes and files.
Opens = Callable[..., Any]

KEPT = 3
BATCH = 32
# Tokenizers keep their padding as state, and two passes at once only share the cores.
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Ready:
    """A model in evaluation mode, and what prepares its input. long_texts: what it reads of a text that is too long."""

    model: Any
    prepares: Any
    names: list[str]
    multi_label: bool
    device: str
    long_texts: str = "start"


def predict(run_id: int, texts: Sequence[str] | None = None, images: Sequence[str] | None = None) -> dict[str, Any]:
    """{"predictions": [{"class_name", "class_names", "confidence", "scores"}]} in the order of the input.

    class_name is the class with the highest score, the confidence; class_names are those that the run answers, the
    surest first: that one, or where an item may have several those whose score reaches their threshold. Images come as
    base64.
    Raises Conflict or NotFound when the run has no model, Invalid for input of the other kind, BadFile.
    """
    with reading() as session:
        run = runs.get(session, run_id)
        project = projects.get(session, run.project_id)
        kind = project.kind
    folder = artifact.model_folder(run)
    if kind == Kind.TEXT and images:
        raise errors.Invalid(f"{run.name} reads texts, not images.", 'Send {"texts": […]}.')
    if kind == Kind.IMAGE and texts:
        raise errors.Invalid(f"{run.name} looks at images, not texts.", "Send the images as files.")
    given = texts if kind == Kind.TEXT else [base64.b64decode(each) for each in images or ()]
    if not given:
        return {"predictions": []}
    scores, names = scored(folder, kind, given)
    given_classes = metrics.answers(scores, project.multi_label, artifact.thresholds_of(folder))
    return {"predictions": [as_json(*row, names) for row in zip(scores, given_classes, strict=True)]}


def as_json(scores: Floats, is_answered: NDArray[np.bool_], names: Sequence[str]) -> dict[str, Any]:
    best = int(scores.argmax())
    return {
        "class_name": names[best],
        "class_names": [names[place] for place in np.argsort(-scores, kind="stable") if is_answered[place]],
        "confidence": round(float(scores[best]), 6),
        "scores": {name: round(float(score), 6) for name, score in zip(names, scores, strict=True)},
    }


def scored(folder: Path, kind: str, given: Sequence[Any], opens: Opens = thumbs.rgb) -> tuple[Floats, list[str]]:
    """(n, k) scores of texts, or of images as `opens` takes them, and the names of the k classes. Raises BadFile."""
    with _one_at_a_time:
        if (folder / artifact.HEAD_FILE).exists():
            linear, names = head.load_head(folder)
            seen = [descriptor.describe(opens(each, draft=descriptor.SIDE)) for each in given]
            return linear.scores(np.stack(seen)), names
        ready = loaded(folder, kind, folder.stat().st_mtime_ns)
        logits = of_texts(ready, given) if kind == Kind.TEXT else of_images(ready, given, opens)
        return as_probabilities(logits.astype(np.float64), multi_label=ready.multi_label), ready.names


@lru_cache(maxsize=KEPT)
def loaded(folder: Path, kind: str, _stamp: int) -> Ready:
    """`_stamp` tells a resumed run's new model from its old one."""
    import transformers

    load.quiet(transformers)
    local: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    with building.in_words(folder):
        if kind == Kind.TEXT:
            makes, prepares = transformers.AutoModelForSequenceClassification, transformers.AutoTokenizer
        else:
            makes, prepares = transformers.AutoModelForImageClassification, transformers.AutoImageProcessor
            local["backend"] = "torchvision"
        ready = prepares.from_pretrained(folder, **local)
        local.pop("backend", None)
        model = makes.from_pretrained(folder, use_safetensors=True, dtype="float32", **local)
    device = load.device()
    names = [model.config.id2label[position] for position in range(model.config.num_labels)]
    is_multi = model.config.problem_type == "multi_label_classification"
    long_texts = getattr(model.config, "winnow_long_texts", "start")
    return Ready(model.eval().to(device), ready, names, is_multi, device, long_texts)


def of_texts(ready: Ready, texts: Sequence[str]) -> Floats:
    """(n, k) logits. Texts of one length share a batch, so that little of it is padding."""
    read = text.Windows(text.all_ids(ready.prepares, texts, ready.prepares.model_max_length, ready.long_texts))
    ids = read.ids
    order = np.argsort([-len(each) for each in ids], kind="stable")
    batches = (text.pad(ready.prepares, [ids[row] for row in order[at : at + BATCH]]) for at in steps(ids))
    logits = logits_of(ready, batches)
    found = np.empty_like(logits)
    found[order] = logits
    return by_row(read, found)


def of_images(ready: Ready, images: Sequence[Any], opens: Opens = thumbs.rgb) -> Floats:
    """(n, k) logits. No more than a batch of images is open at a time."""
    return logits_of(ready, prepared(ready, images, opens))


def prepared(ready: Ready, images: Sequence[Any], opens: Opens) -> Iterator[dict[str, Any]]:
    for at in steps(images):
        opened = [opens(each) for each in images[at : at + BATCH]]
        yield dict(ready.prepares(images=opened, return_tensors="pt"))


def steps(given: Sequence[Any]) -> range:
    return range(0, len(given), BATCH)


def logits_of(ready: Ready, batches: Iterable[dict[str, Any]]) -> Floats:
    import torch

    found = []
    with torch.inference_mode():
        for inputs in batches:
            there = {name: value.to(ready.device) for name, value in inputs.items()}
            found.append(ready.model(**there).logits.float().cpu().numpy())
    return np.concatenate(found)
