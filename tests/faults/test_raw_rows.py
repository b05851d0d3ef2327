"""Rows that somebody has written past the API, the admin and the constraints."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import connection

from django_tasks_fsm.exceptions import CycleFound
from django_tasks_fsm.models import RunPrerequisite, TaskRun
from django_tasks_fsm.store.check import RULES, check
from tests.jobs.tasks import noop
from tests.store.check.guards import without_checks

pytestmark = pytest.mark.usefixtures("quick_options")


@pytest.fixture(autouse=True)
def consistent():
    """Leave out the check of what a test leaves behind: it breaks the rules on purpose."""


def findings():
    return {one.invariant.code for one in check(RULES, "default", again_after=0.0).findings}


@pytest.mark.fault("F63")
def test_runs_that_wait_for_each_other_by_raw_rows_wait_and_nobody_goes_round_for_ever(start_worker):
    first, second = (noop.prepare() for _ in range(2))
    pairs = ((first, second), (second, first))
    RunPrerequisite.objects.bulk_create([RunPrerequisite(run_id=a.id, prerequisite_id=b.id) for a, b in pairs])
    TaskRun._base_manager.update(waiting_on=1)
    TaskRun.objects.prepared()
    other = noop.enqueue()
    start_worker(burst=True).wait()
    other.refresh()
    assert other.is_finished
    assert {TaskRun.objects.get(pk=run.id).state for run in (first, second)} == {"PENDING"}
    assert "P308" in findings()
    third = TaskRun.objects.get(pk=noop.prepare().id)
    third.require(TaskRun.objects.get(pk=first.id))
    with pytest.raises(CycleFound):
        TaskRun.objects.get(pk=second.id).require(third)


@pytest.mark.fault("F76")
@pytest.mark.skipif(connection.vendor != "sqlite", reason="a server refuses every further UPDATE of such a row")
def test_a_run_in_a_state_that_nobody_knows_is_passed_over_and_stops_nobody(start_worker, capsys):
    before = noop.enqueue()
    strange, well = (noop.using(after=[before]).enqueue() for _ in range(2))
    with without_checks(TaskRun):
        TaskRun._base_manager.filter(pk=strange.id).update(state="ASLEEP")
    start_worker(burst=True).wait()
    run = TaskRun.objects.get(pk=strange.id)
    assert not any([run.cancel(), run.retry(), run.abort()])
    assert {run.state, TaskRun.objects.get(pk=well.id).state} == {"ASLEEP", "DONE"}
    for command in ("status", "list"):
        call_command("tasks_fsm", command)
    assert "ASLEEP" in capsys.readouterr().out
    assert "R101" in findings()
