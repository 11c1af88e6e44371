"""What to do next: what more labels would bring, and what in the data and the runs holds the model back."""

import streamlit as st

from backend.evaluating import advice
from db.models import Project
from db.session import reading
from pages.compare import next_cards, next_forecast

# The forecast above says these, with a button of its own.
ABOVE = ("no_forecast",)


def show(project: Project) -> None:
    next_forecast.show(project)
    with reading() as session:
        given = [each for each in advice.advice(session, project) if each["code"] not in ABOVE]
    st.subheader("What helps now")
    if not given:
        st.success("Nothing stands out. Try the model on the Use page, or add more data.", icon=":material/check:")
        return
    st.caption("The most useful first.")
    next_cards.show(project, given)
