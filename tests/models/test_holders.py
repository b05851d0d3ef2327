from __future__ import annotations

import pytest

from django_tasks_fsm import signals
from django_tasks_fsm.models import TaskRun
from tests.store.rows import a_run, claimed

pytestmark = pytest.mark.django_db


@pytest.fixture
def called():
    """Give the ids of the workers that are called."""
    ids = []

    def note(workers, **kwargs):
        ids.extend(workers)

    signals.workers_called.connect(note)
    yield ids
    signals.workers_called.disconnect(note)


@pytest.mark.parametrize("verb", ["cancel", "abort"])
def test_who_holds_a_run_is_called_when_a_person_ends_it(called, django_capture_on_commit_callbacks, verb):
    claim = claimed(a_run())
    with django_capture_on_commit_callbacks(execute=True):
        getattr(TaskRun.objects.filter(pk=claim.id), verb)()
    assert called == [TaskRun.objects.get(pk=claim.id).worker_id]


def test_nobody_is_called_for_a_run_that_nobody_holds(called, django_capture_on_commit_callbacks):
    run = a_run()
    with django_capture_on_commit_callbacks(execute=True):
        run.cancel()
    assert called == []
