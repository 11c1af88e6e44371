"""Two projects to try Winnow with: handwritten digits, and short messages.

They come without labels, so that there is something to do. The true answer is kept in the items' `meta["gold"]`.
"""

import csv
import io
from pathlib import Path

from backend import errors, projects
from backend.importing.rows import Row
from backend.jobs import control
from db import projects as rows_of_projects
from db.models import Job, JobKind, Project
from db.session import Session

MESSAGES = Path(__file__).parent / "messages.csv"
TITLES = {"digits": "Handwritten digits", "messages": "Messages to a town hall"}
DIGIT_SIZE = 64
# With a line about each class the first suggestions are right more often.
ABOUT_MESSAGES = {
    "Waste and recycling": "bins, rubbish collection, recycling, bulky waste, dumped garbage",
    "Roads and lights": "potholes, street lamps, traffic lights, road signs, parking, snow on roads and pavements",
    "Parks and trees": "parks, playgrounds, trees, benches, ponds, grass and flower beds",
    "Noise and neighbours": "loud music, noise at night, barking dogs, quarrels with neighbours",
    "Permits and fees": "applications, permits, licences, bills, charges, refunds and deadlines",
}


def create(session: Session, name: str) -> tuple[Project, Job]:
    """Make the example project "digits" or "messages" and the job that fills it."""
    if name not in TITLES:
        raise errors.NotFound(f'There is no example "{name}".', f"There are {' and '.join(TITLES)}.")
    kind, names = ("image", list("1234567890")) if name == "digits" else ("text", message_classes())
    project = projects.create(session, free_title(session, TITLES[name]), kind, class_names=names)
    for each in rows_of_projects.classes(session, project.id):
        each.description = ABOUT_MESSAGES.get(each.name, "")
    title = f"Import of {TITLES[name].lower()}"
    return project, control.add(session, JobKind.IMPORT, project.id, {"example": name}, title)


def free_title(session: Session, title: str) -> str:
    number, name = 2, title
    while rows_of_projects.by_name(session, name):
        name, number = f"{title} {number}", number + 1
    return name


def rows(name: str) -> list[Row]:
    """Everything in the example. For the worker: the digits are inside scikit-learn."""
    return (
        digits()
        if name == "digits"
        else [
            Row(f"{MESSAGES.name} row {number}", text=message["text"], meta={"gold": message["label"]})
            for number, message in enumerate(messages(), start=2)
        ]
    )


def messages() -> list[dict[str, str]]:
    with MESSAGES.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def message_classes() -> list[str]:
    return list(dict.fromkeys(message["label"] for message in messages()))


def digits() -> list[Row]:
    """The 1,797 digits of 8x8 pixels, drawn large enough to be read."""
    import numpy as np
    from PIL import Image
    from sklearn.datasets import load_digits

    bunch = load_digits()
    found: list[Row] = []
    for number, (grey, digit) in enumerate(zip(bunch.images, bunch.target, strict=True), start=1):
        small = Image.fromarray(np.rint(grey * (255 / 16)).astype(np.uint8))
        out = io.BytesIO()
        small.resize((DIGIT_SIZE, DIGIT_SIZE), Image.Resampling.BICUBIC).save(out, "PNG")
        found.append(Row(f"digit-{number:04}.png", data=out.getvalue(), meta={"gold": str(digit)}))
    return found
