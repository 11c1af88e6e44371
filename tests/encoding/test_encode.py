"""Items to vectors: right, once, and kept when something stops on the way."""

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from backend import blobs, errors
from backend.encoding import default_encoder, encode, images, texts, vectors
from backend.encoding.encode import Content
from backend.models import catalogue, load
from backend.models.catalogue import DESCRIPTOR, MINILM
from tests.models.builders import a_small_bert, a_small_clip

TEXTS = ["A heron stands in the river.", "", "Zwei Bücher!", "word " * 100_000, "x" * 100_000, "stock markets fell"]


def contents_of(*written: str) -> list[Content]:
    return [(hashlib.sha256(text.encode()).digest(), text) for text in written]


def a_picture(color: str = "red", image_format: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (40, 30), color).save(file, image_format)
    return blobs.put(file.getvalue())


def reference(folder: Path, text: str, max_tokens: int) -> np.ndarray:
    """The mean of the token vectors of one text alone, as sentence-transformers' Pooling has it."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokens = AutoTokenizer.from_pretrained(folder)(text, truncation=True, max_length=max_tokens, return_tensors="pt")
    with torch.inference_mode():
        states = AutoModel.from_pretrained(folder)(**tokens).last_hidden_state[0]
    mean = states.mean(0).numpy()
    return mean / np.linalg.norm(mean)


def test_minilm_gives_the_vectors_of_sentence_transformers_in_any_batch(home: Path) -> None:
    found = encode.of_texts(MINILM, TEXTS)
    expected = [reference(catalogue.folder_of(MINILM), text, 256) for text in TEXTS]
    assert np.abs(found - np.stack(expected)).max() < 1e-5
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)


def test_a_local_text_model_is_an_encoder_of_its_own(home: Path, tmp_path: Path) -> None:
    encoder_id = a_small_bert(tmp_path / "own")
    found = encode.of_texts(encoder_id, ["heron", "a much longer text about a heron"])
    assert np.abs(found[1] - reference(tmp_path / "own", "a much longer text about a heron", 128)).max() < 1e-5
    assert not vectors.get(MINILM, [hashlib.sha256(b"heron").digest()])[1].any()


def test_what_is_cached_is_not_computed_again(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = encode.of_texts(MINILM, ["heron", "stork", "heron"])
    size_bytes = vectors.stamp(MINILM)
    monkeypatch.setattr(texts, "encode", lambda *_: pytest.fail("computed again"))
    assert np.array_equal(encode.of_texts(MINILM, ["stork", "heron"]), first[[1, 0]])
    assert vectors.stamp(MINILM) == size_bytes


def test_what_was_done_before_a_stop_is_kept(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encode, "CHUNK", 2)
    seen = []

    def stop_after_two(done: int, total: int) -> None:
        seen.append((done, total))
        if done >= 2:
            raise KeyboardInterrupt

    contents = contents_of("heron", "stork", "crane", "tern")
    with pytest.raises(KeyboardInterrupt):
        encode.ensure(MINILM, contents, stop_after_two)
    assert seen == [(0, 4), (2, 4)]
    assert vectors.get(MINILM, [content_hash for content_hash, _ in contents])[1].sum() == 2


def test_both_sides_of_clip_have_one_space_and_one_cache(home: Path, tmp_path: Path) -> None:
    clip = a_small_clip(tmp_path / "clip")
    found = encode.ensure(clip, [(a_picture("red"), None), *contents_of("a red square"), (a_picture("blue"), None)])
    assert found.shape == (3, 16)
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)


def test_an_image_that_cannot_be_read_has_zeros_and_does_not_stop_the_others(home: Path) -> None:
    broken = blobs.put(b"no image at all")
    found = encode.ensure(DESCRIPTOR, [(broken, None), (a_picture(), None)])
    assert not found[0].any()
    assert np.isclose(np.linalg.norm(found[1]), 1, atol=1e-5)
    assert vectors.get(DESCRIPTOR, [broken])[1].tolist() == [False]


def test_an_image_is_turned_as_its_camera_said_and_transparency_is_white(home: Path) -> None:
    turned = Image.new("RGB", (40, 30), "green")
    exif = turned.getexif()
    exif[0x0112] = 6
    file = io.BytesIO()
    turned.save(file, "JPEG", exif=exif)
    read = images.read(blobs.put(file.getvalue()))
    assert read is not None
    assert read.size == (30, 40)
    file = io.BytesIO()
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(file, "PNG")
    clear = images.read(blobs.put(file.getvalue()))
    assert clear is not None
    assert clear.getpixel((4, 4)) == (255, 255, 255)


def test_every_kind_has_an_encoder_that_is_always_here() -> None:
    assert [default_encoder(kind) for kind in ("text", "image")] == [MINILM, DESCRIPTOR]


@pytest.mark.shared
def test_a_local_image_model_encodes_by_its_pooled_output(home: Path, shared: Path) -> None:
    found = encode.ensure(
        f"path:{shared / 'weights' / 'mobilenet_v2'}", [(a_picture(), None), (a_picture("blue"), None)]
    )
    assert found.shape == (2, 1280)
    assert not np.allclose(found[0], found[1], atol=1e-3)


@pytest.mark.parametrize("how", ["cls", "max", "mean", ["mean", "cls"], "legacy cls", "legacy max and mean"])
def test_a_sentence_encoder_pools_as_its_folder_says(home: Path, tmp_path: Path, how: str | list[str]) -> None:
    from sentence_transformers import SentenceTransformer

    folder = tmp_path / "own"
    encoder_id = a_small_bert(folder)
    (folder / "1_Pooling").mkdir()
    said: dict[str, Any] = {"word_embedding_dimension": 32}
    if str(how).startswith("legacy"):
        flags = {
            f"pooling_mode_{name}": name.split("_")[0] in how for name in ("mean_tokens", "cls_token", "max_tokens")
        }
        said |= flags
    else:
        said["pooling_mode"] = how
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(said))
    modules = [
        ("transformers", "Transformer", ""),
        ("pooling", "Pooling", "1_Pooling"),
        ("normalize", "Normalize", "2_Normalize"),
    ]
    (folder / "2_Normalize").mkdir()
    (folder / "modules.json").write_text(json.dumps([
        {"idx": number, "name": str(number), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for number, (_, kind, path) in enumerate(modules)
    ]))  # fmt: skip
    written = ["heron", "a much longer text about a heron", ""]
    expected = SentenceTransformer(str(folder), device="cpu", local_files_only=True).encode(written)
    assert np.abs(encode.of_texts(encoder_id, written) - expected).max() < 1e-4


def test_a_pooling_that_winnow_does_not_know_is_said(home: Path, tmp_path: Path) -> None:
    encoder_id = a_small_bert(tmp_path / "own")
    (tmp_path / "own" / "1_Pooling").mkdir()
    (tmp_path / "own" / "1_Pooling" / "config.json").write_text('{"pooling_mode_lasttoken": true}')
    with pytest.raises(errors.BadFile, match="lasttoken"):
        encode.of_texts(encoder_id, ["heron"])


def test_vectors_of_two_precisions_have_two_files(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder_id = a_small_bert(tmp_path / "own")
    exact = encode.of_texts(encoder_id, ["heron", "stork"])
    first = vectors.path_of(encoder_id)
    monkeypatch.setattr(load, "precision", lambda: load.BF16)
    rough = encode.of_texts(encoder_id, ["heron", "stork", "crane"])[:2]
    assert vectors.path_of(encoder_id) != first
    assert vectors.get(encoder_id, [hashlib.sha256(b"heron").digest()])[1].all()
    assert 0 < np.abs(rough - exact).max() < 0.05
    # Winnow's own descriptor is no matter of the graphics card.
    assert "bf16" not in vectors.path_of(DESCRIPTOR).name


def test_more_images_than_are_decoded_ahead_keep_their_order_and_a_broken_one_its_place(
    home: Path, tmp_path: Path
) -> None:
    clip = a_small_clip(tmp_path / "clip")
    colors = [f"rgb({5 * number}, {255 - 5 * number}, 90)" for number in range(50)]
    hashes = [a_picture(color) for color in colors]
    hashes.insert(20, blobs.put(b"no image at all"))
    found = encode.ensure(clip, [(each, None) for each in hashes])
    assert np.flatnonzero(~found.any(axis=1)).tolist() == [20]
    for row in (0, 19, 21, 50):
        alone = next(vector for _, some in images.each_batch(clip, [hashes[row]]) for vector in some)
        assert np.allclose(found[row], alone, atol=1e-5)


def test_a_batch_of_images_that_the_memory_does_not_hold_is_halved_and_none_is_lost(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = a_small_clip(tmp_path / "clip")
    real = images.of_pixels

    def small(loaded: load.Loaded, pixels: list[Any]) -> list[Any]:
        if len(pixels) > 3:
            raise RuntimeError("CUDA out of memory.")
        return real(loaded, pixels)

    monkeypatch.setattr(images, "of_pixels", small)
    found = encode.ensure(clip, [(a_picture(f"rgb({number}, 0, 0)"), None) for number in range(30)])
    assert found.any(axis=1).all()


@pytest.mark.parametrize(
    ("size", "expected"), [((1600, 1200), (200, 150)), ((1600, 1204), (400, 301)), ((1601, 1200), (1601, 1200)),
                           ((240, 200), (240, 200))]
)  # fmt: skip
def test_an_image_is_decoded_smaller_by_what_divides_it_but_well_above_what_the_model_sees(
    home: Path, tmp_path: Path, size: tuple[int, int], expected: tuple[int, int]
) -> None:
    processor = load.encoder(a_small_clip(tmp_path / "clip")).processor
    assert images.input_side(processor) == 32
    file = io.BytesIO()
    Image.new("RGB", size, "green").save(file, "JPEG")
    read = images.read(blobs.put(file.getvalue()), images.OVERSIZE * images.input_side(processor))
    assert read is not None
    assert read.size == expected


def test_of_a_long_strip_only_the_middle_is_looked_at() -> None:
    strip = Image.new("RGB", (4_000, 2), "red")
    strip.paste((0, 0, 255), (1_990, 0, 2_010, 2))
    middle = images.middle(strip)
    assert middle.size == (40, 2)
    assert middle.getpixel((20, 1)) == (0, 0, 255)
    assert images.middle(strip.rotate(90, expand=True)).size == (2, 40)
    whole = Image.new("RGB", (400, 300))
    assert images.middle(whole) is whole
