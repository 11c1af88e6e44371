"""The data of forecasts.py as vectors and classes. Encodes what has no vector yet in WINNOW_HOME: some minutes."""

import csv
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from backend import blobs
from backend.encoding import encode
from backend.encoding.vectors import Vectors
from backend.models.catalogue import DESCRIPTOR, MINILM
from tests.conftest import SHARED

DATA = SHARED / "data"
# Enough to label from and to judge by.
MOST = 12_000


@dataclass(frozen=True)
class Data:
    """Everything there is of one data set, shuffled. targets: positions of each item's classes."""

    name: str
    vectors: Vectors
    targets: list[list[int]]
    k: int
    multi_label: bool = False

    def __len__(self) -> int:
        return len(self.targets)


def news() -> Data:
    with (DATA / "ag_news" / "test.csv").open(encoding="utf-8") as file:
        rows = list(csv.reader(file))
    return of_texts("AG News", [f"{row[1]} {row[2]}" for row in rows], [[int(row[0]) - 1] for row in rows], 4)


def banking() -> Data:
    rows = []
    for part in ("train", "test"):
        with (DATA / "banking77" / f"{part}.csv").open(encoding="utf-8") as file:
            rows += list(csv.DictReader(file))
    names = sorted({row["category"] for row in rows})
    targets = [[names.index(row["category"])] for row in rows]
    return of_texts("Banking77", [row["text"] for row in rows], targets, len(names))


def messages() -> Data:
    lines = (DATA / "sms_spam" / "SMSSpamCollection").read_text(encoding="utf-8").splitlines()[1:]
    rows = [line.split("\t", 1) for line in lines if "\t" in line]
    return of_texts("SMS spam", [row[1] for row in rows], [[int(row[0] == "spam")] for row in rows], 2)


def emotions() -> Data:
    names = (DATA / "goemotions" / "labels.txt").read_text(encoding="utf-8").split()
    rows = [row for row in rows_of_emotions() if row[1]]
    return of_texts(
        "GoEmotions", [row[0] for row in rows], [sorted(map(int, row[1].split(","))) for row in rows], len(names), True
    )


def rows_of_emotions() -> list[list[str]]:
    lines = [line for part in ("train", "dev", "test") for line in read_lines(part)]
    return [line.split("\t") for line in lines if line.count("\t") == 2]


def read_lines(part: str) -> list[str]:
    file = DATA / "goemotions" / f"{part}.tsv"
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


def flowers() -> Data:
    files = sorted((DATA / "flower_photos").glob("*/*/*.jpg"))
    names = sorted({file.parent.name for file in files})
    vectors = encode.ensure(DESCRIPTOR, [(blobs.put(file.read_bytes()), None) for file in files])
    return shuffled("Flowers", vectors, [[names.index(file.parent.name)] for file in files], len(names))


def of_texts(name: str, texts: list[str], targets: list[list[int]], k: int, multi_label: bool = False) -> Data:
    kept = np.random.default_rng(1).permutation(len(texts))[:MOST].tolist()
    vectors = encode.of_texts(MINILM, [texts[row] for row in kept])
    return shuffled(name, vectors, [targets[row] for row in kept], k, multi_label)


def shuffled(name: str, vectors: Vectors, targets: list[list[int]], k: int, multi_label: bool = False) -> Data:
    order = np.random.default_rng(2).permutation(len(targets))
    return Data(name, vectors[order], [targets[row] for row in order.tolist()], k, multi_label)


EVERY: tuple[Callable[[], Data], ...] = (news, banking, messages, flowers, emotions)
