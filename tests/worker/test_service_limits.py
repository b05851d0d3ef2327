"""Limits across workers: what two of them run at the same moment, and that they leave nothing waiting."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from django_tasks_fsm.models import TaskRun
from tests.jobs import trail as trails
from tests.jobs.limited import alone, one_of_each, paced, two_at_once
from tests.servers.waiting import wait_until

pytestmark = pytest.mark.usefixtures("quick_options")


@pytest.fixture
def trail(tmp_path):
    return str(tmp_path / "trail")


def most_at_once(lines: list[str]) -> Counter[str]:
    """Return how many of each word, and of all (""), were going at the same moment at most."""
    going: Counter[str] = Counter()
    most: Counter[str] = Counter()
    for line in lines:
        event, word = line.split()
        for name in (word, ""):
            going[name] += 1 if event == "began" else -1
            most[name] = max(most[name], going[name])
    return most


def all_done(number: int) -> bool:
    return TaskRun.objects.filter(state="DONE").count() == number


@pytest.mark.parametrize(("task", "limit"), [(two_at_once, 2), (alone, 1)], ids=["threads", "coroutines"])
def test_two_workers_together_run_no_more_than_max_instances(start_worker, trail, task, limit):
    task.enqueue_many([(trail, str(number)) for number in range(12)])
    for name in ("one", "two"):
        start_worker(name=name, concurrency=4, interval=5)
    wait_until(lambda: all_done(12), what="all are done")
    assert most_at_once(trails.read(trail))[""] == limit


def test_two_workers_together_run_one_of_each_key_and_other_keys_beside_it(start_worker, trail):
    one_of_each.enqueue_many([(trail, "abc"[number % 3]) for number in range(18)])
    for name in ("one", "two"):
        start_worker(name=name, concurrency=4, interval=5)
    wait_until(lambda: all_done(18), what="all are done")
    most = most_at_once(trails.read(trail))
    assert [most[word] for word in "abc"] == [1, 1, 1]
    assert most[""] > 1


def test_two_workers_together_keep_to_the_rate_and_use_it(start_worker):
    paced.enqueue_many([()] * 7)
    for name in ("one", "two"):
        start_worker(name=name, concurrency=4, interval=5)
    wait_until(lambda: all_done(7), what="all are done")
    starts = sorted(at for at in TaskRun.objects.values_list("started_at", flat=True) if at is not None)
    assert all(later - earlier > timedelta(seconds=1) for earlier, later in zip(starts, starts[3:], strict=False))
    assert starts[-1] - starts[0] < timedelta(seconds=10)


def test_a_burst_goes_through_its_own_lines(start_worker, trail):
    alone.enqueue_many([(trail, str(number)) for number in range(5)])
    assert start_worker(burst=True).wait() == 0
    assert all_done(5)
