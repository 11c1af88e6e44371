"""A recipe as a Python module that needs no Winnow: torch, torchvision, and what reads the picture."""

import inspect
from collections.abc import Sequence
from pathlib import Path

from backend import errors
from backend.augmenting import calls, sight
from backend.augmenting.calls import Call, Size
from backend.models import catalogue
from backend.training import anatomy


def module(of_items: Sequence[Call], of_batches: Sequence[Call], size: Size, base: str | None) -> str:
    """`picture` is there with a base, `mix` where something is done to batches."""
    height, width = size
    parts = [imports(base), COMPOSE.format(name="augment", body=calls.written(of_items))]
    if of_batches:
        parts.append(COMPOSE.format(name="augment_batch", body=calls.written(of_batches)))
    if base:
        parts.append(picture(base, height))
    parts.append(SAMPLE.format(height=height, width=width))
    if of_batches:
        parts.append(MIX)
    return "".join(parts)


def imports(base: str | None) -> str:
    lines = ["import hashlib", "", "import torch", "from torchvision.transforms import v2"]
    if base:
        lines.insert(3, "from PIL import Image, ImageOps")
    if base and base != catalogue.COMPACT_RESNET:
        lines.append("from transformers import AutoImageProcessor")
    return "\n".join(lines) + "\n"


def picture(base: str, size: int) -> str:
    """`picture(path)`: as `sight.seen` makes it."""
    if base == catalogue.COMPACT_RESNET:
        return OPENED + STRETCHED.format(size=size)
    name, revision = name_of(base)
    told = f"{name!r}{revision}"
    resized = ""
    if size != own_size(base):
        function = inspect.getsource(sight.resize).replace("(processor: Any, side: int) -> None", "(processor, side)")
        resized = f"\n\n{function}\n\nresize(processor, {size})\n"
    loaded = f"\nprocessor = AutoImageProcessor.from_pretrained({told}, backend='torchvision')\n"
    return loaded + resized + OPENED + PREPARED


def name_of(base: str) -> tuple[str, str]:
    """What transformers calls the base, and its revision as one more argument, if there is one to name."""
    if base.startswith("hub:"):
        name, _, revision = base.removeprefix("hub:").partition("@")
        return name, f", revision={revision!r}" if revision else ""
    return str(Path(base.partition(":")[2]).expanduser()), ""


def own_size(base: str) -> int | None:
    """The side of the pictures that the base takes by itself; none when it is not here to tell."""
    try:
        return anatomy.image_size(catalogue.folder_of(base))
    except (errors.WinnowError, OSError, ValueError):
        return None


COMPOSE = """
{name} = v2.Compose([
{body}
])
"""
OPENED = '''

def picture(path):
    """The file as the model sees it. Winnow also brings colours to sRGB, and puts what shows through on white."""
    image = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
'''
STRETCHED = """    return v2.functional.resize(v2.functional.pil_to_tensor(image), [{size}, {size}], antialias=True)
"""
PREPARED = """    prepared = processor(images=image, do_rescale=False, do_normalize=False, return_tensors="pt")
    return prepared["pixel_values"][0].to(torch.uint8)
"""
SAMPLE = '''

def sample(image, seed, content_hash, epoch):
    """image: uint8 tensor of 3 x {height} x {width}. content_hash: SHA-256 of the file. epoch: from 0."""
    digest = hashlib.sha256(f"{{seed}} {{epoch}} ".encode() + content_hash).digest()
    torch.manual_seed(int.from_bytes(digest[:4], "big"))
    return augment(image)
'''
MIX = '''

def mix(images, labels, seed, content_hashes, epoch):
    """images: the samples of a batch, stacked. labels: (n, classes), 1.0 for the class. Both come back as floats."""
    digest = hashlib.sha256(f"batch {seed} {epoch} ".encode() + b"".join(content_hashes)).digest()
    torch.manual_seed(int.from_bytes(digest[:4], "big"))
    return augment_batch(images.float(), labels)
'''
