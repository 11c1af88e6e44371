"""Pictures and texts of which it is known what destroys their class, as (class, content)."""

import csv
from io import BytesIO

import numpy as np
from PIL import Image

from tests.conftest import SHARED

FLOWERS = SHARED / "data/flower_photos/train"


def flowers(count: int) -> list[tuple[str, bytes]]:
    return [
        (folder.name, file.read_bytes())
        for folder in sorted(FLOWERS.iterdir())
        for file in sorted(folder.iterdir())[:count]
    ]


def digits(count: int) -> list[tuple[str, bytes]]:
    """Handwritten, of the UCI test set that scikit-learn brings along, enlarged from 8 x 8 to 64 x 64 pixels."""
    from sklearn.datasets import load_digits

    found = load_digits()
    chosen = [at for digit in range(10) for at in np.flatnonzero(found.target == digit)[:count]]
    return [
        (str(found.target[at]), as_png(Image.fromarray((found.images[at] * 15.9).astype(np.uint8)).resize((64, 64), 3)))
        for at in chosen
    ]


def colours(count: int) -> list[tuple[str, bytes]]:
    """Photos of flowers whose middle is of one colour, and its name: whatever grows there."""
    found: dict[str, list[tuple[str, bytes]]] = {}
    for _, data in flowers(10_000):
        with Image.open(BytesIO(data)) as image:
            colour = colour_of(np.asarray(image.convert("RGB").resize((128, 128))))
        if colour:
            found.setdefault(colour, []).append((colour, data))
    return [each for colour in sorted(found) for each in found[colour][:count]]


def colour_of(pixels: np.ndarray) -> str | None:
    """pixels: (128, 128, 3) uint8. None where no colour has more than 60 % of what is coloured in the middle."""
    hue, saturation, value = (
        np.asarray(Image.fromarray(pixels).convert("HSV")).astype(int)[32:96, 32:96].reshape(-1, 3).T
    )
    hue = hue[(saturation > 100) & (value > 80)] * 360 // 256
    if len(hue) < 1200:
        return None
    shares = {
        "red": ((hue < 20) | (hue >= 320)).mean(),
        "yellow": ((hue >= 40) & (hue < 65)).mean(),
        "green": ((hue >= 75) & (hue < 160)).mean(),
    }
    best = max(shares, key=shares.__getitem__)
    return best if shares[best] > 0.6 else None


def news(count: int) -> list[tuple[str, str]]:
    with (SHARED / "data/ag_news/test.csv").open(encoding="utf-8", newline="") as file:
        rows = [(number, f"{title} {about}") for number, title, about in csv.reader(file)]
    return [each for number in "1234" for each in [row for row in rows if row[0] == number][:count]]


def intents(count: int) -> list[tuple[str, str]]:
    """Short questions to a bank, of the first twelve intents."""
    with (SHARED / "data/banking77/train.csv").open(encoding="utf-8", newline="") as file:
        rows = [(row["category"], row["text"]) for row in csv.DictReader(file)]
    names = sorted({of for of, _ in rows})[:12]
    return [each for name in names for each in [row for row in rows if row[0] == name][:count]]


def as_png(image: Image.Image) -> bytes:
    file = BytesIO()
    image.convert("RGB").save(file, "PNG")
    return file.getvalue()
