"""The connection breaks while a worker waits for the answer to its COMMIT: what it did stands, and it does not know."""

from __future__ import annotations

import pytest

from django_tasks_fsm import failpoints
from django_tasks_fsm.models import TaskRun, Transition
from tests.jobs import trail
from tests.jobs.tasks import mark

pytestmark = pytest.mark.usefixtures("quick_options")


@pytest.fixture(autouse=True)
def _inert():
    yield
    failpoints.arm("")


@pytest.fixture
def run_with(start_worker, tmp_path):
    """Give a function that lets a worker do one run with these failpoints, and returns the run and its trail."""

    def run(rules):
        failpoints.arm(rules)
        result = mark.enqueue(str(tmp_path / "trail"), "ran")
        start_worker()
        result.wait(30)
        return TaskRun.objects.get(), trail.read(tmp_path / "trail")

    return run


@pytest.mark.fault("F39")
def test_a_claim_that_nobody_knows_of_is_given_back_uncharged(run_with):
    run, said = run_with("claim.committed=raise*1")
    assert (run.state, run.attempt, run.fence, said) == ("DONE", 1, 2, ["ran"])
    assert Transition.objects.get(run=run).reason == "its worker had not received it"


@pytest.mark.fault("F39")
def test_an_end_that_was_stored_is_not_stored_again(run_with, caplog, wait_until):
    run, said = run_with("finish.committed=raise*1")
    wait_until(lambda: "stale result dropped" in caplog.text)
    assert (run.state, run.attempt, run.fence, said) == ("DONE", 1, 1, ["ran"])
    assert not Transition.objects.filter(run=run).exists()
