"""Every method on texts, in real worker processes."""

import csv
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient

from backend.api.app import create
from backend.training import artifact, runs
from backend.training.predict import predict
from db import items
from db import runs as rows
from db.models import JobState, Project, Run, Split
from db.session import reading
from tests.training import builders
from tests.training.builders import curves_of, job_of, trained

METHODS = ("head", "full", "lora")
# Knows nothing of Winnow: it is what a person would write.
LOAD = """
import json, sys, torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer
answers = []
for folder, texts in json.loads(sys.argv[1]):
    model, tokenizer = AutoModelForSequenceClassification.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    inputs = tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
    with torch.no_grad():
        scores = model(**inputs).logits.softmax(1).tolist()
    answers.append({"labels": list(model.config.id2label.values()), "scores": scores})
print(json.dumps(answers))
"""


@pytest.fixture(scope="module")
def project(shared_home: None) -> Project:
    return builders.a_text_project()


@pytest.fixture(scope="module")
def done(project: Project) -> dict[str, Run]:
    loops = {"epochs": 2, "batch_size": 8, "max_length": 32}
    return {method: trained(project, method=method, **({} if method == "head" else loops)) for method in METHODS}


@pytest.fixture(scope="module")
def api(project: Project) -> TestClient:
    return TestClient(create(), base_url="http://127.0.0.1")


@pytest.mark.parametrize("method", METHODS)
def test_every_method_learns_to_tell_three_kinds_of_texts_apart(done: dict[str, Run], method: str) -> None:
    run = done[method]
    assert run.metrics["test"]["accuracy"] >= 0.8
    assert run.metrics["test"]["n"] == run.metrics["validation"]["n"] == 9
    assert run.metrics["train_seconds"] > 0
    assert run.environment["torch"]
    assert run.finished_at


def test_the_models_load_without_winnow_and_give_the_same_scores(done: dict[str, Run], tmp_path: Path) -> None:
    asked, ours = [], []
    for run in done.values():
        with reading() as session:
            kept = rows.predictions(session, run.id, Split.TEST)
            texts = [item.text for item in items.by_ids(session, [each.item_id for each in kept])]
        asked.append((str(artifact.model_folder(run)), texts))
        if run.spec["method"] == "head":
            # The saved head learned from the test items too, so it is compared with the app's own answers.
            answers = predict(run.id, texts=texts)["predictions"]
            ours.append(np.array([list(each["scores"].values()) for each in answers]))
        else:
            ours.append(np.stack([np.frombuffer(each.scores, np.float32) for each in kept]))
    command = [sys.executable, "-c", LOAD, json.dumps(asked)]
    answers = json.loads(subprocess.run(command, capture_output=True, check=True, cwd=tmp_path).stdout)
    for answer, scores in zip(answers, ours, strict=True):
        assert answer["labels"] == list(builders.WORDS)
        assert np.abs(np.array(answer["scores"]) - scores).max() < 1e-3


@pytest.mark.parametrize("method", METHODS)
def test_the_model_folder_has_safe_weights_a_card_and_no_checkpoints(done: dict[str, Run], method: str) -> None:
    folder = artifact.model_folder(done[method])
    assert (folder / "model.safetensors").stat().st_size > 1_000_000
    card = (folder / "README.md").read_text("utf-8")
    assert "macro-F1" in card
    assert "9 test items" in card
    assert "logistic regression" in card
    assert {each.name for each in folder.parent.iterdir()} == {"model"}


def test_fine_tuning_leaves_a_curve_of_every_step(done: dict[str, Run]) -> None:
    for method in ("full", "lora"):
        found = curves_of(done[method])
        steps = [point["step"] for point in found["train/loss"]]
        assert steps == list(range(1, len(steps) + 1))
        assert len(found["train/learning_rate"]) == len(found["train/grad_norm"]) == len(steps)
        assert [point["epoch"] for point in found["validation/f1_macro"]] == [1.0, 2.0]
        assert len(found["validation/loss"]) == len(found["validation/accuracy"]) == 2


def test_lora_trains_a_small_part_of_the_weights(done: dict[str, Run]) -> None:
    environment = done["lora"].environment
    assert environment["trained_weights"] < 0.05 * environment["weights"]


def test_all_runs_on_the_same_labels_share_a_snapshot_with_its_baselines(done: dict[str, Run]) -> None:
    assert len({run.snapshot_id for run in done.values()}) == 1
    with reading() as session:
        snapshot = runs.snapshot_of(session, done["head"])
    assert snapshot
    assert snapshot.baselines["majority"]["test"]["accuracy"] == pytest.approx(1 / 3)
    assert snapshot.baselines["logistic_regression"]["validation"]["f1_macro"] > 0.6


