from __future__ import annotations

import uuid

import pytest
from django.db import DataError, OperationalError

from django_tasks_fsm.core.outcomes import Ending
from django_tasks_fsm.store.workers import Beat
from django_tasks_fsm.worker.announcer import Announcer
from django_tasks_fsm.worker.bell import Bell
from django_tasks_fsm.worker.config import WorkerConfig
from django_tasks_fsm.worker.cycle import Cycle
from django_tasks_fsm.worker.narration import Narrator
from django_tasks_fsm.worker.outbox import Outbox
from django_tasks_fsm.worker.substitutes import UNSTORABLE
from tests.jobs.tasks import aecho, ahold, echo, hold
from tests.worker.claims import claim, job
from tests.worker.fake_store import FakeStore

QUEUES = ("default",)


@pytest.fixture
def store(monkeypatch):
    store = FakeStore()
    monkeypatch.setattr("django_tasks_fsm.worker.cycle.turn", store.turn)
    monkeypatch.setattr("django_tasks_fsm.worker.cycle.for_alias", lambda using: Dialect)
    monkeypatch.setattr("django_tasks_fsm.worker.book.Book.look_up", lambda self, ids: store.look_up(ids))
    return store


class Dialect:
    """Every error passes but one that is about the data."""

    @staticmethod
    def is_outage(error):
        return not isinstance(error, DataError)


@pytest.fixture
def cycle(store):
    worker_id = uuid.uuid4()
    config = WorkerConfig(name="tested", concurrency=2)
    cycle = Cycle(config, worker_id, Outbox(Bell()), Narrator(worker_id, Announcer()))
    yield cycle
    cycle.stop()


@pytest.fixture
def gate(tmp_path):
    return str(tmp_path / "trail"), str(tmp_path / "gate")


def work(cycle, wait_until, queues=QUEUES):
    """Take turns until nothing is in hand."""
    cycle.turn(queues)
    wait_until(lambda: not any(cycle.turn(queues)) and not len(cycle.hand))


def endings(store):
    return {outcome.claim.id: outcome.ending for outcome in store.ended}


def test_every_claim_is_run_and_written_once(cycle, store, wait_until):
    claims = [store.add(task, number) for number, task in enumerate([echo, aecho] * 25)]
    work(cycle, wait_until)
    assert sorted(outcome.claim.id for outcome in store.ended) == sorted(one.id for one in claims)
    assert cycle.finished == 50


def test_no_more_is_claimed_than_there_are_slots(cycle, store, gate):
    for _ in range(9):
        store.add(hold, *gate)
    assert cycle.turn(QUEUES) == (0, 2)
    assert cycle.turn(QUEUES) == (0, 0)
    open(gate[1], "w").close()


def test_no_more_is_claimed_than_was_asked_for(cycle, store):
    for _ in range(9):
        store.add(echo)
    assert cycle.turn(QUEUES, at_most=1) == (0, 1)
    assert cycle.turn((), at_most=5)[1] == 0


def test_outcomes_survive_an_outage(cycle, store, wait_until):
    store.add(echo)
    cycle.turn(QUEUES)
    wait_until(lambda: cycle.waiting)
    store.errors += [OperationalError("gone away"), OperationalError("gone away")]
    for _ in range(2):
        with pytest.raises(OperationalError):
            cycle.turn(QUEUES)
    work(cycle, wait_until)
    assert list(endings(store).values()) == [Ending.DONE]


@pytest.mark.fault("F29")
def test_one_outcome_that_is_refused_does_not_hold_up_the_others(cycle, store, wait_until):
    good, bad = store.add(echo), store.add(echo)
    store.refused[bad.id] = DataError("will not store that")
    work(cycle, wait_until)
    assert endings(store) == {good.id: Ending.DONE, bad.id: Ending.FAILED}
    (replaced,) = [outcome for outcome in store.ended if outcome.claim.id == bad.id]
    assert replaced.failure.exception == UNSTORABLE


@pytest.mark.fault("F29")
def test_an_outage_in_the_middle_of_one_by_one_fails_no_run(cycle, store, wait_until):
    claims = [store.add(echo) for _ in range(2)]
    cycle.turn(QUEUES)
    wait_until(lambda: cycle.waiting == 2)
    store.errors += [DataError("one of these"), None, OperationalError("gone away")]
    with pytest.raises(OperationalError):
        cycle.turn(QUEUES)
    work(cycle, wait_until)
    assert endings(store) == {one.id: Ending.DONE for one in claims}


@pytest.mark.fault("F4")
def test_a_result_that_comes_too_late_is_dropped_and_logged(cycle, store, caplog, wait_until):
    lost = store.add(echo)
    store.fences[lost.id] += 1
    work(cycle, wait_until)
    assert store.ended == []
    assert f"Run {lost.id} (a task) fence 1: stale result dropped" in caplog.text


@pytest.fixture
def again_at_once(monkeypatch):
    """Offer what was locked again without a pause."""
    monkeypatch.setattr(Outbox.put_aside, "__defaults__", (0.0,))


def ended_but_locked(cycle, store, wait_until, number=1):
    """Return the claims of runs whose functions have ended and whose rows somebody has locked."""
    claims = [store.add(echo) for _ in range(number)]
    store.locked |= {one.id for one in claims}
    wait_until(lambda: cycle.turn(QUEUES) == (0, 0) and cycle.hand.ended == number)
    return claims


