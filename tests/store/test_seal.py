"""An end that was committed without an answer is found by its state and its fence."""

from __future__ import annotations

import uuid

import pytest
from django.db import connections, transaction

from django_tasks_fsm.core.outcomes import Outcome
from django_tasks_fsm.models import TaskRun
from django_tasks_fsm.store.seal import is_sealed, seal
from tests.store.rows import DB, a_run, claimed, finished, state_of
from tests.store.threads import meanwhile

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_a_later_claim_has_ended_is_not_the_end_of_an_earlier_one():
    run = a_run()
    earlier = claimed(run)
    finished(Outcome.released(earlier, "its worker was lost"))
    later = claimed(run)
    finished(Outcome.done(later, "null"))
    assert [is_sealed(Outcome.done(claim, "null"), DB) for claim in (earlier, later)] == [False, True]


@pytest.mark.skipif("sqlite" in connections.settings[DB]["ENGINE"], reason="locks the file, not rows")
def test_the_end_waits_for_whoever_has_the_run_locked(other):
    run = a_run()
    claim = claimed(run)
    other.do(lambda: TaskRun.objects.select_for_update().get(pk=run.pk))

    def work():
        with transaction.atomic():
            return seal(Outcome.done(claim, "1"), uuid.uuid4(), DB)

    assert meanwhile(other, work)
    assert state_of(run) == "DONE"
