"""The place a chart hangs: one size of toolbar, a picture to take away, and the figures behind it as a table."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

# Text in Streamlit's charts is grey, too faint on a coloured cell.
INK = {"light": "#1B2420", "dark": "#E8EEEB"}
TABLE_PX = 560
HIDDEN_BUTTONS = ["select2d", "lasso2d", "autoScale2d", "zoomIn2d", "zoomOut2d"]


def draw(figure: "Figure", key: str, table: Sequence[Mapping[str, Any]] | None = None) -> None:
    """Draw a figure; `table` is its figures, a mapping a row. `key` is the chart's own on its page."""
    picture = st.session_state.get(f"{key}-picture") or "PNG"
    config = {
        "displaylogo": False,
        "displayModeBar": "hover",
        "modeBarButtonsToRemove": HIDDEN_BUTTONS,
        "toImageButtonOptions": {"format": picture.lower(), "filename": key, "scale": 2 if picture == "PNG" else 1},
    }
    figure.update_layout(font={"color": INK.get(st.context.theme.type or "")})
    with st.container(gap="xsmall"):
        st.plotly_chart(figure, theme="streamlit", key=key, config=config)
        if table:
            behind(key, table)


def behind(key: str, table: Sequence[Mapping[str, Any]]) -> None:
    with st.popover("Figures", type="tertiary", icon=":material/table:"):
        st.dataframe(list(table), hide_index=True, width=TABLE_PX, key=f"{key}-table")
        st.segmented_control("The chart's camera button saves", ["PNG", "SVG"], default="PNG", key=f"{key}-picture")