def test_the_end_of_a_locked_run_is_kept_and_written_when_the_lock_is_gone(cycle, store, wait_until, again_at_once):
    (locked,) = ended_but_locked(cycle, store, wait_until)
    assert (store.ended, cycle.finished, cycle.hand.strays(Beat({locked.id: 1}))) == ([], 0, [])
    store.locked.clear()
    work(cycle, wait_until)
    assert endings(store) == {locked.id: Ending.DONE}
    assert (cycle.finished, cycle.again_in) == (1, None)


def test_locked_runs_take_no_slots(cycle, store, wait_until, again_at_once):
    ended_but_locked(cycle, store, wait_until, number=5)
    free = [store.add(echo) for _ in range(5)]
    wait_until(lambda: cycle.turn(QUEUES) and len(store.ended) == 5)
    assert endings(store) == {one.id: Ending.DONE for one in free}


def test_locked_runs_beyond_a_bound_take_slots_so_that_memory_stays_bounded(
    cycle, store, wait_until, monkeypatch, again_at_once
):
    monkeypatch.setattr("django_tasks_fsm.worker.cycle.MOST_ASIDE", 0)
    ended_but_locked(cycle, store, wait_until, number=2)
    assert not cycle.has_room(None)


def test_an_end_that_is_tried_again_in_vain_is_no_progress(cycle, store, wait_until, again_at_once):
    ended_but_locked(cycle, store, wait_until)
    assert cycle.waiting
    assert cycle.turn(()) == (0, 0)


def test_giving_all_back_tries_a_locked_end_once_more_and_does_not_give_it_back(cycle, store, wait_until):
    (locked,) = ended_but_locked(cycle, store, wait_until)
    cycle.release_all("the end")
    cycle.turn(())
    assert (store.ended, len(cycle.hand)) == ([], 1)
    store.locked.clear()
    cycle.release_all("the end")
    cycle.turn(())
    assert (endings(store), len(cycle.hand)) == ({locked.id: Ending.DONE}, 0)


def test_one_by_one_a_locked_outcome_is_kept_too(cycle, store, wait_until, again_at_once):
    locked, bad = store.add(echo), store.add(echo)
    store.locked.add(locked.id)
    store.refused[bad.id] = DataError("will not store that")
    wait_until(lambda: cycle.turn(QUEUES) == (0, 0) and cycle.hand.ended == 1 == len(cycle.hand))
    store.locked.clear()
    work(cycle, wait_until)
    assert endings(store) == {locked.id: Ending.DONE, bad.id: Ending.FAILED}


def test_an_unknown_function_is_handed_back_and_counts_for_nothing(cycle, store, wait_until):
    stranger = store.add(echo)
    store.known[stranger.task_id] = replace_function(store.known[stranger.task_id])
    work(cycle, wait_until)
    assert endings(store) == {stranger.id: Ending.RESCHEDULED}
    assert cycle.finished == 0


def replace_function(definition):
    return type(definition)(definition.id, definition.name, "shop.tasks.gone", 1, None, False)


@pytest.mark.fault("F35", "F75")
def test_a_task_without_a_row_is_handed_back_and_the_worker_lives(cycle, store, wait_until):
    orphan, other = store.add(echo), store.add(echo)
    del store.known[orphan.task_id]
    work(cycle, wait_until)
    assert endings(store) == {orphan.id: Ending.RESCHEDULED, other.id: Ending.DONE}


def test_claims_are_given_back_when_their_definitions_cannot_be_read(cycle, store, monkeypatch, wait_until):
    claims = [store.add(echo) for _ in range(2)]
    with monkeypatch.context() as patch:
        patch.setattr("django_tasks_fsm.worker.book.Book.look_up", unreachable)
        with pytest.raises(OperationalError):
            cycle.turn(QUEUES)
    work(cycle, wait_until)
    assert endings(store) == {one.id: Ending.RELEASED for one in claims}


def unreachable(self, ids):
    raise OperationalError("gone away")


def test_giving_all_back_gives_each_back_once(cycle, store, gate, wait_until):
    claims = [store.add(task, *gate) for task in (hold, ahold)]
    cycle.turn(QUEUES)
    wait_until(lambda: len(cycle.hand) == 2 and not cycle.hand.oldest_unstarted())
    cycle.release_all("the end")
    cycle.turn(())
    assert endings(store) == {one.id: Ending.RELEASED for one in claims}
    assert len(cycle.hand) == cycle.finished == 0
    open(gate[1], "w").close()


def test_a_stray_is_given_back(cycle, store):
    stray = claim()
    store.fences[stray.id] = 7
    cycle.release_stray(stray.id, 7)
    cycle.turn(())
    assert endings(store) == {stray.id: Ending.RELEASED}


def test_an_interruption_reaches_context_and_coroutine(cycle, store, gate, wait_until):
    store.add(ahold, *gate)
    cycle.turn(QUEUES)
    (held,) = cycle.hand.jobs()
    cycle.interrupt(held, "a person asked for it")
    work(cycle, wait_until, queues=())
    (outcome,) = store.ended
    assert (outcome.ending, outcome.reason) == (Ending.CANCELLED, "a person asked for it")


def test_interrupting_a_job_whose_executor_was_never_needed_is_harmless(cycle):
    cycle.interrupt(job(aecho), "no reason")
