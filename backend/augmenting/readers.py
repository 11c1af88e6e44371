"""How training reads texts, for all that shows or judges what it reads. For the assistant: it loads tokenizers."""

import threading
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from backend.augmenting import catalogue, texts
from backend.models import catalogue as models
from backend.models import load
from backend.training import building
from backend.training.text import Reader

KEPT = 4
# A tokenizer keeps as state where it cuts, and the assistant has several threads: read under this lock.
one_at_a_time = threading.Lock()


def reader_of(
    base: str, steps: Sequence[Mapping[str, Any]], max_length: int, seed: int, long_texts: str = "start"
) -> Reader:
    """What training with these settings reads its texts with.

    Raises Invalid, BadSpec for a mask that the base does not have, ModelNotHere, BadFile.
    """
    clean = catalogue.validate(list(steps))
    catalogue.check_kind(clean, "text")
    tokenizer = tokenizer_of(models.folder_of(base))
    facts = texts.facts_of(tokenizer)
    texts.check_mask(clean, models.find(base).title, has_mask=facts.mask is not None)
    return Reader(tokenizer, max_length, clean, facts, seed, long_texts)


@lru_cache(maxsize=KEPT)
def tokenizer_of(folder: Path) -> Any:
    import transformers

    load.quiet(transformers)
    with building.in_words(folder):
        return transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
