"""Texts that are longer than the model reads at once: their start, their end, or all of them in windows."""

import ast
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backend.api import augmentations
from backend.augmenting import damage, presets, readers, text_preview
from backend.jobs.progress import Handle
from backend.models import catalogue
from backend.training import artifact, card, fine_tune, job, windows
from backend.training import text as reading_of
from backend.training.predict import predict, scored
from db import items
from db import runs as rows
from db.models import Project, Run, Split
from db.session import reading, writing
from tests.training import builders
from tests.training.builders import a_run, job_of, trained

LENGTH, SEED = 24, 3
FILLER = ["the", "old", "road", "goes", "on", "past", "that", "gate", "to", "where", "we", "left", "it", "last", "year"]
LONG = " ".join(f"{word}{number}" for number, word in enumerate(FILLER * 12))
HASH = bytes(range(32))
STRONG = presets.steps("texts-strong")


def reader(steps: Sequence[dict[str, Any]] = (), long_texts: str = "windows", seed: int = SEED) -> reading_of.Reader:
    return readers.reader_of(catalogue.MINILM, steps, LENGTH, seed, long_texts)


def words(ids: Sequence[int]) -> str:
    return str(reader().tokenizer.decode(list(ids), skip_special_tokens=True))


def test_windows_cover_a_text_from_its_first_to_its_last_token_and_overlap_by_half() -> None:
    tokenizer = reader().tokenizer
    whole = tokenizer(LONG, truncation=False, verbose=False)["input_ids"]
    [found] = windows.windows(tokenizer, [LONG], LENGTH)
    assert {len(each) for each in found} == {LENGTH}
    assert all((each[0], each[-1]) == (whole[0], whole[-1]) for each in found)
    assert found[0][:-1] == whole[: LENGTH - 1]
    assert found[-1][1:] == whole[1 - LENGTH :]
    starts = windows.starts(500, 22)
    assert starts[0] == 0
    assert starts[-1] == 500 - 22
    assert max(np.diff(windows.starts(200, 22))) <= 11


def test_a_book_is_read_in_32_places_and_a_short_text_in_one() -> None:
    tokenizer = reader().tokenizer
    book, short = windows.windows(tokenizer, [LONG * 20, "One line."], LENGTH)
    assert len(book) == windows.MOST_WINDOWS == 32
    assert short == [tokenizer("One line.")["input_ids"]]
    gaps = np.diff(windows.starts(100_000, 22))
    assert max(gaps) - min(gaps) <= 1


def test_training_reads_every_window_once_before_it_reads_one_again() -> None:
    read = reader()
    n = len(read.places(LONG))
    found = [read.read(LONG, HASH, epoch).place for epoch in range(2 * n)]
    assert n > 4
    assert len(set(found[:n])) == len(set(found[n:])) == n
    assert found[:n] != found[n:]
    assert found == [reader().read(LONG, HASH, epoch).place for epoch in range(2 * n)]
    assert found != [reader(seed=4).read(LONG, HASH, epoch).place for epoch in range(2 * n)]
    assert found != [read.read(LONG, HASH[::-1], epoch).place for epoch in range(2 * n)]


def test_the_end_is_what_a_tokenizer_that_cuts_at_the_left_leaves() -> None:
    read = reader(long_texts="end").read(LONG, HASH, 0)
    assert LONG.endswith(read.text)
    assert words(read.ids).replace(" ", "").endswith(LONG[-20:].replace(" ", ""))
    # Where a word is cut in two, the rest of it may have one token more or less.
    assert LENGTH - 1 <= len(read.ids) <= LENGTH
    assert reader(long_texts="end").read("One line.", HASH, 0).text == "One line."
    assert reader(long_texts="start").read(LONG, HASH, 0).text == LONG[: LENGTH * reading_of.LETTERS_A_TOKEN]


