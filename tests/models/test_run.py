from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils import timezone

from django_tasks_fsm.core.misfire import MisfirePolicy
from django_tasks_fsm.core.outcomes import Outcome
from django_tasks_fsm.core.prerequisites import Standing
from django_tasks_fsm.core.states import FINAL, RunState, TaskState
from django_tasks_fsm.core.triggers import Manual
from django_tasks_fsm.exceptions import InvalidTrigger, RunFailed, WaitTimeout
from django_tasks_fsm.models import Queue, RunDetail, Task, TaskRun, Worker
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.words import RUN_STATE_WORDS, TASK_STATE_WORDS
from tests.store.rows import FAILURE, a_run, a_task, a_worker, claimed, done, finished, waits_for
from tests.store.threads import SECONDS, in_thread

pytestmark = pytest.mark.django_db


def test_a_run_knows_whether_it_had_ended():
    assert {state for state in RunState if a_run(state.value).is_final} == FINAL


def test_a_run_is_called_after_its_task_and_the_end_of_its_id():
    run = a_run(id=uuid.UUID("01890000-0000-7000-8000-0123456789ab"))
    assert str(run) == "work 0123456789ab"


def test_a_run_with_a_label_is_called_by_it():
    assert str(a_run(label="Graz")) == "work Graz"


def test_the_history_of_a_run_is_what_has_happened_so_far():
    run = a_run()
    assert [word for word, _ in run.history()] == ["enqueued"]
    done(run)
    run.refresh_from_db()
    assert [word for word, _ in run.history()] == ["enqueued", "started", "finished"]
    moments = [when for _, when in run.history()]
    assert moments == sorted(moments)


def test_waiting_for_a_run_that_is_done_gives_its_result():
    run = a_run()
    done(run, '{"a": [1]}')
    assert run.wait(0) == {"a": [1]}


def test_waiting_for_a_run_that_failed_raises_what_is_known():
    run = a_run()
    finished(Outcome.failed(claimed(run), FAILURE))
    with pytest.raises(RunFailed, match=r"ended as FAILED: builtins\.ValueError: boom"):
        run.wait(1)


def test_waiting_ends_at_the_timeout_and_says_where_the_run_stands():
    run = a_run()
    with pytest.raises(WaitTimeout, match=r"was still QUEUED after 0 s\. Is a worker serving its queue\?"):
        run.wait(0)
    with pytest.raises(TimeoutError):
        run.wait(0.01)


@pytest.mark.django_db(transaction=True)
def test_waiting_sees_what_another_connection_writes():
    run = a_run()
    future = in_thread(lambda: TaskRun.objects.get(pk=run.pk).wait(SECONDS))
    done(run, "42")
    assert future.result(SECONDS) == 42


def test_every_state_has_a_word_for_people():
    assert set(RUN_STATE_WORDS) == set(RunState)
    assert set(TASK_STATE_WORDS) == set(TaskState)
    assert all(str(word) for word in (*RUN_STATE_WORDS.values(), *TASK_STATE_WORDS.values()))


def test_a_task_fires_by_hand_unless_a_trigger_says_when():
    task = a_task()
    assert (task.fires, task.misfire_policy) == (Manual(), MisfirePolicy("latest", None, 100))
    assert (str(task), task.state) == ("work", "ACTIVE")
    with pytest.raises(InvalidTrigger, match="'kind' is 'moon'"):
        _ = a_task("other", trigger={"version": 1, "kind": "moon"}).fires


def test_two_tasks_do_not_share_a_trigger():
    one, two = a_task("one"), a_task("two")
    one.trigger["kind"] = "cron"
    assert two.trigger["kind"] == Task().trigger["kind"] == "manual"


def test_an_edge_of_runs_tells_how_it_stands():
    before, after = a_run("FAILED"), a_run("PENDING", waiting_on=1)
    waits_for(after, before)
    edge = after.prerequisite_edges.get()
    assert (edge.standing, str(edge)) == (Standing.BROKEN, f"{before.pk} -> {after.pk}")
    assert list(before.dependent_edges.all()) == [edge]


@pytest.mark.fault("F74")
@pytest.mark.parametrize("name", ["", "a b", "a,b", "*", "x" * 65, "é", "a\n", "a\x00", "../etc"])
def test_a_queue_name_that_would_not_fit_everywhere_is_refused(name):
    with pytest.raises(ValidationError):
        Queue(name=name).full_clean()
    with pytest.raises(ValidationError):
        Task(name="t", function="f", queue=name).full_clean()


@pytest.mark.parametrize("name", ["default", "A.b-c_9", "x" * 64])
def test_a_queue_name_that_fits_is_accepted(name):
    Queue(name=name).clean_fields()


def test_a_worker_lives_while_its_heart_beats():
    assert a_worker().is_alive
    assert not a_worker(silent_for=61).is_alive
    assert not a_worker(stopped_at=timezone.now()).is_alive
    assert a_worker(silent_for=30).silence >= timedelta(seconds=30)


def test_an_actor_is_named_for_the_audit():
    worker = uuid.uuid4()
    assert Actor.system() == Actor("system")
    assert Actor.worker(worker) == Actor(f"worker:{worker}", worker)
    assert Actor.user(User(username="ada")).name == "user:ada"
    assert len(Actor.user(User(username="x" * 150)).name) == 150


def test_the_details_of_a_run_go_with_it():
    run = a_run("DONE")
    RunDetail.objects.create(run=run, progress_done=1, progress_total=4, progress_note="files")
    assert str(run.detail) == "1/4 files"
    run.delete()
    assert not RunDetail.objects.exists()


def test_a_worker_that_goes_leaves_its_runs():
    worker = a_worker()
    run = a_run("RUNNING", worker_id=worker.pk)
    Worker.objects.all().delete()
    run.refresh_from_db()
    assert (run.state, run.worker_id) == ("RUNNING", worker.pk)


def test_a_task_starts_a_run_with_its_own_arguments():
    task = a_task(args=[1], kwargs={"a": 2}, queue="mail", priority=5)
    run = task.start(actor=Actor("user:ada"), reason="asked by phone")
    assert (run.args, run.kwargs, run.queue, run.priority, run.state) == ([1], {"a": 2}, "mail", 5, "QUEUED")
    assert Queue.objects.filter(name="mail").exists()
    line = run.transitions.get()
    assert (line.event, line.from_state, line.to_state) == ("start", "QUEUED", "QUEUED")
    assert (line.actor, line.reason) == ("user:ada", "asked by phone")


def test_a_task_starts_a_run_later():
    at = timezone.now() + timedelta(days=1)
    run = a_task().start(at=at)
    assert (run.state, run.run_at) == ("PENDING", at)
