"""What can be placed, and what is refused."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest
from asgiref.sync import async_to_sync

from django_tasks_fsm import chain, group
from django_tasks_fsm.composition import Step
from django_tasks_fsm.exceptions import UnstorablePayload
from tests.composition.sample import say


def test_a_payload_is_checked_when_the_call_is_placed():
    with pytest.raises(UnstorablePayload, match=r"kwargs\['word'\]"):
        say.step(word=object())


def test_a_step_is_frozen_and_keeps_what_using_said():
    step = say.using(priority=9).step((1, 2), word={"a": 1})
    assert (step.task.priority, step.args, step.kwargs) == (9, ([1, 2],), {"word": {"a": 1}})
    with pytest.raises(FrozenInstanceError):
        step.args = ()  # type: ignore[misc]


def test_a_task_is_a_step_without_arguments():
    assert chain(say).parts == (Step(say),)


@pytest.mark.parametrize("word", [chain, group])
def test_what_is_no_step_is_refused_with_a_way_out(word):
    with pytest.raises(TypeError, match=r"not 'say'\. To wait for a run that exists, use task\.using\(after=\[run\]\)"):
        word("say")


@pytest.mark.parametrize("terms", [{"condition": "sometimes"}, {"on_failure": "panic"}])
def test_unknown_terms_are_refused_when_the_chain_is_written(terms):
    with pytest.raises(ValueError, match=r"sometimes|panic"):
        chain(say, say, **terms)


@pytest.mark.django_db
def test_a_coroutine_awaits_aenqueue():
    made = async_to_sync(chain(say.step(1), say.step(2)).aenqueue)()
    assert [result.args for result in made.results] == [[1], [2]]
