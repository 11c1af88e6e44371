"""The place a chart hangs: one size of toolbar, a picture to take away, and the figures behind it as a table."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from backend import spreadsheets

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

# Text in Streamlit's charts is grey, too faint on a coloured cell.
INK = {"light": "#1B2420", "dark": "#E8EEEB"}
PAPER = {"light": "#FFFFFF", "dark": "#14191A"}
TABLE_PX = 560
HIDDEN_BUTTONS = ["select2d", "lasso2d", "autoScale2d", "zoomIn2d", "zoomOut2d"]


def draw(figure: "Figure", key: str, table: Sequence[Mapping[str, Any]] | None = None, **how: Any) -> None:
    """Draw a figure; `table` is its figures, a mapping a row. `key` is the chart's own on its page.

    how: more of st.plotly_chart, such as on_select: what is chosen is then in the session's state under `key`.
    """
    picture = st.session_state.get(f"{key}-picture") or "PNG"
    config = {
        "displaylogo": False,
        "displayModeBar": "hover",
        "modeBarButtonsToRemove": HIDDEN_BUTTONS,
        "toImageButtonOptions": {"format": picture.lower(), "filename": key, "scale": 2 if picture == "PNG" else 1},
    }
    figure.update_layout(font={"color": INK.get(st.context.theme.type or "")})
    with st.container(gap="xsmall"):
        st.plotly_chart(figure, theme="streamlit", key=key, config=config, **how)
        if table:
            behind(key, table)


def paper() -> str:
    """The colour of the page."""
    return PAPER.get(st.context.theme.type or "", "rgba(0,0,0,0)")


def behind(key: str, table: Sequence[Mapping[str, Any]]) -> None:
    with st.popover("Figures", type="tertiary", icon=":material/table:"):
        st.dataframe(list(table), hide_index=True, width=TABLE_PX, key=f"{key}-table")
        with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
            st.segmented_control("The chart's camera button saves", ["PNG", "SVG"], default="PNG", key=f"{key}-picture")
            st.download_button(
                "Download CSV",
                # Written when it is asked for.
                lambda: spreadsheets.as_csv(table),
                file_name=f"{key}.csv",
                mime="text/csv",
                key=f"{key}-csv",
                on_click="ignore",
                icon=":material/download:",
            )
