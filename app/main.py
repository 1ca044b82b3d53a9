"""The dashboard's first page: what all views share, and the way to each of them."""

from pathlib import Path

import streamlit as st

from app.address import addressed
from app.choices import sidebar
from app.guard import guarded

HOME = Path(__file__).parent

st.set_page_config(
    page_title="stforecast",
    page_icon=str(HOME / "icon.png"),
    layout="wide",
    initial_sidebar_state="auto",
)
st.html(HOME / "style.css")
st.logo(str(HOME / "logo.svg"), size="large", icon_image=str(HOME / "icon.png"))

page = st.navigation(
    [
        st.Page(
            HOME / "forecast_view.py",
            title="Forecast",
            icon=":material/map:",
            url_path="forecast",
            default=True,
        ),
        st.Page(
            HOME / "skill_view.py", title="Skill", icon=":material/show_chart:", url_path="skill"
        ),
        st.Page(HOME / "jobs_view.py", title="Jobs", icon=":material/schedule:", url_path="jobs"),
        st.Page(HOME / "data_view.py", title="Data", icon=":material/grid_on:", url_path="data"),
    ]
)
with addressed():
    with guarded():
        sidebar()
    with guarded():
        page.run()
