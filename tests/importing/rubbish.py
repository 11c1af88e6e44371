"""Files that nobody should have to survive: broken, mislabeled, hostile. Each builder fills a folder."""

import gzip
import io
import os
import socket
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

MB = 1_000_000


def texts(folder: Path) -> None:
    """Tables and texts."""
    folder.mkdir(parents=True, exist_ok=True)
    good = "text,label\nGrüße aus Köln,bird\nzwei,cat\n"
    files: dict[str, bytes] = {
        "ragged.csv": b"text,label\none\ntwo,bird,extra,more\n,,,\nthree,cat\n",
        "nul.csv": b"text,label\no\0ne,bird\n\0\0\0,cat\n",
        "bom.csv": b"\xef\xbb\xbf" + good.encode(),
        "utf16.csv": good.encode("utf-16"),
        "utf16-be.csv": b"\xfe\xff" + good.encode("utf-16-be"),
        "utf32.csv": good.encode("utf-32"),
        "latin1.csv": good.encode("latin-1"),
        "cut-in-a-letter.csv": good.encode()[:14],
        "mixed-ends.csv": b"text,label\none,bird\r\ntwo,cat\rthree,bird\n\rfour,cat\n\n\r\r",
        "unclosed.csv": b'text,label\n"one,bird\ntwo,cat\nthree,bird\n',
        "quotes.csv": b'text,label\n"on"e,bird\ntw"o",cat\n""",bird\n',
        "cell-of-10-mb.csv": b"text,label\n" + b"x" * (10 * MB) + b",bird\nshort,cat\n",
        "only-commas.csv": b"," * 200_000,
        "100,000-columns.csv": b",".join(b"c%d" % number for number in range(100_000))
        + b"\n"
        + b"x," * 99_999
        + b"x\n",
        "deep.json": b"[" * 200_000 + b"]" * 200_000,
        "deep.jsonl": b'{"text":' * 50_000 + b'"x"' + b"}" * 50_000 + b"\n" + b'{"text": "after the deep one"}\n',
        "million-digits.jsonl": b'{"text": ' + b"1" * MB + b"}\n" + b'{"text": "after the digits"}\n',
        "million-digits.json": b"[" + b"9" * MB + b"]",
        "infinite.jsonl": b'{"text": 1e999}\n{"text": NaN}\n{"text": "after infinity", "label": -Infinity}\n',
        "half-letters.jsonl": b'{"text": "\\ud800 alone"}\n{"text": "\\udc00\\ud800"}\n',
        "not-json.jsonl": b'{"text": "one"}\n{"text": \n\xff\xfe\n[1,2,3]\n"words"\nnull\n{"text": "two"}\n',
        "twice.json": b'{"text": "a", "text": "b"}{"text": "c"}',
        "wrong-magic.parquet": b"PAR1" + b"\0" * 200 + b"PAR1",
        "no-parquet.parquet": b"text\none\n",
        "picture.csv": a_picture("PNG"),
        "table.txt": b"\x00\x01\x02\xff" * 1000,
        "bomb.xlsx": a_workbook(),
        "no-workbook.xlsx": b"PK\x03\x04rubbish",
        "\u202egpj.csv": b"text\nbidi\n",
        "line\nbreak.csv": b"text\nline break\n",
        "x" * 240 + ".csv": b"text\nlong name\n",
    }
    for suffix in (
        "csv",
        "tsv",
        "json",
        "jsonl",
        "parquet",
        "txt",
        "xlsx",
        "zip",
        "tar",
        "arrow",
        "gz",
        "png",
        "md",
        "",
    ):
        files[f"empty.{suffix}"] = b""
    for name, content in files.items():
        (folder / name).write_bytes(content)
    parquets(folder)