def test_the_api_shows_runs_curves_and_predictions(api: TestClient, done: dict[str, Run]) -> None:
    run = done["full"]
    shown = api.get(f"/runs/{run.id}").json()
    assert (shown["state"], shown["has_model"]) == ("done", True)
    assert shown["metrics"]["test"]["confusion"]
    assert shown["spec"]["learning_rate"] > 0
    points = api.get(f"/runs/{run.id}/metrics", params={"limit": 5}).json()
    assert len(points["items"]) == 5
    assert points["next"]
    first = api.get(f"/runs/{run.id}/predictions", params={"split": "test", "limit": 4}).json()
    second = api.get(f"/runs/{run.id}/predictions", params={"split": "test", "after": first["next"]}).json()
    assert len(first["items"]) + len(second["items"]) == 9
    assert first["items"][0]["class_ids"] == [first["items"][0]["class_id"]]
    assert sum(first["items"][0]["scores"].values()) == pytest.approx(1, abs=1e-4)
    listed = api.get(f"/projects/{run.project_id}/runs").json()
    assert [each["id"] for each in listed["items"]] == sorted((each.id for each in done.values()), reverse=True)


def test_a_run_answers_for_new_texts_in_their_order(api: TestClient, done: dict[str, Run]) -> None:
    texts = ["The bank sent an invoice.", "A gull and a wren.", "Bread and soup."]
    answer = api.post(f"/runs/{done['head'].id}/predict", json={"texts": texts}).json()
    assert [each["class_name"] for each in answer["predictions"]] == ["money", "bird", "food"]
    assert [each["class_names"] for each in answer["predictions"]] == [["money"], ["bird"], ["food"]]
    assert sum(answer["predictions"][0]["scores"].values()) == pytest.approx(1, abs=1e-4)


def test_what_cannot_be_predicted_is_refused_with_a_sentence(api: TestClient, done: dict[str, Run]) -> None:
    address = f"/runs/{done['head'].id}/predict"
    assert "list of texts" in api.post(address, json={"texts": "one"}).json()["error"]["message"]
    assert api.post(address, content=b"{", headers={"content-type": "application/json"}).status_code == 422
    image = api.post(address, files={"files": ("a.png", builders.drawn("round", 1), "image/png")})
    assert "reads texts" in image.json()["error"]["message"]
    assert api.post("/runs/999/predict", json={"texts": ["a"]}).status_code == 404


def test_the_model_is_downloaded_as_a_zip(api: TestClient, done: dict[str, Run], tmp_path: Path) -> None:
    path = tmp_path / "model.zip"
    path.write_bytes(api.get(f"/runs/{done['head'].id}/model").content)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        names = {Path(name).name for name in archive.namelist()}
    assert {"model.safetensors", "config.json", "tokenizer.json", "README.md"} <= names


def test_items_with_several_classes_or_none_are_learned_too(project: Project, tmp_path: Path) -> None:
    with builders.writing() as session:
        several = builders.a_project(session, ["bird", "food"], multi_label=True)
        for number, (text, name) in enumerate(builders.texts_about_three_things(16)):
            both = number % 8 == 0
            names = ["bird", "food"] if both else [name]
            builders.a_labeled_item(session, several, text + (" Bread for birds." if both else ""), *names)
    run = trained(several, method="head")
    assert run.metrics["test"]["confusion"] is None
    assert run.metrics["test"]["f1_macro"] > 0.6
    tiny = trained(several, method="full", base=builders.a_tiny_bert(tmp_path / "tiny"), epochs=2)
    assert tiny.metrics["test"]["n"] == run.metrics["test"]["n"]
    assert artifact.thresholds_of(artifact.model_folder(tiny)) == [
        each["threshold"] for each in tiny.metrics["thresholds"]
    ]
    assert job_of(run).state == JobState.DONE


@pytest.mark.shared
def test_a_head_on_a_hundred_news_items_knows_the_other_rows_with_0_80(shared_home: None, shared: Path) -> None:
    with (shared / "data" / "ag_news" / "test.csv").open(encoding="utf-8") as file:
        news = [(f"{title}. {text}", int(number) - 1) for number, title, text in csv.reader(file)]
    names = ["World", "Sports", "Business", "Sci/Tech"]
    mixed = [news[row] for row in np.random.default_rng(3).permutation(len(news))[:400]]
    with builders.writing() as session:
        project = builders.a_project(session, names)
        for text, position in mixed[:100]:
            builders.a_labeled_item(session, project, text, names[position])
    run = trained(project, method="head")
    answers = predict(run.id, texts=[text for text, _ in mixed[100:]])["predictions"]
    right = [each["class_name"] == names[position] for each, (_, position) in zip(answers, mixed[100:], strict=True)]
    assert np.mean(right) >= 0.80
