"""An image as numbers without a trained model: colour, edges and texture. A few milliseconds an image, numpy only.

Edges after Dalal & Triggs 2005 (histograms of oriented gradients, block-normalised), texture after Ojala et al. 2002
(local binary patterns at two scales), colour as histograms in HSV over the whole and its quarters.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from backend.encoding.vectors import Vectors

SIDE = 64
CELLS, DIRECTIONS = 8, 9
HUES, SATURATIONS, VALUES = 12, 4, 4
# The share of each part in the whole vector.
EDGES, TEXTURE, COLOR = 1.0, 1.0, 1.0
# What a pixel's eight neighbours say as bits, as one of 58 patterns with at most two changes, or "other".
NEIGHBOURS = ((-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1))


def describe(image: Image.Image) -> Vectors:
    """(d,) float32 of unit length."""
    small = image.resize((SIDE, SIDE), Image.Resampling.BILINEAR, reducing_gap=2.0)
    gray = np.asarray(small.convert("L"), np.float32) / 255
    hsv = np.asarray(small.convert("HSV"))
    parts = (EDGES * _unit(edges(gray)), TEXTURE * _unit(texture(gray)), COLOR * _unit(color(hsv)))
    return _unit(np.concatenate(parts)).astype(np.float32)


def edges(gray: NDArray[Any]) -> NDArray[Any]:
    """Histograms of gradient directions in cells, each cell seen in up to four normalised blocks of 2 x 2."""
    down, across = np.gradient(gray)
    strength = np.hypot(down, across)
    direction = (np.arctan2(down, across) % np.pi) / np.pi * DIRECTIONS
    low = np.floor(direction).astype(int) % DIRECTIONS
    share = direction - np.floor(direction)
    cell = np.arange(SIDE) // (SIDE // CELLS)
    place = (cell[:, None] * CELLS + cell[None, :]) * DIRECTIONS
    size = CELLS * CELLS * DIRECTIONS
    cells = np.bincount((place + low).ravel(), (strength * (1 - share)).ravel(), size)
    cells += np.bincount((place + (low + 1) % DIRECTIONS).ravel(), (strength * share).ravel(), size)
    return _block_normalised(cells.reshape(CELLS, CELLS, DIRECTIONS)).ravel()


def _block_normalised(cells: NDArray[Any]) -> NDArray[Any]:
    """The mean of each cell's values in the blocks that hold it: four times smaller than all of them."""
    total, count = np.zeros_like(cells), np.zeros((CELLS, CELLS, 1))
    for row in range(CELLS - 1):
        for column in range(CELLS - 1):
            here = np.s_[row : row + 2, column : column + 2]
            block = cells[here]
            # Clipped and normalised again, so that one strong edge does not silence the rest.
            clipped = np.minimum(block / (np.linalg.norm(block) + 0.05), 0.3)
            total[here] += clipped / (np.linalg.norm(clipped) + 0.05)
            count[here] += 1
    return np.sqrt(total / count)


def texture(gray: NDArray[Any]) -> NDArray[Any]:
    """Histograms of uniform local binary patterns at two distances."""
    return np.concatenate([_patterns(gray, 1), _patterns(gray, 3)])


def _patterns(gray: NDArray[Any], distance: int) -> NDArray[Any]:
    middle = gray[distance:-distance, distance:-distance]
    codes = np.zeros(middle.shape, int)
    for bit, (down, across) in enumerate(NEIGHBOURS):
        top, left = distance * (1 + down), distance * (1 + across)
        codes |= (gray[top : top + middle.shape[0], left : left + middle.shape[1]] > middle + 0.01).astype(int) << bit
    return np.sqrt(np.bincount(UNIFORM[codes].ravel(), minlength=59) / codes.size)


def color(hsv: NDArray[Any]) -> NDArray[Any]:
    """Histograms of hue, saturation and value together, over the whole image and, coarser, over its quarters."""
    half = SIDE // 2
    quarters = [hsv[down : down + half, across : across + half] for down in (0, half) for across in (0, half)]
    fine = _histogram(hsv, HUES, SATURATIONS, VALUES)
    return np.concatenate([fine, *(0.5 * _histogram(quarter, 8, 2, 2) for quarter in quarters)])


def _histogram(hsv: NDArray[Any], hues: int, saturations: int, values: int) -> NDArray[Any]:
    bins = hsv.reshape(-1, 3).astype(int) * (hues, saturations, values) // 256
    joint = (bins[:, 0] * saturations + bins[:, 1]) * values + bins[:, 2]
    return np.sqrt(np.bincount(joint, minlength=hues * saturations * values) / len(joint))


def _unit(values: NDArray[Any]) -> NDArray[Any]:
    return values / max(float(np.linalg.norm(values)), 1e-9)


def _uniform() -> NDArray[np.int64]:
    """Pattern of 8 bits -> its place in the histogram; all with more than two changes share the last."""
    changes = [(code ^ ((code >> 1) | ((code & 1) << 7))).bit_count() for code in range(256)]
    table = np.full(256, 58)
    table[[code for code in range(256) if changes[code] <= 2]] = np.arange(58)
    return table


UNIFORM = _uniform()
