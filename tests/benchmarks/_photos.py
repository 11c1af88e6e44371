"""Many different pictures with the weight of photographs, made in seconds."""

import io
from collections.abc import Iterator

import numpy as np
from PIL import Image

from backend import blobs, projects
from db.models import Item, Project
from db.session import writing

WIDTH, HEIGHT = 800, 600
CLASSES = ("beach", "forest", "street", "food", "people")


def photos(count: int) -> Project:
    """A project of `count` photos of 800 x 600, about 100 kB each, none of them labeled, in the home that is open."""
    with writing() as session:
        project = projects.create(session, f"{count:,} photos", "image", class_names=CLASSES)
        about = {"project_id": project.id, "media_type": "image/jpeg", "width": WIDTH, "height": HEIGHT}
        for number, data in enumerate(pictures(count), start=1):
            session.add(Item(content_hash=blobs.put(data), source=f"IMG_{number:05}.jpg", **about))
    return project


def pictures(count: int, seed: int = 3) -> Iterator[bytes]:
    """JPEGs of soft shapes, edges and grain. Always the same ones for a seed."""
    random = np.random.default_rng(seed)
    small = random.uniform(0, 255, (64, 9, 12, 3)).astype(np.uint8)
    soft = [np.asarray(Image.fromarray(each).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)) for each in small]
    grain = random.normal(0, 7, (HEIGHT, WIDTH, 1)).astype(np.int16)
    for _ in range(count):
        one, other, left, top, roll = random.integers(0, (64, 64, WIDTH - 80, HEIGHT - 80, WIDTH))
        pixels = soft[one].astype(np.int16)
        # A thing before its background.
        pixels[top:, left:] = soft[other][top:, left:]
        pixels += np.roll(grain, roll, axis=1)
        file = io.BytesIO()
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(file, "JPEG", quality=85)
        yield file.getvalue()
