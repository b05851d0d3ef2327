"""Problems and questions as whole sentences, in the reader's language."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.translation import override

from django_tasks_fsm.admin.history import history_of
from django_tasks_fsm.admin.problems import payload_problem, trigger_problem
from django_tasks_fsm.core import triggers
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.exceptions import InvalidTrigger, UnstorablePayload
from django_tasks_fsm.models import Task, Transition
from django_tasks_fsm.models.actor import Actor
from tests.admin.pages import address, task_form
from tests.admin.rows import make_run

pytestmark = pytest.mark.django_db


def problem_of(trigger: dict[str, Any], kind: str = "") -> str:
    """Return what a reader is told of a trigger."""
    with pytest.raises(InvalidTrigger) as caught:
        triggers.load({"version": 1, **trigger})
    return trigger_problem(caught.value, kind)


def test_a_wrong_trigger_is_told_in_a_sentence_with_the_field_that_is_wrong() -> None:
    cron = {"kind": "cron", "timezone": "UTC"}
    assert problem_of({**cron, "expression": "0 0 30 2 *"}, "cron").startswith("This schedule never fires: no date")
    said = problem_of({**cron, "expression": "* * *"}, "cron")
    assert said.startswith("This cron expression cannot be used. In detail: it has 3 fields instead of five")
    assert "from 10 ms" in problem_of({"kind": "interval", "every": 1e300}, "interval")
    assert "In detail: Key 'kind' is 'moon'" in problem_of({"kind": "moon"})


def test_problems_are_translated() -> None:
    with override("de"):
        assert "This" not in problem_of({"kind": "cron", "timezone": "UTC", "expression": "* * *"}, "cron")
        assert "This" not in payload_problem(UnstorablePayload("args[0]", "it is too long"))


def test_a_german_form_says_what_is_wrong_in_german(admin_client: Client) -> None:
    wrong = task_form(trigger_kind="cron", trigger_cron="0 0 30 2 *", trigger_timezone="UTC", catch_up_cap="999999")
    page = admin_client.post(address("task_add"), wrong, HTTP_ACCEPT_LANGUAGE="de")
    errors = page.context["adminform"].form.errors
    assert "nie" in errors["trigger_cron"][0]
    assert "ganze Zahl von 1 bis 10000" in errors["catch_up_cap"][0]


@pytest.mark.parametrize("language", ["de", "fr"])
def test_the_engine_s_own_reasons_are_translated_and_those_of_people_are_kept(fetch: Task, language: str) -> None:
    run = make_run(fetch, RunState.SKIPPED)
    for reason in ("missed its grace time", "Grace is on holiday"):
        Transition.objects.create(
            run=run, event="skip", from_state="PENDING", to_state="SKIPPED", at=timezone.now(),
            actor=Actor.system().name, reason=reason,
        )  # fmt: skip
    with override(language):
        reasons = {entry.why for entry in history_of(run).entries}
    assert "Grace is on holiday" in reasons
    assert "missed its grace time" not in reasons


def test_a_question_names_what_it_is_about(admin_client: Client, fetch: Task) -> None:
    one = admin_client.get(address("task_verb", fetch.pk, "pause"))
    assert one.context["title"] == "Pause this task?"
    runs = [make_run(fetch).pk for _ in range(3)]
    many = admin_client.post(address("taskrun_changelist"), {"action": "cancel", "_selected_action": runs})
    assert many.context["title"] == "Cancel these 3 runs?"
