"""The parts of a report: text, tables and charts as one HTML page that opens from the disk, without a network.

Everything that people wrote is escaped here. The page may run the script that it brings, and fetch nothing at all.
"""

import json
from collections.abc import Mapping, Sequence
from html import escape
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

# Pictures that a chart's camera button makes are blobs of the page itself.
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; "
    "form-action 'none'"
)
HERE = Path(__file__).parent


def page(title: str, about: str, sections: Sequence[str]) -> str:
    """about: a line under the title, as text. sections: HTML."""
    from plotly.offline import get_plotlyjs

    style, script = ((HERE / f"report.{kind}").read_text("utf-8") for kind in ("css", "js"))
    return "\n".join((
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="referrer" content="no-referrer">',
        f"<title>{text(title)}</title>",
        f"<style>{style}</style></head><body>",
        f"<header><h1>{text(title)}</h1><p>{text(about)}</p></header>",
        "<main>",
        *sections,
        "</main>",
        "<noscript><p>The charts need JavaScript; the tables show their figures.</p></noscript>",
        f"<script>{get_plotlyjs()}</script>",
        f"<script>{script}</script>",
        "</body></html>",
        "",
    ))  # fmt: skip


def text(value: object) -> str:
    """User text as HTML text: nothing in it is a tag."""
    return escape(" ".join(str(value).split()))


def section(title: str, *parts: str) -> str:
    """A part of the page; nothing where all that would be in it is empty."""
    kept = [part for part in parts if part]
    return f"<section><h2>{text(title)}</h2>{''.join(kept)}</section>" if kept else ""


def paragraph(words: object, kind: str = "") -> str:
    return f'<p class="{kind}" dir="auto">{text(words)}</p>' if kind else f'<p dir="auto">{text(words)}</p>'


def several(words: Sequence[object], kind: str = "") -> str:
    items = "".join(f'<li dir="auto">{text(each)}</li>' for each in words)
    return f'<ul class="{kind}">{items}</ul>' if words else ""


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """A row a mapping, all with the same columns. A cell that begins with "<img " from `picture` is a picture."""
    if not rows:
        return ""
    head = "".join(f'<th dir="auto">{text(name)}</th>' for name in rows[0])
    body = "".join(f"<tr>{''.join(_cell(value) for value in row.values())}</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


class Picture(str):
    """HTML of an image that `picture` made: the one text that goes into a table as it is."""

    __slots__ = ()


def picture(data: str, media_type: str) -> Picture:
    """data: base64."""
    return Picture(f'<img alt="" src="data:{escape(media_type)};base64,{escape(data)}">')


def _cell(value: Any) -> str:
    if isinstance(value, Picture):
        return f"<td>{value}</td>"
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return f'<td class="number">{number(value)}</td>' if is_number else f'<td dir="auto">{text(in_words(value))}</td>'


def number(value: float) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.4g}" if isfinite(value) else "–"


def in_words(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return number(value)
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def folded(title: str, *parts: str) -> str:
    """What not everybody wants to see at once. It opens by itself when the page is printed."""
    return f"<details><summary>{text(title)}</summary>{''.join(parts)}</details>"


def beside(*parts: str) -> str:
    return f'<div class="beside">{"".join(parts)}</div>'


def chart(figure: "Figure", rows: Sequence[Mapping[str, Any]] = ()) -> str:
    """A figure, drawn when the page opens, with a table behind it. Its colours of text and lines are the page's."""
    figure.update_layout(template=None)
    told = json.dumps(json.loads(figure.to_json()), ensure_ascii=False, separators=(",", ":"))
    # In a script a text ends at the first "</script", whatever stands around it.
    data = told.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    height = int(figure.layout.height or 340)
    behind = folded("Figures", table(rows)) if rows else ""
    return (
        f'<figure><div class="chart" style="height:{height}px"></div><script type="application/json">{data}</script>'
        f"{behind}</figure>"
    )
