"""Half precision, gradient checkpointing and compiling, where the machine has them, and what the loop says of it."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from backend.training import gauges, machine
from db.models import Project, Split
from tests.training import builders
from tests.training.builders import a_run
from tests.training.learning import N, Spec, a_spec, learned

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def project(shared_home: None) -> Project:
    return builders.a_text_project()


@pytest.fixture(scope="module")
def spec(shared_home: None, tmp_path_factory: pytest.TempPathFactory) -> Spec:
    return a_spec(tmp_path_factory.mktemp("base") / "tiny")


def test_half_precision_trains_in_it_and_is_judged_as_others_load_it(
    project: Project, spec: Spec, tmp_path: Path
) -> None:
    seen: dict[bool, set[torch.dtype]] = {True: set(), False: set()}

    def prepare(model: Any, prepared: Any) -> Any:
        layer = next(module for module in model.modules() if isinstance(module, nn.Linear))
        layer.register_forward_hook(lambda _module, _args, made: seen[model.training].add(made.dtype))
        return prepared

    done = learned(a_run(project, **spec, precision="bf16"), tmp_path, prepare=prepare)
    assert seen == {True: {torch.bfloat16}, False: {torch.bfloat16}}
    assert done.trained.trainer.precision == "bf16"
    assert done.curve("train/loss")[-1] < done.curve("train/loss")[0] * 2
    seen[False].clear()
    done.trained.scores(Split.TEST)
    assert seen[False] == {torch.float32}
    assert {each.dtype for each in done.trained.trainer.model.parameters()} == {torch.float32}


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU, which has fp16")
def test_a_precision_that_is_not_there_is_left_out(project: Project, spec: Spec, tmp_path: Path) -> None:
    done = learned(a_run(project, **spec | {"epochs": 1}), tmp_path, precision="fp16")
    assert done.trained.trainer.precision == "fp32"


def test_gradient_checkpointing_changes_nothing_that_is_learned(project: Project, spec: Spec, tmp_path: Path) -> None:
    plain = learned(a_run(project, **spec), tmp_path / "plain")
    done = learned(a_run(project, **spec, gradient_checkpointing=True), tmp_path / "checked")
    assert done.facts["gradient_checkpointing"] == machine.DONE
    assert done.trained.trainer.model.is_activation_checkpointing
    assert done.curve("train/loss") == pytest.approx(plain.curve("train/loss"), rel=1e-4)


def test_a_model_that_cannot_checkpoint_its_gradients_says_so(tmp_path: Path) -> None:
    import transformers

    builders.a_tiny_mobilenet(tmp_path)
    model = transformers.AutoModelForImageClassification.from_pretrained(tmp_path)
    assert machine.checkpoint_gradients(model).startswith("left out: MobileNetV2")


def a_small_model() -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))


def compiled_by(backend: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """In place of torch's own, which takes a minute to start."""
    compiled = nn.Module.compile
    monkeypatch.setattr(nn.Module, "compile", lambda model: compiled(model, backend=backend))


def test_a_compiled_model_keeps_the_names_of_its_weights_and_its_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled_by("aot_eager", monkeypatch)
    model, inputs = a_small_model(), torch.ones(2, 3)
    names, expected = list(model.state_dict()), model(inputs)
    assert machine.compiled(model, lambda: model(inputs).sum().backward()) == machine.DONE
    assert model._compiled_call_impl is not None
    assert torch.allclose(model(inputs), expected)
    assert list(model.state_dict()) == names
    machine.undo_compiling(model)
    assert torch.equal(model(inputs), expected)


def test_a_model_is_left_as_it_is_where_there_is_no_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from torch._inductor import config

    monkeypatch.setattr(config.cpp, "cxx", (str(tmp_path / "no compiler"),))
    monkeypatch.setattr(config, "fx_graph_cache", False)
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "cache"))
    model, inputs = a_small_model(), torch.ones(5, 3)
    found = machine.compiled(model, lambda: model(inputs).sum().backward())
    assert found.startswith("left out: ")
    assert model(inputs).shape == (5, 1)


def test_a_run_that_cannot_be_compiled_goes_on_without(
    project: Project, spec: Spec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> Any:
        raise RuntimeError("no compiler for this")

    plain = learned(a_run(project, **spec), tmp_path / "plain")
    compiled_by(fails, monkeypatch)
    done = learned(a_run(project, **spec, compile=True), tmp_path / "compiled")
    assert "no compiler for this" in done.facts["compile"]
    assert done.curve("train/loss") == plain.curve("train/loss")


def test_the_facts_say_how_fast_it_was_and_what_it_took(project: Project, spec: Spec, tmp_path: Path) -> None:
    done = learned(a_run(project, **spec), tmp_path)
    assert done.facts["items_per_second"] > 0
    assert done.trained.watch.meter.items == 2 * N
    assert done.facts["peak_memory_bytes"] >= done.curve("system/memory")[0] > 50 * 2**20
    assert done.curve("train/items_per_second")[0] > 0
    assert "gpu_peak_memory_bytes" in done.facts or not torch.cuda.is_available()


def test_a_gpu_says_how_busy_and_how_full_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two GPUs stand in: one whose driver tells its work, one whose driver does not."""

    class Library:
        def nvmlDeviceGetHandleByUUID(self, name: bytes, handle: Any) -> int:
            assert name.startswith(b"GPU-")
            return 0 if name == b"GPU-0" else 6

        def nvmlDeviceGetUtilizationRates(self, handle: Any, rates: Any) -> int:
            rates._obj.gpu = 40
            return 0

    class Named:
        def __init__(self, number: int) -> None:
            self.uuid = number

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda number: (60 - number, 100))
    monkeypatch.setattr(torch.cuda, "get_device_properties", Named)
    monkeypatch.setattr(gauges, "_nvml", Library)
    assert gauges.gpus() == {"system/gpu": 0.4, "system/gpu_memory": 81.0}
    monkeypatch.setattr(gauges, "_nvml", lambda: None)
    assert gauges.gpus() == {"system/gpu_memory": 81.0}