def test_the_assistant_shows_the_window_of_each_epoch(shared_home: None) -> None:
    with writing() as session:
        project = builders.a_project(session, ["one", "two"])
        item_id = builders.a_labeled_item(session, project, LONG, "one").id
    asked: dict[str, Any] = {"samples": 3, "seed": SEED, "size": LENGTH, "base": catalogue.MINILM, "epoch": 2}
    shown = text_preview.preview([item_id], [], **asked, long_texts="windows")["rows"][0]
    with reading() as session:
        content_hash = items.by_ids(session, [item_id])[0].content_hash
    read = reader()
    for number, pieces in enumerate(shown["samples"]):
        start, stop = read.read(LONG, content_hash, 2 + number).place
        letters = "".join(each["text"] for each in pieces).strip("…")
        assert letters == LONG[start:stop]
        assert (pieces[0] == text_preview.OMITTED) == (start > 0)
        assert (pieces[-1] == text_preview.OMITTED) == (stop < len(LONG))
    assert shown["original"] == shown["samples"][0]
    ends = text_preview.preview([item_id], STRONG, **asked, long_texts="end")["rows"][0]
    assert ends["original"][0] == text_preview.OMITTED
    assert LONG.endswith(ends["original"][-1]["text"])
    assert text_preview.preview([item_id], STRONG, **asked)["rows"][0]["original"][0] != text_preview.OMITTED


def test_what_a_recipe_does_to_a_window_is_held_against_the_same_window_unvaried(shared_home: None) -> None:
    project = builders.a_text_project(6)
    with writing() as session:
        item_id = builders.a_labeled_item(session, project, LONG, "bird").id
    asked: dict[str, Any] = {"samples": 4, "seed": SEED, "base": catalogue.MINILM, "size": LENGTH, "epoch": 1}
    [cells] = damage.damage(project.id, [item_id], [], **asked, long_texts="windows")["cells"]
    assert [(each["drift"], each["is_far"]) for each in cells] == [(0.0, False)] * 4
    [varied] = damage.damage(project.id, [item_id], list(STRONG), **asked, long_texts="windows")["cells"]
    assert any(each["drift"] > 0 for each in varied)


def test_what_shows_a_run_asks_for_what_the_run_read(projects: dict[str, Project]) -> None:
    run = a_run(projects["end"], **settings("windows"))
    with reading() as session:
        told = augmentations.meant(session, projects["end"], augmentations.Wanted(run_id=run.id))
    assert (told["long_texts"], told["size"], told["seed"]) == ("windows", LENGTH, SEED)


def a_project_of_long_texts(place: str, *, multi_label: bool = False) -> Project:
    """What a text is about is said in one sentence, at its end or somewhere between the first and the last quarter."""
    random = np.random.default_rng(7)
    with writing() as session:
        project = builders.a_project(session, list(builders.WORDS), multi_label=multi_label)
        for number in range(90):
            name = list(builders.WORDS)[number % 3]
            said = f"{builders.WORDS[name][number // 3 % 5]}, {builders.WORDS[name][(number // 3 + 2) % 5]}."
            filler = random.choice(FILLER, 60).tolist()
            at = 60 if place == "end" else int(random.integers(25, 40))
            text = " ".join([*filler[:at], said, *filler[at:]])
            builders.a_labeled_item(session, project, text, name)
        return project


@pytest.fixture(scope="module")
def projects(shared_home: None) -> dict[str, Project]:
    return {place: a_project_of_long_texts(place) for place in ("end", "middle")}


def settings(long_texts: str, **more: Any) -> dict[str, Any]:
    told = {"method": "lora", "base": catalogue.MINILM, "epochs": 2, "batch_size": 16, "learning_rate": 1e-3}
    return told | {"max_length": LENGTH, "seed": SEED, "long_texts": long_texts} | more


