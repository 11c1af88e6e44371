"""The model card, as somebody reads it who was not there."""

from typing import Any

from backend.training import card
from backend.training.snapshots import Frozen, Rows
from db.models import Recipe, Run, Split

FIGURES = {"n": 40, "accuracy": 0.8125, "f1_macro": 0.75, "f1_micro": 0.7, "log_loss": 0.41, "per_class": []}


def frozen(*, multi_label: bool = False, kind: str = "text") -> Frozen:
    """Six items of two classes in each split; where several are allowed, one item has none."""
    targets = [[0], [0], [1], [1], [1], [] if multi_label else [0]]
    rows = Rows(list(range(6)), [(bytes(32), "a text")] * 6, targets)
    classes = [{"id": 11, "name": "heron | grey"}, {"id": 12, "name": "duck"}]
    return Frozen(1, kind, multi_label, classes, dict.fromkeys(Split, rows))


def a_run(metrics: dict[str, Any], **spec: Any) -> Run:
    told = {"method": "lora", "base": "bundled:minilm", "seed": 7, "max_length": 64} | spec
    environment = {"torch": "2.15", "device": "cpu", "skipped": [{"item_id": 5, "reason": "The picture is broken."}]}
    return Run(name="Birds", spec=told, metrics=metrics, environment=environment)


def text(run: Run, data: Frozen, recipe: Recipe | None = None) -> str:
    return card.text(run, data, "print('FOLDER')", {"majority": {"test": {"accuracy": 0.5, "f1_macro": 0.3}}}, recipe)


def rows_of(told: str, first: str) -> list[list[str]]:
    lines = [line for line in told.splitlines() if line.startswith(f"| {first}")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_it_says_what_it_was_made_of_how_good_it_is_and_with_what() -> None:
    told = text(a_run({"test": FIGURES, "validation": FIGURES}), frozen())
    assert "A text has one of 2 classes." in told
    assert rows_of(told, "heron") == [["heron \\| grey", "3", "3", "3", ""]]
    assert rows_of(told, "this model, on the test") == [
        ["this model, on the test items", "0.812", "0.750", "0.700", "0.410", "40"]
    ]
    assert rows_of(told, "always the most")[0][1:3] == ["0.500", "0.300"]
    assert rows_of(told, "seed") == [["seed", "7"]]
    assert rows_of(told, "torch") == [["torch", "2.15"]]
    assert "It reads 64 tokens at once. Of a longer text it reads the start only." in told
    assert "40 test items" in told
    assert "Cross-validated" not in told
    assert "answered from a score of" not in told


def test_items_that_could_not_be_used_are_named_and_not_lost_in_a_table() -> None:
    run = a_run({})
    told = text(run, frozen())
    assert "One labeled item could not be used:\n\n- item 5: The picture is broken." in told
    assert rows_of(told, "skipped") == []
    run.environment = {"skipped": [{"item_id": number, "reason": "Empty."} for number in range(50)]}
    told = text(run, frozen())
    assert "50 labeled items could not be used:" in told
    assert "- item 19: Empty." in told
    assert "item 20" not in told
    assert "- and 30 more" in told
    run.environment = {}
    assert "could not be used" not in text(run, frozen())


def test_cross_validation_is_told_with_its_spread() -> None:
    crossed = {"folds": 5, "n": 240, "accuracy": 0.9, "f1_macro": 0.88, "accuracy_std": 0.02, "f1_macro_std": 0.03}
    told = text(a_run({"test": FIGURES, "cross_validation": crossed}), frozen())
    assert "Cross-validated in 5 folds, each of 240 items judged by a model without it" in told
    assert "accuracy 0.900 ± 0.020 between the folds, macro-F1 0.880 ± 0.030 between the folds." in told


def test_where_an_item_may_have_several_classes_the_threshold_of_each_is_told() -> None:
    least = [{"class_id": 12, "threshold": 0.25}, {"class_id": 11, "threshold": 0.625}]
    told = text(a_run({"test": FIGURES, "thresholds": least}, long_texts="windows"), frozen(multi_label=True))
    assert "A text has any number of 2 classes, or none." in told
    assert rows_of(told, "heron")[0][-1] == "0.625"
    assert rows_of(told, "duck")[0][-1] == "0.250"
    assert "the logits of the windows are averaged" in told
    assert "score of 0.5" not in told


def test_a_card_without_any_figures_is_a_card() -> None:
    told = text(a_run({}, method="head", max_length=None), frozen(kind="image"))
    assert "An image has one of 2 classes." in told
    assert "tokens at once" not in told
    assert told.count("```") == 2
