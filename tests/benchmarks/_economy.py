"""The data of label_economy.py as vectors: a pool to label from, and rows to judge by."""

import csv
from dataclasses import dataclass

import numpy as np

from backend import blobs
from backend.encoding import encode
from backend.encoding.vectors import Vectors
from backend.models.catalogue import DESCRIPTOR, MINILM
from backend.suggesting import prompts, zero_shot
from db.models import LabelClass
from tests.conftest import SHARED

MOBILENET = f"path:{SHARED / 'weights' / 'mobilenet_v2'}"
NEWS = {
    "World": "international politics, war and elections",
    "Sports": "games, teams, players and results",
    "Business": "companies, markets and the economy",
    "Sci/Tech": "science, computers, the internet and space",
}
MESSAGES = {
    "ham": "an ordinary personal message between friends or family",
    "spam": "advertising, prizes, offers and fraud",
}


@dataclass(frozen=True)
class Data:
    """A pool to label from and rows to judge by. words: (k, d) of the classes' prompts, None without such a model."""

    name: str
    pool: Vectors
    classes: np.ndarray
    held_out: Vectors
    answers: np.ndarray
    words: Vectors | None

    @property
    def k(self) -> int:
        return int(self.classes.max()) + 1

    def before(self, vectors: Vectors) -> np.ndarray | None:
        return None if self.words is None else zero_shot.scores(vectors, self.words, multi_label=False)


def data() -> list[Data]:
    """Encodes what has no vector yet in WINNOW_HOME: some minutes."""
    texts = [news(), messages(), banking()]
    return [*texts, flowers("flowers, descriptor", DESCRIPTOR), flowers("flowers, MobileNetV2", MOBILENET)]


def news() -> Data:
    with (SHARED / "data" / "ag_news" / "test.csv").open(encoding="utf-8") as file:
        rows = list(csv.reader(file))
    vectors = encode.of_texts(MINILM, [f"{row[1]} {row[2]}" for row in rows])
    return parted("AG News", vectors, np.array([int(row[0]) - 1 for row in rows]), 2000, NEWS)


def messages() -> Data:
    lines = (SHARED / "data" / "sms_spam" / "SMSSpamCollection").read_text(encoding="utf-8").splitlines()[1:]
    rows = [line.split("\t", 1) for line in lines if "\t" in line]
    vectors = encode.of_texts(MINILM, [row[1] for row in rows])
    return parted("SMS spam", vectors, np.array([int(row[0] == "spam") for row in rows]), 1500, MESSAGES)


def banking() -> Data:
    """Twelve of the classes, with their names alone."""
    parts = []
    for part in ("train", "test"):
        with (SHARED / "data" / "banking77" / f"{part}.csv").open(encoding="utf-8") as file:
            parts.append(list(csv.DictReader(file)))
    every = sorted({row["category"] for row in parts[0]})
    names = [every[at] for at in np.random.default_rng(3).permutation(len(every))[:12]]
    encoded = []
    for some in parts:
        rows = [row for row in some if row["category"] in names]
        encoded.append(encode.of_texts(MINILM, [row["text"] for row in rows]))
        encoded.append(np.array([names.index(row["category"]) for row in rows]))
    pool, classes, held_out, answers = encoded
    return Data("Banking77, 12 classes", pool, classes, held_out, answers, words(dict.fromkeys(names, "")))


def flowers(name: str, encoder_id: str) -> Data:
    encoded = []
    for part in ("train", "val"):
        files = sorted((SHARED / "data" / "flower_photos" / part).glob("*/*.jpg"))
        names = sorted({file.parent.name for file in files})
        encoded.append(encode.ensure(encoder_id, [(blobs.put(file.read_bytes()), None) for file in files]))
        encoded.append(np.array([names.index(file.parent.name) for file in files]))
    pool, classes, held_out, answers = encoded
    return Data(name, pool, classes, held_out, answers, None)


def parted(name: str, vectors: Vectors, classes: np.ndarray, held_out: int, described: dict[str, str]) -> Data:
    shuffled = np.random.default_rng(7).permutation(len(classes))
    test, pool = shuffled[:held_out], shuffled[held_out:]
    return Data(name, vectors[pool], classes[pool], vectors[test], classes[test], words(described))


def words(described: dict[str, str]) -> Vectors:
    classes = [LabelClass(name=name, description=text, prompt="") for name, text in described.items()]
    return zero_shot.class_vectors(MINILM, prompts.of(classes, prompts.EMBEDDING_TEMPLATES, "embedding"))
