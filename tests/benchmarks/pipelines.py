"""Zero-shot over items never seen before: transformers' pipelines against Winnow, the same model and items, one run.

Weights are random, shapes are real: a CLIP of openai/clip-vit-base-patch32's configuration, a BART of
facebook/bart-large-mnli's, and an NLI model of MiniLM's size. The pipelines run as their documentation calls them, over
a list of files or texts; `batched` is the same with batch_size=16. Winnow begins with an empty cache and an unknown
batch size; decoding, tokenizing and writing the caches are in its time. `one class more` is Winnow again, with the
caches of the row. `apart` is the largest difference of any score; on the flower photos it is larger, perhaps from
colour profiles, which Winnow minds and the pipelines do not.

Measured on Debian 12, Python 3.11, 2 cores (AVX-512), nothing else at work, load 0.3 to 2 (its own):

                                       classes  pipeline   winnow  ratio one class more    apart
    flower photos                            4    8.18/s  15.07/s   1.8x       1347.4/s    1e-03
    flower photos                           10    6.33/s  16.91/s   2.7x       1317.7/s    6e-04
      batched                               10   15.37/s
    flower photos                           50    2.46/s  16.45/s   6.7x        941.4/s    2e-04
    the same, 1600 x 1200                    4    7.32/s  15.18/s   2.1x       1552.9/s    1e-07
    the same, 1600 x 1200                   10    5.85/s  14.49/s   2.5x       1799.7/s    8e-08
      batched                               10   14.04/s
    the same, 1600 x 1200                   50    2.65/s  14.48/s   5.5x        432.5/s    2e-08
    MiniLM-sized NLI                         4   14.80/s  23.19/s   1.6x         81.5/s    6e-08
    MiniLM-sized NLI                        10    4.85/s   8.86/s   1.8x         68.8/s    3e-08
      batched                               10    6.76/s
    MiniLM-sized NLI                        50    0.93/s   1.79/s   1.9x         76.8/s    7e-09
      with the best 8 of MiniLM             50               7.77/s

The NLI model again, Winnow with WINNOW_PRECISION=bf16 (the pipeline in fp32 as before; the row of 50 was cut off):

    MiniLM-sized NLI                         4   11.55/s  25.62/s   2.2x        104.9/s    3e-04
    MiniLM-sized NLI                        10    5.22/s  15.13/s   2.9x        120.4/s    1e-04

BART-large ran only on a busy machine, in one thread (load 3 to 5), and was cut off after its first row:

    BART-large                               4    0.08/s   0.10/s   1.2x          0.6/s    1e-07

Short of the goals (images 5x, text 2x) where one pass of the model is nearly all of the pipeline's time too: a first
pass in the same precision multiplies the same matrices, and `batched` shows that the pipeline can have most of the
rest.
"""

import csv
import itertools
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from backend import blobs, settings
from backend.encoding import batches
from backend.models import catalogue, load
from backend.suggesting import clip, nli, rerank
from backend.suggesting.protocol import Content, Score
from tests.conftest import SHARED
from tests.models.builders import a_tokenizer

CLASSES = (4, 10, 50)
PHOTOS, NEWS = 64, 48
# The pipeline takes as long for each photo: these tell.
FIRST = {4: 24, 10: 24, 50: 12}
WORDS = ("sports", "business", "science", "politics", "weather", "music", "travel", "health", "law", "food")
LABELS = {"contradiction": 0, "neutral": 1, "entailment": 2}
Answers = list[dict[str, Any]]


def main() -> None:
    from transformers.utils import logging

    logging.set_verbosity_error()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["WINNOW_HOME"] = str(Path(folder, "home"))
        print(f"{'':34} {'classes':>7} {'pipeline':>9} {'winnow':>8} {'ratio':>6} {'one class more':>14} {'apart':>8}")
        photos(a_clip(Path(folder, "clip")), Path(folder))
        texts("MiniLM-sized NLI", a_minilm(Path(folder, "minilm")), dict.fromkeys(CLASSES, NEWS))
        texts("BART-large", a_bart(Path(folder, "bart")), {4: 8, 10: 6, 50: 2})


def photos(model_id: str, folder: Path) -> None:
    from transformers import pipeline

    loaded = load.encoder(model_id)
    peer = pipeline(
        "zero-shot-image-classification",
        model=loaded.model,
        tokenizer=loaded.tokenizer,
        image_processor=loaded.processor,
        device=loaded.device,
    )
    files = sorted((SHARED / "data" / "flower_photos" / "val").glob("*/*.jpg"))[:PHOTOS]
    for name, used in (("flower photos", files), ("the same, 1600 x 1200", enlarged(files, folder))):
        contents = [(blobs.put(file.read_bytes()), None) for file in used]
        for count in CLASSES:
            some = FIRST[count]

            def theirs(names: list[str], used: Sequence[Path] = used[:some], **how: Any) -> Answers:
                return list(peer([str(file) for file in used], candidate_labels=names, **how))

            def ours(names: list[str]) -> Score:
                return clip.suggester(model_id, [[f"This is a photo of {each}."] for each in names], multi_label=False)

            compare(name, theirs, ours, contents, some=some, count=count)
            if count == 10:
                print(f"{'  batched':34} {10:7} {rate(lambda: theirs(names_of(10), batch_size=16), some):7.2f}/s")


