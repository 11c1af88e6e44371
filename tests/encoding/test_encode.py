"""Items to vectors: right, once, and kept when something stops on the way."""

import hashlib
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from backend import blobs
from backend.encoding import default_encoder, encode, images, texts, vectors
from backend.encoding.encode import Content
from backend.models import catalogue
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