def parquets(folder: Path) -> None:
    when, price = datetime(2024, 2, 29, tzinfo=UTC), Decimal("1.50")
    columns = {"text": [price] * 3, "label": [when] * 3}
    pq.write_table(pa.table({**columns, "more": [{"a": [1]}, None, {"a": []}]}), folder / "decimal.parquet")
    pq.write_table(pa.table({"text": [["a", "b"], None, []], "label": [{"x": 1}] * 3}), folder / "nested.parquet")
    pq.write_table(pa.table({"text": pa.nulls(3)}), folder / "nulls.parquet")
    pq.write_table(pa.table({}), folder / "no-columns.parquet")
    pq.write_table(pa.table({"text": [f"row {number}" for number in range(20_000)]}), folder / "cut.parquet")
    cut = folder / "cut.parquet"
    whole = bytearray(cut.read_bytes())
    whole[len(whole) // 3 : len(whole) // 3 + 400] = b"\xff" * 400
    cut.write_bytes(whole)


def a_workbook() -> bytes:
    """A sheet of one cell that unpacks to 300 MB."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        with archive.open("xl/worksheets/sheet1.xml", "w") as file:
            for _ in range(100):
                file.write(b" " * MB)
    return out.getvalue()


def pictures(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for form in ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF"):
        whole = a_picture(form)
        (folder / f"whole-{form}.{form.lower()}").write_bytes(whole)
        (folder / f"cut-{form}.{form.lower()}").write_bytes(whole[: len(whole) * 2 // 3])
        (folder / f"head-{form}.{form.lower()}").write_bytes(whole[:24])
    (folder / "bomb.png").write_bytes(a_png(50_000, 50_000))
    (folder / "wide.png").write_bytes(a_png(50_000, 1))
    (folder / "no-pixels.png").write_bytes(a_png(0, 0))
    (folder / "jpeg.png").write_bytes(a_picture("JPEG", 7))
    (folder / "png.txt").write_bytes(a_picture("PNG", 8))
    (folder / "page.jpg").write_bytes(b"<html><script>alert(1)</script></html>")
    (folder / "drawing.svg").write_bytes(b'<svg xmlns="http://www.w3.org/2000/svg"/>')
    (folder / "post.eps").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(w) run\n")
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "zeros.jpg").write_bytes(bytes(100_000))
    (folder / "chunk.png").write_bytes(a_png(8, 8)[:33] + struct.pack(">I4s", 0x7FFFFFFF, b"zTXt") + b"x" * 50)
    comment = zlib.compress(bytes(200 * MB), 9)
    chunk = b"zTXt" + b"Comment\0\0" + comment
    body = struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    (folder / "comment-of-200-mb.png").write_bytes(a_png(9, 9)[:33] + body + a_png(9, 9)[33:])


def a_picture(form: str, shade: int = 0) -> bytes:
    out = io.BytesIO()
    picture = Image.effect_noise((90, 70), 60).convert("RGB")
    picture.putpixel((0, 0), (shade, 0, 0))
    picture.save(out, form)
    return out.getvalue()


def a_png(width: int, height: int) -> bytes:
    """Black, and as small as it can be: a bomb of 50,000 x 50,000 has 300 KB."""
    packer, row = zlib.compressobj(9), bytes(1 + (width + 7) // 8)
    packed = b"".join(packer.compress(row) for _ in range(min(height, 2_000))) + packer.flush()
    parts = ((b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)), (b"IDAT", packed), (b"IEND", b""))
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


HOSTILE = (
    "../../escaped.txt", "/tmp/winnow-escaped.txt", "..\\..\\escaped.txt", "C:\\escaped.txt", "C:/escaped2.txt",
    "a/../../escaped3.txt", "bell\x07\x1b[31m.txt", "\u202egpj.txt", "x" * 5_000 + ".txt", "a/" * 2_000 + "deep.txt",
    "CON.txt", "case.txt", "Case.txt", "CASE.TXT", "./dot.txt", "space .txt", "a//b.txt", "..", ".", "",
)  # fmt: skip


def archives(folder: Path, content: bytes) -> None:
    """Hostile archives; each also holds a sound file fine-NAME.txt with `content` and the archive's name in it."""
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / "names.zip", "w") as archive:
        for number, name in enumerate(HOSTILE):
            archive.writestr(zipfile.ZipInfo(name), content + b" %d" % number)
        link = zipfile.ZipInfo("link.txt")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros.txt", bytes(60 * MB))
    with zipfile.ZipFile(folder / "nested.zip", "w") as archive:
        archive.writestr("fine-nested.txt", content + b" nested")
        for number in range(20):
            archive.writestr(f"{number}.zip", inner.getvalue())
    (folder / "flat-bomb.zip").write_bytes(inner.getvalue())
    (folder / "overlap.zip").write_bytes(overlapping())
    (folder / "no-zip.zip").write_bytes(b"no zip at all" * 50)
    (folder / "cut.zip").write_bytes(inner.getvalue()[:-30])
    tars(folder, content)


