"""Adapters and frozen layers on every architecture, without a training loop."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from peft import PeftModel

from backend import errors
from backend.models import catalogue, load
from backend.training import adapting, anatomy, few_bits, freezing, setting
from tests.training import bases
from tests.training.bases import LOOP, a_few_steps, built, looked_at, makes, scores

ALL = [*bases.TEXTS, *bases.IMAGES]
ADAPTED = [name for name in ALL if name != "resnet"]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    load.quiet(transformers)
    return bases.kept(tmp_path_factory.mktemp("bases"))


LAYERS = {
    "bert": "query, value in 2 blocks",
    "roberta": "query, value in 2 blocks",
    "distilbert": "q_lin, v_lin in 2 blocks",
    "deberta": "in_proj in 2 blocks",
    "deberta-v3": "query_proj, value_proj in 2 blocks",
    "modernbert": "Wqkv in 2 blocks",
    "vit": "q_proj, v_proj in 2 blocks",
    "clip": "q_proj, v_proj in 2 blocks",
    "swin": "q_proj, v_proj in 3 blocks",
    "dinov2": "q_proj, v_proj in 2 blocks",
    "convnext": "pwconv1, pwconv2 in 3 blocks",
    "mobilenet": "expand_1x1, reduce_1x1 in 16 blocks",
}


@pytest.mark.parametrize("architecture", ADAPTED)
def test_an_adapter_is_merged_exactly_and_goes_onto_its_base_by_itself(
    base: Any, architecture: str, tmp_path: Path
) -> None:
    chosen = setting.filled(LOOP | {"base": base(architecture), "method": "lora"})
    wrapped, places = adapting.adapted(built(base(architecture), architecture), chosen)
    assert adapting.said(places) == LAYERS[architecture]
    model, inputs = wrapped.model, looked_at(architecture)
    before = scores(model, inputs)
    a_few_steps(model, inputs)
    apart = scores(model, inputs)
    assert (apart - before).abs().max() > 1e-2
    adapter = adapting.taken(model, wrapped.written, chosen["base"])
    whole = adapting.merged(model)
    assert (scores(whole, inputs) - apart).abs().max() < 1e-4
    whole.save_pretrained(tmp_path)
    adapter.save(tmp_path)
    assert adapter.size_bytes < (tmp_path / "adapter" / "adapter_model.safetensors").stat().st_size
    assert base(architecture).removeprefix("path:") in (tmp_path / "adapter" / "README.md").read_text("utf-8")
    # As that note tells.
    config = transformers.AutoConfig.from_pretrained(tmp_path)
    plain = makes(architecture).from_pretrained(catalogue.folder_of(base(architecture)), config=config)
    again = PeftModel.from_pretrained(plain, str(tmp_path / "adapter"))
    adapting.speak_for_convolutions(again)
    assert (scores(again, inputs) - apart).abs().max() < 1e-4


def test_minilm_keeps_its_averaging_layer_beside_the_adapter(tmp_path: Path) -> None:
    chosen = setting.filled(LOOP | {"base": catalogue.MINILM, "method": "lora"})
    wrapped, places = adapting.adapted(built(catalogue.MINILM, "bert"), chosen)
    # Six blocks are the base's; the seventh only averages.
    assert adapting.said(places) == "query, value in 6 blocks"
    model, inputs = wrapped.model, looked_at("bert")
    a_few_steps(model, inputs)
    apart, adapter = scores(model, inputs), adapting.taken(model, wrapped.written, chosen["base"])
    whole = adapting.merged(model)
    assert (scores(whole, inputs) - apart).abs().max() < 1e-4
    whole.config.save_pretrained(tmp_path)
    adapter.save(tmp_path)
    assert adapter.config.base_model_name_or_path == "sentence-transformers/all-MiniLM-L6-v2"
    config = transformers.AutoConfig.from_pretrained(tmp_path)
    folder = catalogue.folder_of(catalogue.MINILM)
    plain = transformers.AutoModelForSequenceClassification.from_pretrained(folder, config=config)
    again = PeftModel.from_pretrained(plain, str(tmp_path / "adapter"))
    assert (scores(again, inputs) - apart).abs().max() < 1e-4


def test_the_classifier_is_trained_even_where_the_base_has_one_of_the_right_size(base: Any, tmp_path: Path) -> None:
    before = built(base("bert"), "bert")
    before.model.save_pretrained(tmp_path)
    before.prepares.save_pretrained(tmp_path)
    again = built(f"path:{tmp_path}", "bert")
    assert again.fresh == []
    chosen = setting.filled(LOOP | {"base": f"path:{tmp_path}", "method": "lora"})
    wrapped, _ = adapting.adapted(again, chosen)
    learning = [name for name, each in wrapped.model.named_parameters() if each.requires_grad]
    assert sum("classifier" in name for name in learning) == 2


@pytest.mark.parametrize("architecture", ALL)
def test_frozen_layers_stay_as_they_are_and_the_others_learn(base: Any, architecture: str) -> None:
    loaded = built(base(architecture), architecture)
    model = loaded.model
    freezing.freeze(loaded, 1)
    before = {name: each.clone() for name, each in model.state_dict().items()}
    a_few_steps(model, looked_at(architecture))
    changed = {name for name, each in model.state_dict().items() if not torch.equal(each, before[name])}
    blocks = anatomy.blocks(before)
    assert not {name for name in changed if anatomy.block_of(name) == blocks[0]}
    assert not {name for name in changed if "embed" in name or "conv_stem" in name}
    assert {name for name in changed if anatomy.block_of(name) == blocks[-1]}
    assert {name for name in changed if "classifier" in name}


def test_batch_norms_of_frozen_blocks_keep_their_running_statistics(base: Any) -> None:
    loaded = built(base("mobilenet"), "mobilenet")
    freezing.freeze(loaded, 3)
    before = {name: each.clone() for name, each in loaded.model.named_buffers()}
    a_few_steps(loaded.model, looked_at("mobilenet"))
    changed = {name for name, each in loaded.model.named_buffers() if (each != before[name]).any()}
    assert not {name for name in changed if "conv_stem" in name or any(f"layer.{n}." in name for n in range(3))}
    assert {name for name in changed if "layer.3." in name}


def test_lora_on_convolutions_keeps_all_running_statistics(base: Any) -> None:
    chosen = setting.filled(LOOP | {"base": base("mobilenet"), "method": "lora"})
    wrapped, _ = adapting.adapted(built(base("mobilenet"), "mobilenet"), chosen)
    before = {name: each.clone() for name, each in wrapped.model.named_buffers()}
    a_few_steps(wrapped.model, looked_at("mobilenet"))
    assert all(torch.equal(each, before[name]) for name, each in wrapped.model.named_buffers())


def test_lora_adapts_only_what_is_not_frozen(base: Any) -> None:
    model = built(base("bert"), "bert").model
    assert {name.split(".")[3] for name in adapting.layers_of(model, 1)} == {"1"}
    with pytest.raises(errors.BadSpec, match="no layers that LoRA can adapt") as told:
        adapting.layers_of(model, 2)
    assert told.value.hint.startswith("Freeze fewer layers")


def test_a_rounded_base_keeps_what_is_new_and_what_averages_exact(base: Any) -> None:
    makes_text = transformers.AutoModelForSequenceClassification
    config = transformers.AutoConfig.from_pretrained(catalogue.folder_of(base("deberta-v3")))
    for how in ("8bit", "4bit"):
        told = few_bits.loading(makes_text, config, how, ["deberta.encoder.layer.1"])
        rounding = told["quantization_config"]
        assert (rounding.load_in_8bit, rounding.load_in_4bit) == (how == "8bit", how == "4bit")
        assert rounding.llm_int8_skip_modules == ["pooler.dense", "classifier", "deberta.encoder.layer.1"]
        assert told["device_map"] == {"": load.device()}
    assert few_bits.loading(makes_text, config, "none") == {}


def test_an_adapter_from_a_rounded_base_is_merged_into_the_exact_one(base: Any) -> None:
    chosen = setting.filled(LOOP | {"base": base("vit"), "method": "lora"})
    wrapped, _ = adapting.adapted(built(base("vit"), "vit"), chosen)
    inputs = looked_at("vit")
    a_few_steps(wrapped.model, inputs)
    adapter = adapting.taken(wrapped.model, wrapped.written, chosen["base"])
    # Another classifier to begin with: the adapter brings its own.
    whole = adapting.merged_into(built(base("vit"), "vit").model, adapter)
    assert (scores(whole, inputs) - scores(wrapped.model, inputs)).abs().max() < 1e-5
