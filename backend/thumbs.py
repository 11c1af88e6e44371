"""Images as a screen shows them: upright, 8 bits a channel, sRGB, at most so many pixels wide or high.

What was made once is kept below `thumbs/` by content and size. Untrusted bytes are opened only here.
"""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageOps, UnidentifiedImageError

from backend import blobs, colours, errors, settings
from db.models import Item

# Made at import: what a grid shows on a screen with two pixels a point.
GRID_SIZE = 320
LARGEST_SIZE = 4096
JPEG_QUALITY = 85
# Small pictures are often drawings, and hardly smaller as JPEG.
PNG_UP_TO = 128
# The media types that a browser may get as they are. Never SVG or HTML: they can carry scripts.
SAFE_ORIGINALS = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})
ORIENTATION = 0x0112
# It warns of much that nobody can mend; what is too large is refused in `decode`. Set once: filters are not by thread.
warnings.filterwarnings("ignore", module="PIL")
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


def image_bytes(item: Item, size: int | None = None) -> tuple[bytes, str]:
    """The item's image at most `size` pixels on its longer side (None: as large as it is), and its media type.

    Raises NotFound when the item has no image, BadFile when its file cannot be read any more.
    """
    if item.media_type is None:
        raise errors.NotFound(f"Item {item.id} has no image.", "It is a text.")
    size = None if size is None else max(1, min(size, LARGEST_SIZE))
    if size is not None and item.width and item.height and size >= max(item.width, item.height):
        size = None
    kept = cached(item.content_hash, size)
    if kept:
        return kept.read_bytes(), media_type_of(kept)
    path = blobs.path_of(item.content_hash)
    if not path.exists():
        raise errors.NotFound(*blobs.why_gone(path))
    return keep(item.content_hash, decode(path, draft=size).image, size)


def cached(content_hash: bytes, size: int | None) -> Path | None:
    stem = path_stem(content_hash, size)
    return next((path for path in (stem.with_suffix(".jpg"), stem.with_suffix(".png")) if path.exists()), None)


def path_stem(content_hash: bytes, size: int | None) -> Path:
    name = content_hash.hex()
    return settings.home() / "thumbs" / name[:2] / f"{name}-{size or 'full'}"


def media_type_of(path: Path) -> str:
    return "image/jpeg" if path.suffix == ".jpg" else "image/png"


def keep(content_hash: bytes, image: Image.Image, size: int | None) -> tuple[bytes, str]:
    """Scale an upright image down to `size`, encode it and keep the result; return bytes and media type."""
    if size is not None and size < max(image.size):
        image = image.copy()
        image.thumbnail((size, size), Image.Resampling.LANCZOS)
    is_png = image.mode == "RGBA" or max(image.size) <= PNG_UP_TO
    out = io.BytesIO()
    if is_png:
        image.save(out, "PNG")
    else:
        image.save(out, "JPEG", quality=JPEG_QUALITY)
    path = path_stem(content_hash, size).with_suffix(".png" if is_png else ".jpg")
    # It can be made again: no need to wait until it is on the disk.
    blobs.write_whole(path, out.getvalue(), is_durable=False)
    return out.getvalue(), media_type_of(path)


class Decoded(NamedTuple):
    """An upright image in RGB or RGBA, and what its file says: media type, width and height as a person sees it.

    After a draft the image is smaller than `width` and `height` say.
    """

    image: Image.Image
    media_type: str
    width: int
    height: int


def decode(source: Path | bytes, *, draft: int | None = None) -> Decoded:
    """Read and decode a whole image, of several frames the first.

    With `draft` a JPEG may be decoded at a fraction of its size, but not below `draft` pixels.
    Raises BadFile for everything that is no sound image, or one of more pixels than Pillow thinks safe.
    """
    with guarded(), Image.open(io.BytesIO(source) if isinstance(source, bytes) else source, formats=formats()) as raw:
        if raw.width * raw.height > (Image.MAX_IMAGE_PIXELS or 0):
            raise Image.DecompressionBombError
        media_type = Image.MIME.get(raw.format or "", "application/octet-stream")[:50]
        width, height = raw.size
        is_draft = draft is not None and raw.draft(None, (draft, draft)) is not None and raw.size != (width, height)
        image = upright(raw)
        if not is_draft:
            width, height = image.size
        elif (image.width > image.height) != (width > height) and image.width != image.height:
            width, height = height, width
        return Decoded(image, media_type, width, height)


def rgb(source: Path | bytes, *, draft: int | None = None) -> Image.Image:
    """The image as every model sees it: as `decode` gives it, and what shows through on white. Raises BadFile."""
    if isinstance(source, Path) and not source.exists():
        raise errors.BadFile(*blobs.why_gone(source))
    image = decode(source, draft=draft).image
    if image.mode != "RGBA":
        return image
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")


@cache
def formats() -> tuple[str, ...]:
    """All that Pillow reads but those it hands to other programs, such as PostScript to Ghostscript."""
    Image.init()
    # HEIC, what phones make, needs a library of its own. AVIF is in Pillow.
    with suppress(ImportError):
        import_module("pillow_heif").register_heif_opener()
    return tuple(name for name in Image.ID if name not in ("EPS", "WMF"))


@contextmanager
def guarded() -> Iterator[None]:
    """Turn whatever Pillow raises into BadFile. It raises nearly everything: the formats are many and old."""
    try:
        yield
    except errors.WinnowError:
        raise
    except Image.DecompressionBombError:
        limit = (Image.MAX_IMAGE_PIXELS or 0) / 1e6
        raise errors.BadFile(f"The image has more than {limit:.0f} million pixels.", "Make it smaller.") from None
    except UnidentifiedImageError:
        raise errors.BadFile("This is no image that Winnow can read.", "Save it as JPEG or PNG.") from None
    except MemoryError:
        raise errors.BadFile("The image needs more memory than there is.", "Make it smaller.") from None
    except Exception as error:  # noqa: BLE001 - see above
        words = str(error).strip().splitlines()[:1] or [type(error).__name__]
        raise errors.BadFile(f"The image is broken: {words[0][:200]}.", "Save it again.") from None


def upright(raw: Image.Image) -> Image.Image:
    """Decode, turn as the camera was held, and bring to 8-bit sRGB, with alpha when something shows through."""
    raw.load()
    profile = raw.info.get("icc_profile")
    image = colours.screen(turned(raw), profile if isinstance(profile, bytes) else None)
    # Else Pillow would write the old profile into the new file, and the browser convert once more.
    image.info = {}
    return image


def turned(image: Image.Image) -> Image.Image:
    try:
        orientation = image.getexif().get(ORIENTATION, 1)
    except Exception:  # noqa: BLE001 - broken EXIF says nothing of the picture
        return image
    if orientation in range(2, 9):
        clean = Image.Exif()
        clean[ORIENTATION] = orientation
        bare = image.copy()
        bare.info = {name: value for name, value in image.info.items() if name == "transparency"}
        # Only the turn: other fields may be broken and would be written back.
        bare.info["exif"] = clean.tobytes()
        return ImageOps.exif_transpose(bare) or image
    return image
