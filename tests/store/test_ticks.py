"""How far a service is, is said by the holder of its run only."""

from __future__ import annotations

import pytest

from django_tasks_fsm.core.outcomes import Outcome
from django_tasks_fsm.exceptions import OwnershipLost
from django_tasks_fsm.models import ServiceTicks
from django_tasks_fsm.store.ticks import Ticks, save
from tests.store.rows import DB, a_run, claimed, finished

pytestmark = pytest.mark.django_db

TICKS = Ticks(1, None, None, None)


def test_a_late_holder_saves_nothing():
    run = a_run()
    late = claimed(run)
    finished(Outcome.released(late, "its worker was lost"))
    holder = claimed(run)
    with pytest.raises(OwnershipLost):
        save(run.pk, late.fence, TICKS, DB)
    assert not ServiceTicks.objects.exists()
    save(run.pk, holder.fence, TICKS, DB)
    assert ServiceTicks.objects.get(pk=run.pk).ticks == 1
