"""The address of the page: what it asks for, what it is told, and the steps of the browser's history."""

import pytest
from streamlit.runtime.state.query_params_proxy import QueryParamsProxy
from streamlit.testing.v1 import AppTest

from tests.app.views import address_of

DEFAULTS = {"place": "here", "sides": "left,right", "speed": "slow"}


def page():
    import streamlit as st

    from app.address import addressed, adopt, adopt_several, adopt_text, keep, publish

    def choose_all():
        st.session_state.update(place="there", sides=["left"], note="seen")

    with addressed():
        adopt("place", ["here", "there"], "here", what="place")
        publish("place", st.selectbox("Place", ["here", "there"], key="place"))
        adopt_several("sides", ["left", "right"], ["left", "right"], what="side")
        publish("sides", st.multiselect("Sides", ["left", "right"], key="sides"))
        adopt_text("note")
        publish("note", st.text_input("Note", key="note"))
        adopt("speed", ["slow", "fast"], "slow", what="speed")
        speed = st.selectbox("Speed", ["slow", "fast"], key="speed")
        if st.session_state["note"] == "held":
            keep("speed")
        else:
            publish("speed", speed)
        st.button("All", key="all", on_click=choose_all)


@pytest.fixture
def written(monkeypatch):
    """What was written into the address, each of which is a step in the browser's history."""
    seen = []
    plain = QueryParamsProxy.from_dict

    def from_dict(self, words):
        seen.append(dict(words))
        plain(self, words)

    monkeypatch.setattr(QueryParamsProxy, "from_dict", from_dict)
    return seen


def open_page(**address):
    app = AppTest.from_function(page)
    for key, value in address.items():
        app.query_params[key] = value
    return app.run()


def test_what_nobody_has_chosen_completes_the_address_without_a_step(written):
    app = open_page()
    assert address_of(app) == DEFAULTS
    assert [part.key for part in app.get("bidi_component")] == ["address"]
    app.run()
    assert written == []


def test_a_click_that_changes_several_words_is_one_step(written):
    app = open_page()
    app.button(key="all").click().run()
    assert written == [{"place": "there", "sides": "left", "note": "seen", "speed": "slow"}]
    assert app.query_params == written[0]
    app.run()
    assert len(written) == 1
    # What is empty is left out.
    app.text_input(key="note").set_value("").run()
    assert written[1:] == [{"place": "there", "sides": "left", "speed": "slow"}]


def test_a_link_is_taken_once_and_what_it_lacks_is_the_default(written):
    app = open_page(place="there", note="a")
    assert app.selectbox(key="place").value == "there"
    assert app.text_input(key="note").value == "a"
    assert address_of(app) == {**DEFAULTS, "place": "there", "note": "a"}
    assert written == []
    # A browser that still has the old address does not undo a choice.
    app.selectbox(key="place").set_value("here").run()
    assert written == [{**DEFAULTS, "note": "a"}]


def test_the_way_back_takes_every_word_and_leaves_no_step(written):
    app = open_page()
    for _ in range(2):
        app.button(key="all").click().run()
        app.selectbox(key="speed").set_value("fast").run()
        del written[:]
        app.query_params = dict(DEFAULTS)
        app.run()
        assert app.selectbox(key="place").value == "here"
        assert app.multiselect(key="sides").value == ["left", "right"]
        assert app.text_input(key="note").value == ""  # the address has no word for it
        assert app.selectbox(key="speed").value == "slow"
        assert written == []


def test_nonsense_falls_back_with_a_notice_once(written):
    app = open_page(place="[nowhere]", sides="up,left")
    assert [warning.value for warning in app.warning] == [
        "There is no place “\\[nowhere\\]” here; showing here instead.",
        "There is no side “up” here; it is left out.",
    ]
    assert address_of(app) == {**DEFAULTS, "sides": "left"}
    app.run()
    assert not app.warning
    assert written == []


def test_a_word_can_be_left_as_it_is(written):
    app = open_page(note="held")
    app.selectbox(key="speed").set_value("fast").run()
    assert written == []
    app.text_input(key="note").set_value("").run()
    assert written == [{**DEFAULTS, "speed": "fast"}]
