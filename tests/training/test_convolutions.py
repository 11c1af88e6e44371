"""Convolutions of networks from TensorFlow, which pad by themselves while this process trains."""

from pathlib import Path

import torch
import transformers

from backend.training import building
from tests.training import builders


def test_padding_inside_the_convolutions_changes_no_number(tmp_path: Path) -> None:
    base = builders.a_tiny_mobilenet(tmp_path / "base")
    built = building.image_model(base, ["round", "square"], multi_label=False, side=32).model.eval()
    quick = [
        module for module in built.modules() if getattr(getattr(module, "config", None), "tf_padding", None) is False
    ]
    assert len(quick) > 30
    built.save_pretrained(tmp_path / "saved")
    saved = transformers.AutoModelForImageClassification.from_pretrained(tmp_path / "saved").eval()
    assert saved.config.tf_padding
    # Of odd size too: there the two sides of a stride of 2 are padded otherwise.
    for side in (32, 45):
        pictures = torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(1))
        with torch.no_grad():
            assert torch.equal(built(pictures).logits, saved(pictures).logits)
