"""Projects with items and labels, and jobs run to their end in this process."""

import hashlib
import io
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from PIL import Image, ImageDraw

from backend import blobs, class_changes, classes, projects, suggesting
from backend.jobs.progress import Handle
from backend.labeling import labels
from backend.suggesting import job as suggest_job
from db import jobs
from db.models import Item, Job, JobState, Project, Suggestion, SuggestionSet
from db.session import reading, writing

NEWS = {
    "sport": ["the striker scored twice in the final", "she won the tennis match", "the coach praised his team",
              "a marathon record was broken in Berlin", "the goalkeeper saved a penalty", "the league begins"],
    "money": ["the bank raised interest rates", "shares fell on the stock market", "the company reported a profit",
              "inflation slowed down in May", "investors bought government bonds", "the merger was approved"],
    "space": ["the rocket reached orbit", "a new telescope saw distant galaxies", "astronauts repaired the station",
              "the probe landed on Mars", "scientists found an exoplanet", "the moon mission was delayed"],
}  # fmt: skip


def a_text_project(texts: Sequence[str], *names: str, multi_label: bool = False) -> Project:
    with writing() as session:
        names = names or tuple(NEWS)
        title = f"News {uuid4()}"
        project = projects.create(session, title, "text", multi_label=multi_label, class_names=names)
        for text in texts:
            session.add(Item(project_id=project.id, content_hash=hashlib.sha256(text.encode()).digest(), text=text))
        return project


def a_news_project(*, multi_label: bool = False) -> Project:
    return a_text_project([text for texts in NEWS.values() for text in texts], multi_label=multi_label)


def an_image_project(count: int, *names: str) -> Project:
    """`count` squares and as many circles, of many sizes and colours."""
    with writing() as session:
        project = projects.create(session, f"Shapes {uuid4()}", "image", class_names=names or ("square", "circle"))
        for number in range(2 * count):
            content_hash = blobs.put(a_shape(number, round_one=number % 2 == 1))
            source = "circle" if number % 2 else "square"
            session.add(Item(project_id=project.id, content_hash=content_hash, media_type="image/png", source=source))
        return project


def a_shape(number: int, *, round_one: bool) -> bytes:
    image = Image.new("RGB", (64, 64), (number * 37 % 90, number * 53 % 90, 60))
    half = 14 + number % 11
    box = (32 - half, 32 - half, 32 + half, 32 + half)
    draw = ImageDraw.Draw(image)
    (draw.ellipse if round_one else draw.rectangle)(box, fill=(255, 200 - number % 80, 90 + number % 60))
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def items_of(project: Project) -> list[Item]:
    with reading() as session:
        return session.query(Item).filter_by(project_id=project.id).order_by(Item.id).all()


def class_id(project: Project, name: str) -> int:
    with reading() as session:
        return next(each.id for each in projects.get(session, project.id).classes if each.name == name)


def label(project: Project, says: Mapping[int, str]) -> None:
    """Item id -> the name of its class."""
    with writing() as session:
        events = [
            {"event_id": str(uuid4()), "item_id": item_id, "action": "label", "class_ids": [class_id(project, name)]}
            for item_id, name in says.items()
        ]
        assert not labels.record(session, projects.get(session, project.id), "Ada", events).rejected


def run(job: Job) -> dict[str, Any]:
    """What the job's worker does, here."""
    report = suggest_job.run(Handle(job))
    with writing() as session:
        jobs.write(session, job.id, state=JobState.DONE)
    return report


def suggested(project: Project) -> dict[int, Suggestion]:
    """Item id -> its suggestion in the set in use."""
    with reading() as session:
        used = projects.get(session, project.id).suggestion_set_id
        return {each.item_id: each for each in session.query(Suggestion).filter_by(set_id=used)}


def set_in_use(project: Project) -> int | None:
    with reading() as session:
        return projects.get(session, project.id).suggestion_set_id


def a_project_with_suggestions() -> Project:
    project = a_news_project()
    with writing() as session:
        job = suggesting.start(session, projects.get(session, project.id))
    run(job)
    return project


def add_class(project: Project, name: str, **fields: str) -> int:
    with writing() as session:
        return classes.add(session, projects.get(session, project.id), name, **fields).id


def change_class(project: Project, name: str, /, **fields: object) -> None:
    with writing() as session:
        class_changes.change(session, projects.get(session, project.id), {class_id(project, name): fields})


def the_set(set_id: int | None) -> SuggestionSet:
    with reading() as session:
        return session.get_one(SuggestionSet, set_id)
