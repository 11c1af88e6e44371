"""Numbers, times and user text as words on a page."""

from datetime import datetime
from zoneinfo import ZoneInfo

import streamlit as st


def duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def clock(at: datetime) -> str:
    """ "24 Nov, 16:42" in the person's zone."""
    zone = ZoneInfo(st.context.timezone) if st.context.timezone else None
    return at.astimezone(zone).strftime("%d %b, %H:%M")


def plain(text: str) -> str:
    """User text with Markdown's signs made harmless."""
    return "".join(f"\\{letter}" if letter in r"\`*_{}[]()<>#+-.!|~$:" else letter for letter in text)
