"""What is chosen when nothing is said, and the reasons that are shown for it."""

from pathlib import Path

import pytest

from backend.jobs import devices
from backend.jobs.devices import Device
from backend.models import catalogue
from backend.training import costs, defaults, setting
from backend.training.defaults import Data
from db.models import LabelClass
from tests.training import builders

GPU = Device("0", "NVIDIA H200", 141 * 2**30, 9.0)
SMALL_GPU = Device("0", "NVIDIA T4", 3 * 2**30, 7.5)
CPU = Device("cpu", "processor", 16 * 2**30)


@pytest.fixture(autouse=True)
def on_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "found", lambda: (CPU,))


def data(*counts: int, letters: int = 100, multi_label: bool = False) -> Data:
    classes = {LabelClass(id=number, name=f"class {number}"): n for number, n in enumerate(counts)}
    return Data(classes, [letters] * min(500, sum(counts)), multi_label)


def chosen(of: Data, method: str = "full", preset: str = "balanced", base: str = catalogue.MINILM) -> defaults.Picks:
    return defaults.picks(of, "text", method, base, preset)


@pytest.mark.parametrize("method", setting.METHODS)
@pytest.mark.parametrize("preset", setting.PRESETS)
def test_every_setting_of_the_method_is_chosen_with_a_value_that_may_be_told(method: str, preset: str) -> None:
    found = chosen(data(300, 300), method, preset)
    for name, pick in found.items():
        assert setting.checked(name, pick.value) == pick.value
        assert method in setting.BY_NAME[name].methods


def test_few_labels_are_cross_validated_and_many_are_not() -> None:
    assert chosen(data(60, 60))["folds"].value == defaults.FOLDS
    assert "120 labels" in chosen(data(60, 60))["folds"].why
    assert chosen(data(60, 60), preset="quick")["folds"].value == 0
    assert chosen(data(150, 150))["folds"].value == 0


def test_rare_classes_get_more_weight_where_the_classes_are_uneven() -> None:
    uneven = chosen(data(300, 40))["class_weights"]
    assert uneven == ("balanced", '"class 0" has 8 times as many labels as "class 1"')
    assert chosen(data(300, 40), "head")["class_weights"].value == "balanced"
    assert chosen(data(300, 100))["class_weights"].value == "none"
    assert chosen(data(300, 40), preset="quick")["class_weights"].value == "none"
    # A class with too few labels is left out of the run, and several classes an item have thresholds.
    assert chosen(data(300, 200, 2))["class_weights"].value == "none"
    assert chosen(data(300, 40, multi_label=True))["class_weights"].value == "none"


def test_long_texts_are_read_whole_when_there_is_time_for_it() -> None:
    long = data(300, 300, letters=4000)
    assert chosen(long, preset="best")["long_texts"] == ("windows", "100% of the texts are longer than 256 tokens")
    assert chosen(long)["long_texts"].value == "start"
    assert chosen(data(300, 300), preset="best")["long_texts"].value == "start"


def test_a_gpu_gets_large_batches_only_where_an_epoch_keeps_many_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "found", lambda: (GPU,))
    assert chosen(data(20_000, 20_000))["batch_size"].value == 64
    assert chosen(data(300, 300))["batch_size"].value == 16
    assert chosen(data(300, 300))["precision"] == ("bf16", "NVIDIA H200 is quicker with 16 bits")


def test_what_would_not_fit_is_done_in_smaller_batches_that_make_one_step(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    base = builders.a_tiny_bert(tmp_path / "tiny")
    monkeypatch.setattr(devices, "found", lambda: (SMALL_GPU,))
    assert chosen(data(300, 300), base=base)["accumulation"].value == 1
    large = costs.Network(600_000_000, width=1024, layers=24, is_text=True)
    monkeypatch.setattr(costs, "network", lambda kind, base: large)
    found = chosen(data(300, 300, letters=2000), "lora", base=base)
    assert found["batch_size"].value * found["accumulation"].value == 16
    assert found["batch_size"].value < 16
    assert found["gradient_checkpointing"].value
    assert "would take" in found["batch_size"].why
