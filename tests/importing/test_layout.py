"""Trees of folders: which level is a class, which a split."""

from pathlib import Path

import pytest

from backend.importing.found import File, walk
from db.models import Split
from tests.importing.builders import a_file, a_project, a_zip, all_items, an_image, import_now, labels

Seen = dict[str, tuple[str, Split | None]]


def seen(path: Path) -> Seen:
    files = [file for file in walk(path) if isinstance(file, File)]
    return {file.name.removeprefix("a.zip/"): (file.folder, file.split) for file in files}


@pytest.mark.parametrize("is_zip", [False, True])
@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["train/bird/1.png", "val/bird/2.png"], [("bird", Split.TRAIN), ("bird", Split.VALIDATION)]),
        (["bird/train/1.png", "bird/test/2.png"], [("bird", Split.TEST), ("bird", Split.TRAIN)]),
        (["flowers/dev/a/1.png", "flowers/train/a/1.png"], [("a", Split.VALIDATION), ("a", Split.TRAIN)]),
        (["control/1.png", "test/2.png"], [("control", None), ("test", None)]),
        (["test/1.png"], [("test", None)]),
        (
            ["bird/1.png", "test/bird/2.png", "train/bird/3.png"],
            [("bird", None), ("bird", Split.TEST), ("bird", Split.TRAIN)],
        ),
        (["test/1.png", "train/2.png"], [("", Split.TEST), ("", Split.TRAIN)]),
        (["unlabeled/1.png", "bird/2.png"], [("bird", None), ("", None)]),
        (["dev.tsv", "train.tsv"], [("", Split.VALIDATION), ("", Split.TRAIN)]),
        (
            ["data/test-00000-of-00001.parquet", "data/train-00000-of-00001.parquet"],
            [("data", Split.TEST), ("data", Split.TRAIN)],
        ),
        (["test.csv"], [("", None)]),
        (["data/dev-00000-of-00001.parquet"], [("data", Split.VALIDATION)]),
        (["train-1.csv"], [("", None)]),
    ],
    ids=[
        "above", "below", "deep", "class-test", "alone", "mixed",
        "no-class", "unlabeled", "files", "shards", "one-file",
        "one-shard", "one-number",
    ],
)  # fmt: skip
def test_the_folders_say_class_and_split(
    tmp_path: Path, is_zip: bool, names: list[str], expected: list[tuple[str, Split | None]]
) -> None:
    if is_zip:
        found = seen(a_zip(tmp_path / "a.zip", dict.fromkeys(names, b"x")))
    else:
        for name in names:
            a_file(tmp_path, name, b"x")
        found = seen(tmp_path)
    assert [found[name] for name in sorted(names)] == expected


def test_a_tree_with_splits_is_imported_with_them(home: Path, tmp_path: Path) -> None:
    a_file(tmp_path, "in/train/bird/1.png", an_image((1, 1, 1)))
    a_file(tmp_path, "in/test/cat/2.png", an_image((2, 2, 2)))
    project = a_project("image")
    import_now(project, path=str(tmp_path / "in"))
    assert {item.source: item.split for item in all_items(project)} == {
        "train/bird/1.png": "train", "test/cat/2.png": "test",
    }  # fmt: skip
    assert labels(project) == {"train/bird/1.png": ["bird"], "test/cat/2.png": ["cat"]}
