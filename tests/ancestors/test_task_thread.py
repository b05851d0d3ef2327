"""What users of task_thread know, and what its package got wrong."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from django_tasks_fsm import signals
from django_tasks_fsm.exceptions import KeyTaken, RunFailed
from django_tasks_fsm.models import Task, TaskRun, Transition
from tests.ancestors.sample import again, leave, say, three_ways
from tests.context import chained
from tests.jobs import trail as trails
from tests.jobs.services import Parent
from tests.jobs.tasks import noop, obey

pytestmark = pytest.mark.django_db

family: Any = Parent
committing = pytest.mark.django_db(transaction=True)


# -- a chain --------------------------------------------------------------------------------------------------------


def test_a_run_that_goes_on_is_one_row_through_all_its_rounds(said, burst):
    result = again.enqueue(3)
    burst()
    assert (said, TaskRun.objects.count()) == ([3, 2, 1], 1)
    assert (result.wait(0), TaskRun.objects.get().attempt) == (1, 1)


def test_a_chain_cannot_be_mistaken_for_another_and_two_of_it_cannot_be(said, burst):
    chain = chained.at.using(key="hello")
    first = chain.enqueue("2040-01-01T00:00:00+00:00")
    burst()
    assert chain.enqueue("2041-01-01T00:00:00+00:00").id == first.id
    with pytest.raises(KeyTaken):
        chained.at.using(key="hello", on_key="raise").enqueue("2041-01-01T00:00:00+00:00")
    assert len(chain.cancel_key().moved) == 1
    burst()
    assert [run.state for run in TaskRun.objects.all()] == ["CANCELLED"]


@committing
def test_after_a_chain_was_deleted_it_ticks_no_more(start_worker, said, wait_until):
    chain = again.using(key="hello")
    chain.enqueue(1_000_000)
    worker = start_worker()
    wait_until(lambda: len(said) >= 4)
    chain.cancel_key()
    wait_until(lambda: not TaskRun.objects.filter(state__in=["PENDING", "QUEUED", "RUNNING"]).exists())
    ticks = len(said)
    noop.enqueue().wait(30)
    assert worker.stop() == 0
    assert (len(said), TaskRun.objects.get(given_key="hello").state) == (ticks, "CANCELLED")


def test_deleting_what_has_ended_does_nothing_and_says_so(said, burst):
    chain = say.using(key="hello")
    chain.enqueue()
    burst()
    report = chain.cancel_key()
    assert (report.moved, report.asked) == ((), 0)
    run = TaskRun.objects.get()
    assert (run.cancel(), run.state) == (False, "DONE")


@committing
def test_a_chain_is_made_anew_although_its_run_does_not_look_for_a_cancellation(start_worker, tmp_path):
    trail = str(tmp_path / "trail")
    chain = obey.using(key="hello")
    first = chain.recreate(trail)
    second = chain.recreate(trail)
    assert (first.run.state, second.run.state) == ("CANCELLED", "QUEUED")
    assert len(TaskRun.objects.keyed("hello")) == 1
    second.run.cancel()


@committing
def test_a_running_one_that_is_made_anew_is_stopped_before_its_successor_begins(start_worker, tmp_path, wait_until):
    trail = str(tmp_path / "trail")
    chain = obey.using(key="hello")
    first = chain.recreate(trail)
    start_worker(concurrency=4)
    wait_until(lambda: trails.read(trail))
    second = chain.recreate(trail)
    wait_until(lambda: len(trails.read(trail)) == 2)
    runs: dict[Any, Any] = TaskRun.objects.in_bulk([first.run.pk, second.run.pk])
    ended, follower = runs[first.run.pk], runs[second.run.pk]
    assert (ended.state, follower.state) == ("CANCELLED", "RUNNING")
    assert ended.finished_at <= follower.started_at
    chain.cancel_key()
    wait_until(lambda: TaskRun.objects.get(pk=second.id).state == "CANCELLED")


def test_a_chain_that_spins_is_slowed_down_and_counted(burst, caplog):
    with caplog.at_level(logging.WARNING, "django_tasks_fsm"):
        chained.spin.enqueue(2)
        burst()
    assert Task.objects.get(name=chained.spin.module_path).throttled == 2
    assert "reschedules itself" in caplog.text


# -- how a run ends -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("way", "state", "cleaned"),
    [("work", "DONE", []), ("cancel", "CANCELLED", ["cleaned up"]), ("error", "FAILED", [])],
)
def test_a_run_ends_in_one_of_three_ways_and_each_is_on_record(said, burst, way, state, cleaned):
    result = three_ways.enqueue(way)
    burst()
    assert (TaskRun.objects.get().state, said) == (state, cleaned)
    if state == "DONE":
        assert result.wait(0) == way
        return
    with pytest.raises(RunFailed, match=f"ended as {state}"):
        result.wait(0)
    assert Transition.objects.filter(to_state=state).count() == 1


def test_a_function_that_leaves_ends_its_run_and_not_the_process(said, burst):
    failed, after = leave.enqueue(), say.enqueue("still here")
    burst()
    assert after.wait(0) == "still here"
    run = TaskRun.objects.get(pk=failed.id)
    assert (run.state, run.error) == ("FAILED", "builtins.SystemExit: 2")


@committing
def test_a_handler_that_raises_ends_neither_worker_nor_run(start_worker, said, wait_until):
    def handler(**kwargs: Any) -> None:
        said.append("handled")
        raise SystemExit(2)

    signals.runs_moved.connect(handler)
    worker = start_worker()
    three_ways.enqueue("error")
    wait_until(lambda: "handled" in said)
    signals.runs_moved.disconnect(handler)
    assert say.enqueue("still here").wait(30) == "still here"
    assert TaskRun.objects.get(task__name=three_ways.module_path).state == "FAILED"
    assert worker.stop() == 0


@committing
@pytest.mark.parametrize("late", range(3))
def test_a_stop_that_meets_new_work_ends_and_loses_none(start_worker, said, late):
    worker = start_worker()
    first = [say.enqueue(number) for number in range(late)]
    worker.switch.ask("the test asks")
    results = [*first, say.enqueue("meanwhile")]
    assert worker.wait(30) == 0
    assert set(TaskRun.objects.values_list("state", flat=True)) <= {"DONE", "QUEUED"}
    start_worker(burst=True).wait()
    assert {result.wait(0) for result in results} == {*range(late), "meanwhile"}


# -- a family -------------------------------------------------------------------------------------------------------


@committing
@pytest.mark.usefixtures("quick_options")
def test_who_returns_nothing_from_a_handler_goes_on_and_who_returns_false_ends(start_worker, tmp_path, wait_until):
    trail = str(tmp_path / "trail")
    run = TaskRun.objects.get(pk=family.enqueue(trail, 0).id)
    worker = start_worker()
    run.send("hello", 1)
    wait_until(lambda: "0 heard message hello 1" in trails.read(trail))
    run.send("end")
    wait_until(lambda: TaskRun.objects.get(pk=run.pk).is_final)
    assert (TaskRun.objects.get(pk=run.pk).state, trails.read(trail)[-1]) == ("DONE", "cleanup 0")
    assert run.child("nobody") is None
    assert worker.stop() == 0


def test_a_message_is_kept_until_somebody_reads_it(burst):
    run = say.enqueue().run
    run.send("hello", {"a": 1})
    assert list(run.messages.values_list("name", "payload", "delivered_at")) == [("hello", {"a": 1}, None)]
