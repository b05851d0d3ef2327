from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.utils import timezone

from django_tasks_fsm import make_later
from django_tasks_fsm.exceptions import IllegalTransition
from tests.making.runs import a_run_of, in_state
from tests.making.sample import fail, say
from tests.store.rows import states_of
from tests.store.threads import SECONDS

pytestmark = pytest.mark.django_db
TOMORROW = timezone.now() + timedelta(days=1)


class Later:
    """What has ``defer`` instead of ``submit``."""

    def __init__(self, pool):
        self.defer = pool.submit


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", [lambda pool: pool, Later])
def test_runs_are_made_in_a_pool_while_the_caller_goes_on(said, kind):
    first = a_run_of(say, "a")
    second = a_run_of(say, "b", after=[first])
    with ThreadPoolExecutor(1) as pool:
        future = make_later(kind(pool), second)
        assert future is not None
        assert [run.state for run in future.result(SECONDS)] == ["DONE"]
    assert second.wait(0) == "b"
    assert said == ["a", "b"]


@pytest.mark.django_db(transaction=True)
def test_fail_fast_holds_in_a_pool_too(said):
    runs = [a_run_of(fail, "a"), in_state("PENDING")]
    with ThreadPoolExecutor(1) as pool:
        future = make_later(pool, *runs, fail_fast=True)
        assert future is not None
        assert [run.state for run in future.result(SECONDS)][:1] == ["FAILED"]


def test_without_a_pool_runs_and_what_they_wait_for_are_left_to_the_workers():
    first = a_run_of(say, "a", run_after=TOMORROW)
    second = a_run_of(say, "b", after=[first], run_after=TOMORROW)
    aside = a_run_of(say, "c", run_after=TOMORROW)
    assert make_later(None, second) is None
    assert states_of([first, second, aside]) == ["QUEUED", "PENDING", "PENDING"]
    second.refresh_from_db()
    assert second.run_at < TOMORROW


def test_what_is_being_prepared_is_not_left_to_the_workers_either():
    with pytest.raises(IllegalTransition, match="is being prepared"):
        make_later(None, in_state("PREPARE"))


def test_something_that_can_do_nothing_later_is_refused():
    with pytest.raises(TypeError, match=r"with defer\(\) or submit\(\)"):
        make_later(object(), in_state("PENDING"))
