"""The examples of the task queue that this room takes the place of, with persisted runs."""

from __future__ import annotations

import json
import logging

import pytest

from django_tasks_fsm import TaskQueue, callbacks, make
from django_tasks_fsm.models import TaskRun
from tests.jobs.tasks import echo
from tests.making.runs import a_run_of
from tests.making.sample import say
from tests.store.rows import states_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def two():
    """Give t1 and t2, which waits for it."""
    first = a_run_of(say, "t1", label="t1")
    return first, a_run_of(say, "t2", after=[first], label="t2")


def test_make_says_what_it_does_step_by_step(two, said, caplog):
    token = callbacks.on_transition(callbacks._log)
    with caplog.at_level(logging.INFO, "django_tasks_fsm.track"):
        assert list(make(two[1])) == [two[1]]
    callbacks.discard(token)
    assert [record.getMessage() for record in caplog.records if record.name == "django_tasks_fsm.track"] == [
        "t1 QUEUED->dispatch->RUNNING",
        "t1 RUNNING->done->DONE",
        "t2 PENDING->queue->QUEUED",
        "t2 QUEUED->dispatch->RUNNING",
        "t2 RUNNING->done->DONE",
    ]


@pytest.mark.parametrize(
    ("both", "dependents", "spoken"), [(True, False, ["t1", "t2"]), (False, False, ["t1"]), (False, True, ["t1", "t2"])]
)
def test_the_queue_runs_what_it_was_given_and_dependents_on_request(two, said, both, dependents, spoken):
    queue = TaskQueue(*two[: 1 + both], run_dependent_tasks=dependents)
    for _ in queue.run():
        pass
    assert said == spoken


def test_a_run_that_requires_another_is_taken_up_when_that_one_has_ended(said):
    first, second = say.prepare("t1").run, say.prepare("t2").run
    second.require(first)
    for run in (first, second):
        run.prepared()
    first.bg()
    assert states_of([first, second]) == ["QUEUED", "PENDING"]
    assert first.dispatch().is_done
    assert states_of([second]) == ["QUEUED"]


def test_another_process_goes_on_with_what_it_finds_in_the_tables(manage):
    first = a_run_of(echo, "t1")
    second = a_run_of(echo, "t2", after=[first])
    code = (
        "import json; from django_tasks_fsm import make_now; from django_tasks_fsm.models import TaskRun; "
        f"made = make_now(TaskRun.objects.get(pk='{second.pk}')); "
        "print('made', json.dumps([run.result for run in made]))"
    )
    done = manage("shell", "-c", code)
    assert f"made {json.dumps(['t2'])}" in done.stdout, done.stderr
    assert states_of([first, second]) == ["DONE", "DONE"]
    assert TaskRun.objects.get(pk=first.pk).result == "t1"
