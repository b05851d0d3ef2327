from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from django_tasks_fsm.core.outcomes import Outcome
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import TaskRun, Transition, Worker
from django_tasks_fsm.store.rescue import _pause, rescue
from django_tasks_fsm.store.workers import Identity, beat
from tests.jobs.services import ticker
from tests.store.faults import failing, just_before, transient
from tests.store.rows import (
    DB,
    FAILURE,
    a_run,
    a_task,
    a_worker,
    claimed,
    claims,
    enqueued,
    events_of,
    finished,
    runs,
    state_of,
    states_of,
    waits_for,
)
from tests.store.threads import at_once, meanwhile

pytestmark = pytest.mark.django_db
committing = pytest.mark.django_db(transaction=True)

LEASE = timedelta(seconds=60)
GONE = 3600


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bring lost runs back at once: from the second loss on they wait a random time."""
    monkeypatch.setattr("django_tasks_fsm.core.dice.DICE.uniform", lambda low, high: 0.0)


def rescued(max_losses: int = 3) -> list[uuid.UUID]:
    return [row.pk for row in rescue(LEASE, max_losses, DB)]


def identity(worker: Worker) -> Identity:
    return Identity(worker.pk, worker.name, "host", 1, ("*",), (), 1)


def lost(run: TaskRun) -> None:
    """Claim a run for a worker that dies at once, and rescue it."""
    claimed(run, a_worker(silent_for=GONE).pk)
    assert run.pk in rescued()


@pytest.mark.parametrize("silent_for", [0, 30, 55])
def test_the_runs_of_a_living_worker_are_left_alone_however_long_they_take(silent_for):
    run = a_run("RUNNING", worker_id=a_worker(silent_for=silent_for).pk, started_at=timezone.now() - timedelta(days=30))
    assert rescued() == []
    assert state_of(run) == "RUNNING"


def test_the_runs_of_a_silent_worker_are_queued_again():
    run = a_run(run_at=timezone.now() - timedelta(days=1), key="k")
    claimed(run, a_worker(silent_for=GONE).pk)
    (moved,) = rescue(LEASE, 3, DB)
    run.refresh_from_db()
    assert (moved.pk, moved.event, moved.from_state) == (run.pk, "lose", "RUNNING")
    assert (run.state, run.attempt, run.fence, run.key) == ("QUEUED", 1, 1, "k")
    assert timezone.now() - run.run_at < timedelta(minutes=1)


def test_a_loss_is_recorded_with_its_worker_and_its_count():
    run, worker = a_run(), a_worker(silent_for=GONE)
    claimed(run, worker.pk)
    rescued()
    record = Transition.objects.get(run=run)
    assert (record.event, record.to_state, record.worker_id, record.actor) == ("lose", "PENDING", worker.pk, "system")
    assert record.reason == "its worker was lost (loss 1 of at most 3)"


def test_the_runs_of_a_worker_that_stopped_are_taken_at_once():
    run = a_run("RUNNING", worker_id=a_worker(stopped_at=timezone.now()).pk)
    assert rescued() == [run.pk]


@pytest.mark.fault("F52")
def test_the_runs_of_a_worker_without_a_row_are_taken_at_once():
    run = a_run("RUNNING", worker_id=uuid.uuid4())
    assert rescued() == [run.pk]


@pytest.mark.parametrize("state", [state for state in RunState if state != RunState.RUNNING])
def test_a_run_that_is_not_running_is_not_rescued(state):
    a_run(state.value, worker_id=a_worker(silent_for=GONE).pk)
    assert rescued() == []


@pytest.mark.fault("F53")
def test_the_clock_of_this_host_decides_nothing(monkeypatch):
    alive, dead = (a_run("RUNNING", worker_id=a_worker(silent_for=silent).pk) for silent in (0, GONE))
    ahead = timezone.now() + timedelta(days=365)
    monkeypatch.setattr(timezone, "now", lambda: ahead)
    assert rescued() == [dead.pk]
    assert state_of(alive) == "RUNNING"


def test_a_living_workers_runs_are_kept_when_others_are_lost():
    alive, dead = a_worker(), a_worker(silent_for=GONE)
    mine, theirs = a_run("RUNNING", worker_id=alive.pk), a_run("RUNNING", worker_id=dead.pk)
    assert rescued() == [theirs.pk]
    assert states_of([mine, theirs]) == ["RUNNING", "QUEUED"]


def test_the_late_result_of_a_rescued_run_changes_nothing():
    run = a_run()
    stale = claimed(run, a_worker(silent_for=GONE).pk)
    rescued()
    assert finished(Outcome.done(stale, "1")) == set()
    assert finished(Outcome.failed(stale, FAILURE)) == set()
    assert state_of(run) == "QUEUED"


def test_a_rescue_twice_is_a_rescue_once():
    run = a_run()
    claimed(run, a_worker(silent_for=GONE).pk)
    assert (rescued(), rescued()) == ([run.pk], [])
    assert events_of(run) == ["lose"]


@pytest.mark.fault("F8")
def test_the_third_loss_is_poison():
    run = a_run(key="k")
    for _ in range(3):
        lost(run)
    run.refresh_from_db()
    assert (run.state, run.attempt, run.key) == ("FAILED", 3, None)
    assert run.error.startswith("django_tasks_fsm.exceptions.WorkerLost: its worker was lost (loss 3 of at most 3)")
    assert events_of(run) == ["lose", "lose", "lose"]


@pytest.mark.parametrize(("function", "state"), [("tests.nothing", "FAILED"), (ticker.module_path, "PENDING")])
def test_losses_of_long_ago_do_not_make_a_service_poison(function, state):
    run = a_run(task=a_task(function=function))
    lost(run)
    lost(run)
    Transition.objects.filter(run=run).update(at=timezone.now() - timedelta(days=30))
    claimed(run, a_worker(silent_for=GONE).pk)
    assert rescued() == [run.pk]
    assert Transition.objects.filter(run=run).latest("pk").to_state == state


def test_losses_are_counted_although_other_attempts_lie_between():
    run = a_run()
    lost(run)
    finished(Outcome.retry(claimed(run), FAILURE, timedelta(0)))
    lost(run)
    finished(Outcome.released(claimed(run), "stop"))
    lost(run)
    assert state_of(run) == "FAILED"


def test_a_persons_retry_begins_the_count_anew():
    run = a_run()
    for _ in range(3):
        lost(run)
    run.retry()
    lost(run)
    lost(run)
    assert state_of(run) == "QUEUED"
    lost(run)
    assert state_of(run) == "FAILED"


def test_a_task_may_rather_fail_than_run_twice():
    run = a_run(task=a_task("once", on_lost="fail"))
    lost(run)
    run.refresh_from_db()
    assert (run.state, run.attempt) == ("FAILED", 1)
    assert run.error.endswith("; failed by the task's policy")


def test_a_poisoned_prerequisite_is_settled():
    before = a_run("RUNNING", worker_id=uuid.uuid4())
    strict, easy = a_run("PENDING", waiting_on=1), a_run("PENDING", waiting_on=1)
    waits_for(strict, before)
    waits_for(easy, before, condition="failed")
    assert rescued(max_losses=1) == [before.pk]
    assert states_of([before, strict, easy]) == ["FAILED", "PENDING", "QUEUED"]


def test_a_lost_prerequisite_frees_nobody():
    before = enqueued()
    after = enqueued(before)
    lost(before)
    assert state_of(after) == "PENDING"


def test_a_lost_run_that_was_asked_to_stop_is_cancelled():
    run = a_run()
    claimed(run, a_worker(silent_for=GONE).pk)
    run.cancel()
    rescued()
    assert (state_of(run), events_of(run)) == ("CANCELLED", ["cancel_requested", "lose", "cancel"])


def test_hundreds_of_lost_runs_are_taken_back_batch_by_batch():
    runs(250)
    claims(250, worker=a_worker(silent_for=GONE).pk)
    while rescued():
        pass
    assert TaskRun.objects.filter(state="QUEUED").count() == 250
    assert Transition.objects.filter(event="lose").count() == 250


@pytest.mark.fault("F14")
@committing
def test_of_four_rescuers_one_takes_a_run():
    some = runs(20)
    claims(20, worker=a_worker(silent_for=GONE).pk)
    moved = at_once(*[rescued] * 4)
    assert sorted(run_id for mine in moved for run_id in mine) == sorted(run.pk for run in some)
    assert Transition.objects.count() == 20


@pytest.mark.fault("F14")
@committing
def test_a_heartbeat_that_comes_first_saves_all_runs(other):
    worker = a_worker(silent_for=GONE)
    runs(3)
    claims(3, worker=worker.pk)
    held = other.do(lambda: beat(identity(worker), DB))
    assert meanwhile(other, rescued) == []
    assert len(held.fences) == 3


@committing
def test_a_heartbeat_that_comes_last_learns_that_all_runs_are_gone(other):
    worker = a_worker(silent_for=GONE)
    runs(3)
    claims(3, worker=worker.pk)
    assert len(other.do(rescued)) == 3
    held = meanwhile(other, lambda: beat(identity(worker), DB))
    assert (held.fences, held.stop) == ({}, frozenset())


@pytest.mark.fault("F14")
@committing
def test_a_run_that_ends_while_it_is_rescued_keeps_its_end(other):
    run = a_run()
    claim = claimed(run, a_worker(silent_for=GONE).pk)
    other.do(lambda: finished(Outcome.done(claim, "1")))
    assert meanwhile(other, rescued) == []
    assert (state_of(run), events_of(run)) == ("DONE", [])


@committing
def test_a_run_that_another_worker_holds_by_now_is_not_stopped(other):
    run = a_run()
    stale = claimed(run, a_worker(silent_for=GONE).pk)
    run.cancel()
    TaskRun._base_manager.filter(pk=run.pk).update(cancel_requested_at=None)

    def released_and_claimed_again() -> None:
        finished(Outcome.released(stale, "stop"))
        claimed(run, a_worker("new").pk)
        TaskRun.objects.filter(pk=run.pk).cancel()

    other.do(released_and_claimed_again)
    assert meanwhile(other, rescued) == []
    assert state_of(run) == "RUNNING"


@pytest.mark.fault("F14")
@committing
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time")
def test_a_run_that_changes_hands_between_the_look_and_the_rescue_stays_in_the_new_ones():
    run, new = a_run(), a_worker("new")
    stale = claimed(run, a_worker(silent_for=GONE).pk)

    def change_hands() -> None:
        finished(Outcome.released(stale, "stop"))
        claimed(run, new.pk)

    with just_before(("fsm_transition", change_hands)):
        assert rescued() == []
    run.refresh_from_db()
    assert (run.state, run.worker_id, run.fence) == ("RUNNING", new.pk, 2)


@pytest.mark.fault("F40")
@committing
def test_a_rescue_that_loses_a_race_is_repeated():
    run = a_run()
    claimed(run, a_worker(silent_for=GONE).pk)
    errors: list[BaseException] = [transient()]
    with failing(errors, ("INSERT", "transition")):
        assert rescued() == [run.pk]
    assert (errors, state_of(run), events_of(run)) == ([], "QUEUED", ["lose"])


def test_a_rescue_with_nothing_to_do_asks_once(django_assert_num_queries):
    a_run("RUNNING", worker_id=a_worker().pk)
    with django_assert_num_queries(1):
        assert rescued() == []


@pytest.mark.fault("F8")
def test_runs_that_are_lost_twice_together_come_back_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    bounds: list[tuple[float, float]] = []

    def uniform(low: float, high: float) -> float:
        bounds.append((low, high))
        return 1.5

    monkeypatch.setattr("django_tasks_fsm.core.dice.DICE.uniform", uniform)
    assert [_pause(losses).total_seconds() for losses in (1, 2, 3, 1000)] == [0.0, 1.5, 1.5, 1.5]
    assert bounds == [(0, 4), (0, 8), (0, 64)]
