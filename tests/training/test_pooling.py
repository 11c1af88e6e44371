"""The averaging layer, computed the short way while this process trains."""

from pathlib import Path

import pytest
import torch
import transformers

from backend.models import catalogue
from backend.training import building, pooling
from backend.training.pooling import Pooling


@pytest.mark.parametrize("pool", [pooling.EXACT, pooling.TRAINABLE])
@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_what_is_saved_gives_the_scores_that_the_short_way_gives(tmp_path: Path, pool: Pooling, attention: str) -> None:
    model = building.text_model(catalogue.MINILM, ["a", "b"], multi_label=False, pool=pool).model.eval()
    model.save_pretrained(tmp_path)
    saved = transformers.AutoModelForSequenceClassification.from_pretrained(tmp_path, attn_implementation=attention)
    model.set_attn_implementation(attention)
    ids = torch.randint(1000, 20_000, (3, 12), generator=torch.Generator().manual_seed(1))
    mask = torch.ones_like(ids)
    mask[1, 7:] = mask[2, 2:] = 0
    for of_tokens in (mask, torch.ones_like(mask)):
        with torch.no_grad():
            ours = model(input_ids=ids, attention_mask=of_tokens).logits
            theirs = saved.eval()(input_ids=ids, attention_mask=of_tokens).logits
        assert torch.allclose(ours, theirs, rtol=1e-4, atol=ours.abs().max().item() * 1e-5)
