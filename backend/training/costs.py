"""What training costs, worked out from the base's files: multiply-adds and bytes. No torch, nothing is loaded.

Rules of thumb, right within a factor of about two. What a recipe takes, and reading the pictures, is not in them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backend.jobs import devices
from backend.models import catalogue
from backend.training import anatomy
from db.models import Kind

LETTERS_A_TOKEN = 3.5
# Python with torch, transformers and scikit-learn in memory, or on a GPU the context of CUDA.
BEFORE_BYTES = {"cpu": 1_100_000_000, "gpu": 600_000_000}
# Numbers that a layer keeps for the way back, by its width: the 34 bytes at 16 bit of Korthikanti et al. 2022, section
# 4.1, without those of the attention matrix, which torch computes again.
KEPT_A_TOKEN = 17
# The same of a stage of a pyramid by its width and its pixels, of its first layer and of a network whose stages are
# not told by pixel; counted in ResNet, Swin and MobileNetV2.
KEPT_IN_STAGE, KEPT_BY_STEM, KEPT_A_PIXEL = 8, 24, 450
# A convolution uses each weight at many places: one for some 400 pixels, by ResNet-18 to 50, ConvNeXt and Swin.
PIXELS_A_USE = 400
# What is kept in 16 bits takes not half: norms and losses stay in 32.
BYTES = {"fp32": 4.0, "bf16": 2.7, "fp16": 2.7}
# Architectures of transformers that cannot compute twice (gradient checkpointing).
KEEPS_ALL = frozenset({
    "albert", "bit", "convnext", "convnextv2", "ctrl", "cvt", "dinat", "efficientnet", "flaubert", "funnel", "hgnet_v2",
    "ibert", "levit", "mobilenet_v1", "mobilenet_v2", "mpnet", "perceiver", "poolformer", "pvt", "reformer", "regnet",
    "resnet", "squeezebert", "textnet", "timm_wrapper", "xlm", "xlnet",
})  # fmt: skip


@dataclass(frozen=True)
class Network:
    """weights: all of them; looked_up: those that are not multiplied with, the table of words. width: of a layer.

    patch: in pixels, of a network that keeps its width; else stages are (layers, width) from a quarter of the side on.
    """

    weights: int
    looked_up: int = 0
    width: int = 0
    layers: int = 0
    patch: int = 0
    stages: tuple[tuple[int, int], ...] = ()
    is_text: bool = False

    def uses(self, size: float) -> float:
        """How often an item of so many tokens, or pixels at its side, uses each weight."""
        if self.is_text:
            return size
        return (size / self.patch) ** 2 + 1 if self.patch else max(1.0, size**2 / PIXELS_A_USE)

    def kept(self, size: float) -> float:
        """Numbers kept for the way back, for one item of this size."""
        if self.is_text or self.patch:
            return KEPT_A_TOKEN * self.width * self.layers * self.uses(size)
        if not self.stages:
            return KEPT_A_PIXEL * size**2
        pixels = [(size / 4 / 2**number) ** 2 for number in range(len(self.stages))]
        of_stages = (layers * width * each for (layers, width), each in zip(self.stages, pixels, strict=True))
        return KEPT_BY_STEM * size**2 + KEPT_IN_STAGE * sum(of_stages)


def network(kind: str, base: str) -> Network:
    """Raises ModelNotHere or BadFile."""
    if base == catalogue.DESCRIPTOR:
        return Network(0)
    if base == catalogue.COMPACT_RESNET:
        return Network(1_230_000, stages=((1, 32), (1, 64), (1, 128), (1, 256)))
    folder = catalogue.folder_of(base)
    told = anatomy.config(folder)
    told = told.get("text_config" if kind == Kind.TEXT else "vision_config") or told
    weights, layers, width = anatomy.parameters(folder), anatomy.layers(folder), width_of(told)
    if kind == Kind.TEXT:
        words = min(int(told.get("vocab_size") or 0) * int(told.get("embedding_size") or width), weights)
        return Network(weights, words, width, layers, is_text=True)
    depths = told.get("depths")
    if not isinstance(depths, list) and told.get("patch_size"):
        return Network(weights, 0, width, layers, int(told["patch_size"]))
    return Network(weights, stages=stages(told))


def width_of(told: Mapping[str, Any]) -> int:
    named = (told.get(name) for name in ("hidden_size", "dim", "d_model"))
    return next((each for each in named if isinstance(each, int)), 768)


def stages(told: Mapping[str, Any]) -> tuple[tuple[int, int], ...]:
    """(layers, width) of each stage of a pyramid; empty when the config tells it in another way."""
    depths, widths = told.get("depths"), told.get("hidden_sizes")
    if not isinstance(depths, list):
        return ()
    if isinstance(told.get("embed_dim"), int):
        widths = [told["embed_dim"] * 2**number for number in range(len(depths))]
    if not isinstance(widths, list) or len(widths) != len(depths):
        return ()
    return tuple(zip(depths, widths, strict=True))


def can_compute_twice(base: str) -> bool:
    if base in (catalogue.DESCRIPTOR, catalogue.COMPACT_RESNET):
        return False
    return anatomy.config(catalogue.folder_of(base)).get("model_type") not in KEEPS_ALL


def learning_share(net: Network, spec: Mapping[str, Any]) -> float:
    """The share of the layers through which errors go back."""
    if spec["method"] == "head":
        return 0.0
    frozen = min(spec.get("frozen_layers", 0), net.layers)
    return 1 - frozen / net.layers if net.layers else 1.0


def operations(net: Network, spec: Mapping[str, Any], size: float) -> float:
    """To train on one item once: 2 for each weight on the way there, as many for the errors and for the weights."""
    forward = 2 * (net.weights - net.looked_up) * net.uses(size)
    back = 1.0 if spec["method"] == "lora" else 2.0
    again = 1.0 if spec.get("gradient_checkpointing") else 0.0
    return forward * (1 + (back + again) * learning_share(net, spec))


def memory_bytes(net: Network, spec: Mapping[str, Any], size: float) -> int:
    """At most at once, in the memory that the training computes in; `size` as its largest batch has it."""
    before = BEFORE_BYTES["cpu" if devices.found()[0].id == devices.CPU else "gpu"]
    bits = {"8bit": 1.0, "4bit": 0.55}.get(spec.get("quantization", "none"), 4.0)
    if spec["method"] == "head":
        return int(before + net.weights * bits + 32 * 0.2 * net.kept(size) * BYTES["fp32"])
    share = learning_share(net, spec)
    trained = adapters(net, spec) if spec["method"] == "lora" else (net.weights - net.looked_up * (share < 1)) * share
    # A gradient and the two moments of AdamW; the best weights are copied once, an average is one copy more.
    states = trained * 4 * (3 + bool(spec.get("ema")))
    kept = net.kept(size) * share * BYTES[spec.get("precision", "fp32")]
    if spec["method"] == "lora":
        # What only the frozen weights would need for their gradients is not kept.
        kept *= 0.7
    if spec.get("gradient_checkpointing"):
        # The input of each layer, and all of one.
        kept *= 1 / KEPT_A_TOKEN + 1 / max(net.layers, 1)
    return int(before + net.weights * bits + states + spec["batch_size"] * kept)


def adapters(net: Network, spec: Mapping[str, Any]) -> float:
    """Two matrices beside two layers of each attention."""
    return 4.0 * net.layers * net.width * int(spec.get("lora_rank", 16))


def tokens(letters: float) -> float:
    return letters / LETTERS_A_TOKEN + 2


def mean_size(kind: str, spec: Mapping[str, Any], sizes: Sequence[int]) -> float:
    """Tokens that an item takes on average, in all its windows, or the side in pixels. sizes: letters of some items."""
    if kind == Kind.IMAGE:
        return float(spec.get("image_size") or 224)
    # Longer ones are cut, unless they are read window by window. A head reads what its encoder reads.
    most = spec.get("max_length", 256) if spec.get("long_texts") != "windows" else float("inf")
    return sum(min(tokens(each), most) for each in sizes) / len(sizes) if sizes else min(64.0, most)


def largest_size(kind: str, spec: Mapping[str, Any], sizes: Sequence[int]) -> float:
    """Of the items in the largest batch."""
    if kind == Kind.IMAGE:
        return mean_size(kind, spec, sizes)
    return min(spec.get("max_length", 256), tokens(max(sizes, default=200)))


def room_bytes() -> int:
    """What a training may take of this machine's first device, leaving some for the rest."""
    return int(0.8 * devices.found()[0].memory_bytes)
