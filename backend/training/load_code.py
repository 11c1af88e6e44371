"""The Python that loads a run's model without Winnow and answers as the run does: for the model card.

"FOLDER" stands for the model's folder. What it prints for a model of several classes an item is what `predict` gives as
"class_names": the classes whose score reaches their threshold, the surest first.
"""

from inspect import getsource

from backend.training import windows
from db.models import Kind


def of_transformers(kind: str, *, multi_label: bool, long_texts: str = "start") -> str:
    """For a folder of `save_pretrained`."""
    if kind == Kind.TEXT and long_texts == "windows":
        functions = getsource(windows).partition("MOST_WINDOWS")
        source = (functions[1] + functions[2]).rstrip()
        return IN_WINDOWS.format(functions=source, answer=OF_SEVERAL_LOGITS if multi_label else OF_ONE_LOGITS)
    task, given, how = (
        ("text-classification", "Some text", ", truncation=True")
        if kind == Kind.TEXT
        else ("image-classification", "picture.jpg", "")
    )
    loaded = f'from transformers import pipeline\n\nclassify = pipeline("{task}", model="FOLDER"{how})\n'
    if multi_label:
        return loaded + OF_SEVERAL.format(given=given)
    return loaded + f'print(classify("{given}"{", top_k=None" if kind == Kind.TEXT else ""}))'


def of_head(*, multi_label: bool) -> str:
    """For a head on Winnow's own descriptor."""
    return HEAD + (HEAD_OF_SEVERAL if multi_label else HEAD_OF_ONE)


OF_SEVERAL = """config = classify.model.config
thresholds = dict(zip(config.id2label.values(), config.winnow_thresholds))
scores = classify("{given}", top_k=config.num_labels)
print([each["label"] for each in scores if each["score"] >= thresholds[each["label"]]])"""
IN_WINDOWS = """# Of a long text every window is read, and the logits are averaged.
from collections.abc import Sequence
from typing import Any

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

{functions}


model = AutoModelForSequenceClassification.from_pretrained("FOLDER").eval()
tokenizer = AutoTokenizer.from_pretrained("FOLDER")
ids = windows(tokenizer, ["Some text"], tokenizer.model_max_length)[0]
with torch.inference_mode():
    logits = model(**tokenizer.pad({{"input_ids": ids}}, return_tensors="pt")).logits.double().mean(0)
names = model.config.id2label
{answer}"""
OF_ONE_LOGITS = """scores = logits.softmax(0)
print({names[place]: scores[place].item() for place in scores.argsort(descending=True).tolist()})"""
OF_SEVERAL_LOGITS = """scores, least = logits.sigmoid(), model.config.winnow_thresholds
print([names[place] for place in scores.argsort(descending=True).tolist() if scores[place] >= least[place]])"""
HEAD = """# In Winnow's own folder: the vectors come from its descriptor, which transformers does not know.
from pathlib import Path
from PIL import Image
from backend.encoding.descriptor import describe
from backend.training.artifact import thresholds_of
from backend.training.head import load_head

folder = Path("FOLDER")
head, names = load_head(folder)
scores = head.scores(describe(Image.open("picture.jpg").convert("RGB"))[None])[0]
"""
HEAD_OF_ONE = "print(dict(zip(names, scores)))"
HEAD_OF_SEVERAL = """least = thresholds_of(folder)
print([names[place] for place in (-scores).argsort() if scores[place] >= least[place]])"""