def texts(title: str, model_id: str, items: dict[int, int]) -> None:
    from transformers import pipeline

    loaded = load.entailment(model_id)
    peer = pipeline("zero-shot-classification", model=loaded.model, tokenizer=loaded.tokenizer, device=loaded.device)
    for count, some in items.items():
        written = news(some)
        contents = [(sha256(text.encode()).digest(), text) for text in written]

        def theirs(names: list[str], written: list[str] = written, **how: Any) -> Answers:
            return list(peer(written, candidate_labels=names, **how))

        def ours(names: list[str]) -> Score:
            return nli.suggester(model_id, hypotheses(names), multi_label=False)

        compare(title, theirs, ours, contents, some=some, count=count)
        if count == 10:
            print(f"{'  batched':34} {10:7} {rate(lambda: theirs(names_of(10), batch_size=16), some):7.2f}/s")

    def reranked(names: list[str]) -> Score:
        written = [[f"This text is about {each}."] for each in names]
        top = rerank.TOP_CLASSES
        return rerank.suggester(model_id, catalogue.MINILM, hypotheses(names), written, top, multi_label=False)

    forget()
    speed = rate(lambda: reranked(names_of(count))(contents), some)
    print(f"{f'  with the best {rerank.TOP_CLASSES} of MiniLM':34} {count:7} {'':11} {speed:6.2f}/s")


def compare(
    title: str,
    theirs: Callable[[list[str]], Answers],
    ours: Callable[[list[str]], Score],
    contents: Sequence[Content],
    *,
    some: int,
    count: int,
) -> None:
    """One row: the pipeline over the first `some` items, Winnow over all."""
    names = names_of(count)
    answers: Answers = []
    theirs(names[:2])
    forget()
    before = rate(lambda: answers.extend(theirs(names)), some)
    found: list[np.ndarray] = []
    after = rate(lambda: found.append(ours(names)(contents)), len(contents))
    more = rate(lambda: ours(names_of(count + 1))(contents), len(contents))
    expected = [[dict(zip(*columns(each), strict=True))[name] for name in names] for each in answers]
    apart = np.abs(found[0][:some] - np.array(expected)).max()
    print(
        f"{title:34} {count:7} {before:7.2f}/s {after:6.2f}/s {after / before:5.1f}x {more:12.1f}/s {apart:8.0e}",
        flush=True,
    )


def columns(answer: Any) -> tuple[list[str], list[float]]:
    """Names and scores; the pipelines do not agree about the shape."""
    if isinstance(answer, dict):
        return answer["labels"], answer["scores"]
    return [each["label"] for each in answer], [each["score"] for each in answer]


def rate(work: Callable[[], object], items: int) -> float:
    started = time.perf_counter()
    work()
    return items / (time.perf_counter() - started)


def forget() -> None:
    """The caches on the disk and the batch sizes found."""
    shutil.rmtree(settings.home() / "vectors", ignore_errors=True)
    batches._sizes.clear()


def names_of(count: int) -> list[str]:
    pairs = (f"{one} and {other}" for one, other in itertools.permutations(WORDS, 2))
    return list(itertools.islice(itertools.chain(WORDS, pairs), count))


def hypotheses(names: Sequence[str]) -> list[list[str]]:
    return [[f"This example is {each}."] for each in names]


def news(count: int) -> list[str]:
    with (SHARED / "data" / "ag_news" / "test.csv").open(encoding="utf-8", newline="") as file:
        return [f"{row[1]} {row[2]}" for row in itertools.islice(csv.reader(file), count)]


def enlarged(files: Sequence[Path], folder: Path) -> list[Path]:
    """As a camera would have taken them."""
    made = []
    for number, file in enumerate(files):
        made.append(folder / f"IMG_{number:04}.jpg")
        large = Image.open(file).convert("RGB").resize((1600, 1200), Image.Resampling.BICUBIC)
        large.save(made[-1], "JPEG", quality=90)
    return made


def a_clip(folder: Path) -> str:
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel

    # The tokenizer is the bundled one: another vocabulary, texts of about the same length.
    words = {"vocab_size": 30_522, "eos_token_id": 102, "bos_token_id": 101, "pad_token_id": 0}
    CLIPModel(CLIPConfig(text_config=words, vision_config={})).save_pretrained(folder)
    a_tokenizer(model_max_length=77, model_input_names=["input_ids", "attention_mask"]).save_pretrained(folder)
    CLIPImageProcessor().save_pretrained(folder)
    return f"path:{folder}"


def a_minilm(folder: Path) -> str:
    from transformers import BertConfig, BertForSequenceClassification

    shape = {"hidden_size": 384, "num_hidden_layers": 6, "num_attention_heads": 12, "intermediate_size": 1536}
    BertForSequenceClassification(BertConfig(**shape, **named())).save_pretrained(folder)
    a_tokenizer(model_max_length=512).save_pretrained(folder)
    return f"path:{folder}"


def a_bart(folder: Path) -> str:
    from transformers import BartConfig, BartForSequenceClassification

    marks = {"pad_token_id": 0, "bos_token_id": 101, "eos_token_id": 102, "decoder_start_token_id": 102}
    config = BartConfig(vocab_size=30_522, forced_eos_token_id=None, **marks, **named())
    BartForSequenceClassification(config).save_pretrained(folder)
    a_tokenizer(model_max_length=1024, model_input_names=["input_ids", "attention_mask"]).save_pretrained(folder)
    return f"path:{folder}"


def named() -> dict[str, Any]:
    return {"label2id": LABELS, "id2label": {index: name for name, index in LABELS.items()}}


if __name__ == "__main__":
    main()
