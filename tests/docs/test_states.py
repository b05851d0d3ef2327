from __future__ import annotations

import pytest

from django_tasks_fsm.core.states import FINAL, RunState, TaskState
from scripts import docs_states
from tests.docs.pages import page


def test_tables_and_pictures_are_what_the_machine_says():
    assert list(docs_states.stale()) == [], "run: python -m scripts.docs_states"


def test_another_table_makes_the_page_stale(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(docs_states, "machine_table", lambda name: f"| {name} |\n")
    assert list(docs_states.stale()) == [docs_states.PAGE]


def test_a_page_without_the_mark_is_refused():
    with pytest.raises(LookupError, match="table of run"):
        docs_states.with_table("no mark\n", "run", "| |\n")


@pytest.mark.parametrize(("heading", "words"), [("States of a run", RunState), ("States of a task", TaskState)])
def test_every_state_is_described_once(heading, words):
    lines = page("docs/reference/states.md").section(heading).partition("<!--")[0].split("\n")
    described = [line.split("|")[1].strip() for line in lines if line.startswith("| ")][1:]
    assert described == [word.value for word in words]


def test_the_final_states_are_named():
    text = page("docs/reference/states.md").section("States of a run")
    (sentence,) = [line for line in text.split("\n") if "are *final*" in line]
    assert {state.value for state in FINAL} == {
        word.strip(",") for word in sentence.split() if word.strip(",").isupper()
    }
