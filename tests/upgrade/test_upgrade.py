"""A database of the first release is migrated while its worker runs, and both releases work on it side by side."""

from __future__ import annotations

from collections import Counter

import pytest
from django.core.management import call_command
from django.db.models import Count

from django_tasks_fsm.core.states import FINAL
from django_tasks_fsm.models import TaskRun
from django_tasks_fsm.store.check import AGAIN_AFTER, RULES, check

SECONDS = 90
STANDS = {"held": "RUNNING", "behind": "PENDING", "prepared": "PREPARE", "failed": "FAILED"}


def states(runs):
    rows = TaskRun.objects.filter(pk__in=runs.values()).values_list("pk", "state")
    by_id = {str(pk): state for pk, state in rows}
    return {name: by_id[run_id] for name, run_id in runs.items()}


def workers_of(runs):
    return TaskRun.objects.filter(pk__in=runs.values()).aggregate(number=Count("worker", distinct=True))["number"]


@pytest.mark.fault("F51")
def test_both_releases_work_on_one_database(first_schema, first, present, start, fill, tmp_path, wait_until):
    trail = tmp_path / "trail"
    old = start(first, "--queues=default", "--concurrency=2")
    before = fill(first, "before")
    wait_until(lambda: trail.exists() and "held-began" in trail.read_text(), SECONDS)

    call_command("migrate", "django_tasks_fsm", verbosity=0)
    wait_until(lambda: states(before).items() >= STANDS.items(), SECONDS)
    after = fill(first, "after")  # by the old code, which does not know the new columns
    new = start(present, "--concurrency=1")
    wait_until(lambda: set(states(after).values()) == {"DONE"}, SECONDS)
    assert workers_of(after) == 2

    TaskRun.objects.get(pk=before["prepared"]).prepared()
    with trail.open("a") as file:
        file.write("go\n")
    wait_until(lambda: all(state in FINAL for state in states(before).values()), SECONDS)
    assert old.stop(seconds=SECONDS) == 0
    slots = TaskRun.objects.filter(task__name="upgrading-tick", state="DONE").order_by("scheduled_for")
    number = slots.count()
    wait_until(lambda: slots.count() > number, SECONDS)
    assert new.stop(seconds=SECONDS) == 0

    every = {**before, **after}
    assert states(every) == {**dict.fromkeys(every, "DONE"), "failed": "FAILED"}
    words = Counter(trail.read_text().split())
    assert {name: words[name] for name in every} == {**dict.fromkeys(every, 1), "failed": 0}
    assert len(set(slots.values_list("scheduled_for", flat=True))) == slots.count()
    assert not check(RULES, "default", AGAIN_AFTER).broken