@pytest.mark.parametrize(
    ("place", "long_texts", "succeeds"),
    [
        ("end", "start", False),
        ("end", "end", True),
        ("end", "windows", True),
        ("middle", "start", False),
        ("middle", "windows", True),
    ],
)
def test_a_class_is_found_where_the_text_is_read(
    projects: dict[str, Project], place: str, long_texts: str, succeeds: bool, tmp_path: Path
) -> None:
    run = a_run(projects[place], **settings(long_texts))
    frozen = job.frozen_for(run)
    outcome = fine_tune.run(Handle(job_of(run)), run.id, frozen, run.spec, tmp_path)
    scores = np.concatenate([outcome.scores(split) for split in (Split.VALIDATION, Split.TEST)])
    targets = [each[0] for split in (Split.VALIDATION, Split.TEST) for each in frozen.parts[split].targets]
    accuracy = np.mean(scores.argmax(axis=1) == targets)
    assert accuracy >= 0.9 if succeeds else accuracy <= 0.6


@pytest.mark.parametrize("long_texts", ["end", "windows"])
def test_training_is_given_what_the_preview_shows(
    projects: dict[str, Project], long_texts: str, tmp_path: Path
) -> None:
    run = a_run(projects["end"], **settings(long_texts))
    _, prepared = fine_tune.texts(Handle(job_of(run)), job.frozen_for(run), run.spec, tmp_path)
    samples = prepared.parts[Split.TRAIN]
    contents = job.frozen_for(run).parts[Split.TRAIN].contents
    read = reader(long_texts=long_texts)
    for samples.epoch in range(3):
        for position, (content_hash, text) in enumerate(contents[:8]):
            assert samples[position][0] == read.read(text or "", content_hash, samples.epoch).fed
    assert prepared.lengths
    assert max(prepared.lengths) <= LENGTH


def kept(run: Run) -> tuple[list[str], np.ndarray]:
    with reading() as session:
        found = rows.predictions(session, run.id, Split.TEST)
        texts = [item.text or "" for item in items.by_ids(session, [each.item_id for each in found])]
    return texts, np.stack([np.frombuffer(each.scores, np.float32) for each in found])


def printed(code: str, folder: Path) -> str:
    """By an interpreter that knows nothing of Winnow."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, cwd=folder, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().strip()


def test_a_model_of_windows_is_read_alike_by_the_run_the_app_and_the_card(shared_home: None, tmp_path: Path) -> None:
    project = a_project_of_long_texts("middle", multi_label=True)
    base = builders.a_tiny_bert(tmp_path / "tiny")
    run = trained(project, **settings("windows", base=base))
    texts, scores = kept(run)
    answers = predict(run.id, texts=texts)["predictions"]
    assert np.abs(np.array([list(each["scores"].values()) for each in answers]) - scores).max() < 1e-4
    folder = artifact.model_folder(run)
    assert json.loads((folder / "config.json").read_text())["winnow_long_texts"] == "windows"
    code = card.code_in(folder, str(folder)).replace('"Some text"', json.dumps(texts[0]))
    assert "backend" not in code
    assert printed(code, tmp_path) == str(answers[0]["class_names"])
    assert "the logits of the windows are averaged" in (folder / "README.md").read_text("utf-8")


def test_a_model_of_ends_is_read_alike_by_a_plain_pipeline(projects: dict[str, Project], tmp_path: Path) -> None:
    run = a_run(projects["end"], **settings("end", base=builders.a_tiny_bert(tmp_path / "tiny"), epochs=1))
    frozen, folder = job.frozen_for(run), tmp_path / "model"
    outcome = fine_tune.run(Handle(job_of(run)), run.id, frozen, run.spec, tmp_path / "run")
    scores = outcome.scores(Split.TEST)
    folder.mkdir()
    outcome.save(folder)
    texts = [text or "" for _, text in frozen.parts[Split.TEST].contents]
    code = outcome.loads_with.replace("FOLDER", str(folder)).replace('"Some text"', json.dumps(texts[0]))
    found = {each["label"]: each["score"] for each in ast.literal_eval(printed(code, tmp_path))}
    assert [found[name] for name in builders.WORDS] == pytest.approx(scores[0].tolist(), abs=1e-4)
    again, names = scored(folder, "text", texts)
    assert names == list(builders.WORDS)
    assert np.abs(again - scores).max() < 1e-4
