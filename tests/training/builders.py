"""Projects with labels, drawn images and written texts, and runs in real worker processes."""

import hashlib
import io
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from PIL import Image

from backend import blobs, projects
from backend.jobs import control
from backend.jobs.supervisor import ROOT, Supervisor
from backend.models import catalogue
from backend.training import runs
from db import comparison
from db.models import Item, Job, JobState, Label, Project, Run, Status
from db.session import Session, reading, writing
from tests.waiting import until

WORDS = {
    "bird": ("The heron waits", "A wren sings", "Two gulls circle", "An owl calls", "The swift returns"),
    "food": ("The soup simmers", "Fresh bread cools", "We fried onions", "The cake rises", "Salt the pasta"),
    "money": ("The bank lends", "Taxes are due", "Shares fell", "Send the invoice", "Rents went up"),
}
PLACES = ("by the river", "this morning", "near the old mill", "again today", "while it rains quietly", "before noon")
COLORS = {"round": (200, 60, 60), "square": (60, 60, 200)}


def a_project(session: Session, names: Sequence[str], kind: str = "text", *, multi_label: bool = False) -> Project:
    project = projects.create(session, f"Project {uuid4()}", kind, multi_label=multi_label, class_names=names)
    session.refresh(project)
    return project


def a_labeled_item(session: Session, project: Project, content: str | bytes, *names: str) -> Item:
    text = content if isinstance(content, str) else None
    data = content.encode() if isinstance(content, str) else content
    content_hash = hashlib.sha256(data).digest() if text is not None else blobs.put(data)
    side = None if text is not None else 32
    item = Item(
        project_id=project.id, content_hash=content_hash, text=text, width=side, height=side, status=Status.LABELED
    )
    session.add(item)
    session.flush()
    for each in project.classes:
        if each.name in names:
            session.add(Label(item_id=item.id, class_id=each.id))
    session.flush()
    return item


def texts_about_three_things(count_each: int = 20) -> list[tuple[str, str]]:
    return [
        (f"{WORDS[name][n % 5]} {PLACES[n % 6]}, they said {n}.", name) for name in WORDS for n in range(count_each)
    ]


def a_text_project(count_each: int = 20) -> Project:
    with writing() as session:
        project = a_project(session, list(WORDS))
        for text, name in texts_about_three_things(count_each):
            a_labeled_item(session, project, text, name)
        return project


def drawn(name: str, seed: int) -> bytes:
    """A PNG of 32 x 32: a disc or a square, somewhere, on noise."""
    random = np.random.default_rng(seed)
    pixels = random.integers(90, 160, (32, 32, 3)).astype(np.uint8)
    (y, x), radius = random.integers(10, 22, 2), 8
    down, across = np.abs(np.mgrid[:32, :32] - np.array([y, x])[:, None, None])
    inside = down**2 + across**2 < radius**2 if name == "round" else np.maximum(down, across) < radius
    pixels[inside] = COLORS[name]
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def an_image_project(count_each: int = 20) -> Project:
    with writing() as session:
        project = a_project(session, list(COLORS), "image")
        for number, name in enumerate(COLORS):
            for seed in range(count_each):
                a_labeled_item(session, project, drawn(name, 1000 * number + seed), name)
        return project


def a_tiny_bert(folder: Path) -> str:
    """A base of two small layers that has learned nothing, with MiniLM's words: for runs that must be quick."""
    import transformers

    config = transformers.BertConfig(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64, max_position_embeddings=64
    )
    transformers.set_seed(0)
    transformers.BertModel(config).save_pretrained(folder)
    transformers.AutoTokenizer.from_pretrained(catalogue.folder_of(catalogue.MINILM)).save_pretrained(folder)
    return f"path:{folder}"


def a_tiny_vit(folder: Path) -> str:
    """A vision transformer of two small layers for pictures of 32 pixels, which has learned nothing."""
    import transformers

    transformers.set_seed(0)
    config = transformers.ViTConfig(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64, image_size=32, patch_size=8
    )
    transformers.ViTModel(config).save_pretrained(folder)
    transformers.ViTImageProcessor(size={"height": 32, "width": 32}).save_pretrained(folder)
    return f"path:{folder}"


def a_tiny_mobilenet(folder: Path) -> str:
    """Convolutions only, with the batch normalisation that transformers gives this architecture."""
    import transformers

    config = transformers.MobileNetV2Config(depth_multiplier=0.1, image_size=32, finegrained_output=False)
    transformers.MobileNetV2ForImageClassification(config).save_pretrained(folder)
    transformers.MobileNetV2ImageProcessor().save_pretrained(folder)
    return f"path:{folder}"


def a_run(project: Project, **spec: Any) -> Run:
    """Without cross-validation, which trains several times, unless that is asked for."""
    with writing() as session:
        return runs.start(session, projects.get(session, project.id), {"folds": 0} | spec)


def worker_of(run: Run) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "backend.jobs.worker", str(run.job_id)], cwd=ROOT)


def trained(project: Project, **spec: Any) -> Run:
    """The run after its worker process has ended. Fails unless it is done."""
    run = a_run(project, **spec)
    assert worker_of(run).wait(timeout=300) == 0
    job = job_of(run)
    assert job.state == JobState.DONE, job.error
    return again(run)


def again(run: Run) -> Run:
    with reading() as session:
        return runs.get(session, run.id)


def job_of(run: Run) -> Job:
    with reading() as session:
        return control.get(session, run.job_id or 0)


def curves_of(run: Run) -> dict[str, list[dict[str, Any]]]:
    with reading() as session:
        return comparison.points(session, [run.id])[run.id]


def steps_done(run: Run) -> int:
    return len(curves_of(run).get("train/loss", []))


def killed_after(run: Run, steps: int) -> None:
    """Start the run, kill its process with SIGKILL once so many steps are in the database, and let it be noticed."""
    worker = worker_of(run)
    until(lambda: steps_done(run) >= steps, timeout_s=240)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    Supervisor().tick()


def resumed(run: Run) -> Run:
    with writing() as session:
        control.resume(session, run.job_id or 0)
    assert worker_of(run).wait(timeout=300) == 0
    return again(run)
