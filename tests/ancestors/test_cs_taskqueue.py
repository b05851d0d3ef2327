"""What users of cs.taskqueue know, and what its package got wrong, with persisted runs."""

from __future__ import annotations

import re
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from django_tasks_fsm import TaskQueue, callbacks, make_now
from django_tasks_fsm.exceptions import BlockedError, CycleFound, IllegalTransition, RunFailed
from django_tasks_fsm.models import TaskRun, Transition
from tests.ancestors.sample import broken, give_up, look_for, mend, say, withdraw

pytestmark = pytest.mark.django_db


def states(*runs: Any) -> list[str]:
    return [TaskRun.objects.get(pk=run.pk).state for run in runs]


@pytest.mark.django_db(transaction=True)
def test_the_example_of_its_document_works_as_it_is_written(said, burst):
    first, second = say.prepare("t1").run, say.prepare("t2").run
    second.require(first)
    token = callbacks.on_transition(lambda run_id, row: said.append("t1 is done"), state="DONE", run=first)
    assert second.prepared()
    assert first.prepared()
    third = first.then(say, "t3")
    assert (first.bg() is first, states(second, third)) == (True, ["PENDING", "PENDING"])
    burst()
    callbacks.discard(token)
    assert said[:2] == ["t1", "t1 is done"]
    assert sorted(said[2:]) == ["t2", "t3"]


def test_a_failure_blocks_its_dependents_until_it_is_repaired_and_retried(said, burst):
    broken.add("t1")
    first = mend.enqueue("t1").run
    second = say.using(after=[first]).enqueue("t2").run
    burst()
    assert states(first, second) == ["FAILED", "PENDING"]
    with pytest.raises(BlockedError):
        second.dispatch()
    broken.clear()
    first.refresh_from_db()
    assert first.retry()
    burst()
    assert (first.wait(0), second.wait(0), said) == ("t1", "t2", ["t1", "t1", "t2"])


def test_an_exception_may_cancel_and_is_repaired_in_the_same_way(said, burst):
    broken.add("t1")
    run = give_up.enqueue("t1").run
    burst()
    run.refresh_from_db()
    assert (run.state, run.error) == ("CANCELLED", "builtins.ValueError: t1 does not work")
    broken.clear()
    assert run.retry()
    burst()
    assert run.wait(0) == "t1"


def test_a_result_may_cancel_is_not_kept_and_may_be_retried(said, burst):
    broken.add("nothing")
    run = look_for.enqueue("nothing").run
    burst()
    run.refresh_from_db()
    assert (run.state, run.result) == ("CANCELLED", None)
    broken.clear()
    assert run.retry()
    burst()
    assert run.wait(0) == "nothing"


def test_a_function_may_cancel_its_own_run(burst):
    run = withdraw.enqueue().run
    burst()
    run.refresh_from_db()
    assert (run.state, Transition.objects.get(run=run).reason) == ("CANCELLED", "the order was withdrawn")


@pytest.mark.parametrize("make", [lambda: say.enqueue("t1").run, lambda: say.prepare("t1").run])
def test_what_has_not_begun_is_cancelled_at_once_and_nobody_waits_for_it_for_ever(make):
    run = make()
    assert run.cancel()
    with pytest.raises(RunFailed, match="ended as CANCELLED"):
        run.wait(60)


def test_what_waits_for_something_cancelled_is_cancelled_by_make_which_goes_on(said):
    first, other = say.enqueue("t1").run, say.enqueue("other").run
    second = say.using(after=[first]).enqueue("t2").run
    first.cancel()
    assert [run.state for run in make_now(second, other)] == ["CANCELLED", "DONE"]
    assert said == ["other"]


def test_a_circle_is_refused_instead_of_made_for_ever():
    first, second = say.enqueue("x").run, say.enqueue("y").run
    first.require(second)
    with pytest.raises(CycleFound):
        second.require(first)
    with pytest.raises(CycleFound):
        first.require(first)


def test_a_draft_waits_until_it_is_released(said, burst):
    run = say.prepare("draft").run
    burst()
    with pytest.raises(IllegalTransition):
        run.make()
    assert (said, states(run)) == ([], ["PREPARE"])
    assert run.prepared()
    burst()
    assert said == ["draft"]


def test_the_set_of_runs_notices_what_others_have_done_and_takes_a_retried_run_again(said):
    broken.add("t1")
    first = mend.enqueue("t1").run
    second = say.using(after=[first]).enqueue("t2").run
    queue = TaskQueue(first, second)
    assert [run.state for run in queue.run()] == ["FAILED"]
    broken.clear()
    TaskRun.objects.get(pk=first.pk).retry()
    TaskRun.objects.get(pk=first.pk).dispatch()
    assert list(queue.run()) == [second]
    assert said == ["t1", "t1", "t2"]


def test_the_graph_is_written_as_dot_with_names_states_and_edges_along_the_way():
    first = say.using(label="t1").enqueue().run
    second = say.using(label="t2", after=[first]).enqueue().run
    source = TaskQueue(first, second).as_dot("two runs")
    nodes = {label: (key, state) for key, label, state in re.findall(r'(n\d+) \[label="(\w+)\n(\w+)"', source)}
    assert [nodes[label][1] for label in ("t1", "t2")] == ["Queued", "Pending"]
    assert re.findall(r"(n\d+) -> (n\d+)", source) == [(nodes["t1"][0], nodes["t2"][0])]
    assert source.startswith("digraph {")


@pytest.mark.parametrize("name", ["Übersicht", "任务", "отчёт", "<b>"])
def test_a_name_in_any_script_is_drawn(name):
    run = say.using(label=name).enqueue().run
    out = StringIO()
    call_command("tasks_fsm", "graph", str(run.pk), stdout=out)
    assert name.replace("<b>", "&lt;b&gt;") in out.getvalue()
    call_command("tasks_fsm", "graph", str(run.pk), "--format", "dot", stdout=out)
    assert out.getvalue().count("digraph") == 1
