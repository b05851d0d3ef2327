from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.store.gates.asked import said
from tests.store.rows import a_run

pytestmark = pytest.mark.django_db

LATER = timezone.now().replace(microsecond=0) + timedelta(hours=5)


def test_what_is_due_is_told_as_such():
    assert said(a_run("PENDING"), "due")[0]


def test_a_queued_run_has_been_found_due_whatever_its_time_says():
    assert said(a_run("QUEUED", run_at=LATER), "due")[0]


def test_a_run_that_was_never_tried_is_just_not_due():
    ok, fact = said(a_run("PENDING", run_at=LATER), "due")
    assert (ok, fact) == (False, f"It is not due before {timezone.localtime(LATER).isoformat(' ', 'seconds')}.")


@pytest.mark.parametrize(
    ("event", "beginning"),
    [
        ("retry", "Attempt 2 failed, and the back-off lets the next one begin at"),
        ("reschedule", "It was rescheduled, and is not due before"),
        ("lose", "Its worker was lost, and it may begin again at"),
    ],
)
def test_what_put_it_off_is_named(event, beginning):
    run = a_run("PENDING", run_at=LATER, attempt=2)
    for one in ("retry", event):
        run.transitions.create(event=one, from_state="RUNNING", to_state="PENDING", at=timezone.now(), actor="system")
    assert said(run, "due")[1].startswith(beginning)
