"""The one place where an error becomes words on a page."""

import logging

import streamlit as st

from backend import errors

log = logging.getLogger("winnow.pages")


def show_error(error: Exception) -> bool:
    """Say what happened and what to do. Streamlit then shows nothing of its own."""
    if isinstance(error, errors.WinnowError):
        st.error(f"{error.message} {error.hint}".strip())
    else:
        log.error("a page failed", exc_info=error)
        st.error(
            "Something went wrong that Winnow did not foresee. Reload the page; if it comes again, the details "
            "are in logs/winnow.log in Winnow's data folder."
        )
    return True
