"""The one place where an error becomes words on a page."""

import logging
from collections.abc import Callable

import streamlit as st

from backend import errors
from db.session import Session, writing

log = logging.getLogger("winnow.pages")


def tried(change: Callable[[Session], object]) -> None:
    """Make the change and draw the page again, or say here why it cannot be: beside what led to it."""
    try:
        with writing() as session:
            change(session)
    except errors.WinnowError as error:
        show_error(error)
        return
    st.rerun()


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