def overlapping() -> bytes:
    """Two hundred names for the same 20 MB of zeros."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("0.txt", bytes(20 * MB))
        first = archive.infolist()[0]
        for number in range(1, 200):
            again = zipfile.ZipInfo(f"{number}.txt")
            again.header_offset, again.compress_type = first.header_offset, first.compress_type
            again.CRC, again.compress_size, again.file_size = first.CRC, first.compress_size, first.file_size
            archive.filelist.append(again)
    return out.getvalue()


def tars(folder: Path, content: bytes) -> None:
    with tarfile.open(folder / "names.tar", "w") as archive:
        for number, name in enumerate((*HOSTILE[:-3], "fine-tar.txt")):
            info = tarfile.TarInfo(name)
            body = content + b" tar %d" % number
            info.size = len(body)
            archive.addfile(info, io.BytesIO(body))
        kinds = {"sym": tarfile.SYMTYPE, "hard": tarfile.LNKTYPE, "pipe": tarfile.FIFOTYPE, "disk": tarfile.BLKTYPE}
        for name, kind in {**kinds, "tty": tarfile.CHRTYPE}.items():
            info = tarfile.TarInfo(f"{name}.txt")
            info.type, info.linkname, info.devmajor, info.devminor = kind, "/etc/passwd", 1, 5
            archive.addfile(info)
    with gzip.open(folder / "bomb.tar.gz", "wb", 9) as file:
        info = tarfile.TarInfo("zeros.txt")
        info.size = 400 * MB
        file.write(info.tobuf())
        for _ in range(400):
            file.write(bytes(MB))
        file.write(bytes(1024))
    claims = tarfile.TarInfo("claims.txt")
    claims.size = 1 << 60
    (folder / "claims.tar").write_bytes(claims.tobuf() + b"short")
    (folder / "cut.tar").write_bytes((folder / "names.tar").read_bytes()[:5_000])
    (folder / "no-tar.tgz").write_bytes(b"\x1f\x8b" + b"rubbish" * 30)


def no_files(folder: Path) -> Iterator[socket.socket]:
    """What is no file and what leads nowhere. Yields what must stay open meanwhile."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "fine.csv").write_bytes(b"text\nfine\n")
    os.mkfifo(folder / "pipe.csv")
    (folder / "circle").symlink_to(folder, target_is_directory=True)
    (folder / "itself.csv").symlink_to(folder / "itself.csv")
    (folder / "nowhere.csv").symlink_to(folder / "not-there.csv")
    (folder / "disk.csv").symlink_to("/dev/zero")
    (folder / "pipe-link.csv").symlink_to(folder / "pipe.csv")
    # The name of a socket may have a hundred letters only.
    here = Path.cwd()
    os.chdir(folder)
    try:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind("socket.csv")
            yield listening
    finally:
        os.chdir(here)


def huge(folder: Path) -> None:
    """What would need much memory if it were read at once."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, head in (("line.csv", b"text,label\n"), ("line.txt", b""), ("line.jsonl", b'{"text": "')):
        with (folder / name).open("wb") as file:
            file.write(head)
            for _ in range(100):
                file.write(b"x" * MB)
    rows = pa.table({"text": pa.array([f"{number} " + "long " * 100 for number in range(20_000)])})
    group = pa.concat_tables([rows] * 20).combine_chunks()
    pq.write_table(group, folder / "one-group.parquet", row_group_size=len(group), compression="zstd")
