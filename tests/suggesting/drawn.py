"""Drawn coloured shapes with captions, and a small CLIP that is trained on them."""

import io
import random
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

COLOURS = {"red": (214, 48, 49), "green": (38, 166, 91), "blue": (41, 98, 255), "yellow": (241, 196, 15)}
SHAPES = ("circle", "square", "triangle", "bar")
SIDE = 32
WORDS = ("a", "an", "the", "of", "image", "photo", "drawing", "picture", *COLOURS, *SHAPES)
TEMPLATES = ("a {}", "the {}", "a photo of a {}", "a drawing of the {}", "a picture of a {}", "{}")


def draw(colour: str, shape: str, chance: random.Random) -> Image.Image:
    """One shape of any size, place and shade, on any dark or light ground."""
    ground = chance.choice([chance.randint(0, 60), chance.randint(190, 255)])
    image = Image.new("RGB", (SIDE, SIDE), (ground,) * 3)
    half, x, y = chance.randint(8, 12), chance.randint(13, 18), chance.randint(13, 18)
    fill = tuple(max(0, min(255, value + chance.randint(-25, 25))) for value in COLOURS[colour])
    pen, box = ImageDraw.Draw(image), (x - half, y - half, x + half, y + half)
    if shape == "circle":
        pen.ellipse(box, fill=fill)
    elif shape == "square":
        pen.rectangle(box, fill=fill)
    elif shape == "triangle":
        pen.polygon([(x, y - half), (x - half, y + half), (x + half, y + half)], fill=fill)
    else:
        pen.rectangle((x - half, y - half // 3, x + half, y + half // 3), fill=fill)
    return image


def as_png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def a_trained_clip(folder: Path, *, steps: int = 350, seed: int = 0) -> str:
    """Train a CLIP from nothing on drawn shapes with captions, and save it as people's folders are. Its model id."""
    import torch

    # With more, so small a model mostly waits for its own threads.
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    model, tokenizer, processor = _parts()
    chance = random.Random(seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=steps)
    pairs = [(colour, shape) for colour in COLOURS for shape in SHAPES]
    model.train()
    for _ in range(steps):
        # Each of the 16 things once: within a batch only the own caption is right.
        images = [draw(colour, shape, chance) for colour, shape in pairs]
        captions = [chance.choice(TEMPLATES).format(f"{colour} {shape}") for colour, shape in pairs]
        words = tokenizer(captions, padding=True, return_tensors="pt")
        # As the processor makes them of pictures of this very size, in less time.
        bytes_of = np.stack([np.asarray(image, np.float32) for image in images])
        scaled = (bytes_of / 255 - np.float32(processor.image_mean)) / np.float32(processor.image_std)
        pixels = torch.from_numpy(scaled.transpose(0, 3, 1, 2))
        loss = model(**words, pixel_values=pixels, return_loss=True).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    for part in (model, tokenizer, processor):
        part.save_pretrained(folder)
    return f"path:{folder}"


def _parts() -> tuple[Any, Any, Any]:
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel

    size = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 128}
    tokenizer = _tokenizer()
    words = size | {
        "vocab_size": len(tokenizer), "max_position_embeddings": 16, "pad_token_id": tokenizer.pad_token_id,
        "bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id,
    }  # fmt: skip
    seen = size | {"image_size": SIDE, "patch_size": 8}
    model = CLIPModel(CLIPConfig(text_config=words, vision_config=seen, projection_dim=32))
    processor = CLIPImageProcessor(size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE})
    return model, tokenizer, processor


def _tokenizer() -> Any:
    """A word is a token, between a start and an end as CLIP has them."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    # Not the end as number 2: transformers takes that for the config of an old CLIP, and looks elsewhere for the end.
    special = ("<pad>", "<start>", "<unk>", "<end>")
    table = {word: number for number, word in enumerate((*special, *WORDS))}
    inner = Tokenizer(models.WordLevel(table, unk_token="<unk>"))
    inner.normalizer = normalizers.Lowercase()
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    ends = [("<start>", table["<start>"]), ("<end>", table["<end>"])]
    inner.post_processor = processors.TemplateProcessing(single="<start> $A <end>", special_tokens=ends)
    return PreTrainedTokenizerFast(
        tokenizer_object=inner, pad_token="<pad>", bos_token="<start>", eos_token="<end>", unk_token="<unk>",
        model_max_length=16, model_input_names=["input_ids", "attention_mask"],
    )  # fmt: skip
