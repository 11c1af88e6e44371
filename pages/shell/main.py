"""What is around every page: navigation, the chosen project, and the jobs at work."""

from importlib import import_module

import streamlit as st

from pages.parts.chosen import chosen_id
from pages.shell.header import header

# Address, title and icon of each page, in the order of the work.
PAGES = (
    ("projects", "Projects", ":material/folder_open:"),
    ("data", "Data", ":material/database:"),
    ("label", "Label", ":material/label:"),
    ("classes", "Classes", ":material/category:"),
    ("suggest", "Suggest", ":material/lightbulb:"),
    ("explore", "Explore", ":material/travel_explore:"),
    ("augment", "Augment", ":material/auto_fix_high:"),
    ("train", "Train", ":material/model_training:"),
    ("compare", "Compare", ":material/compare_arrows:"),
    ("use", "Use", ":material/play_circle:"),
    ("models", "Models", ":material/deployed_code:"),
)
# Streamlit leaves a third of a small screen empty around a page, and fades in what a rerun draws again: frames that a
# key press on the label page would wait for.
TIGHT = """<style>
.stMainBlockContainer{padding:3.6rem 2rem 2rem;max-width:1500px}
.stElementContainer,.stElementContainer *{transition:none !important}
h1{font-size:1.6rem !important;padding:.2rem 0 .6rem !important}
h2{font-size:1.3rem !important} h3{font-size:1.1rem !important}
</style>"""


def page(address: str, title: str, icon: str) -> st.Page:
    def body() -> None:
        # Imported when it is opened: the first page then waits for itself alone.
        import_module(f"pages.{address}.page").show()

    return st.Page(body, title=title, icon=icon, url_path=address, default=address == "projects")


st.set_page_config(page_title="Winnow", page_icon=":material/grass:", layout="wide")
st.html(TIGHT)
pages = {address: page(address, title, icon) for address, title, icon in PAGES}
st.session_state["pages"] = pages
chosen = st.navigation(list(pages.values()), position="top")
st.session_state["page"] = chosen.url_path
if chosen.url_path:
    header(chosen_id(), has_counts=chosen.url_path != "label")
chosen.run()
