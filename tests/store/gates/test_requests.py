from __future__ import annotations

import pytest
from django.utils import timezone

from tests.store.gates.asked import gate, gates
from tests.store.rows import a_run

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("column", "name"), [("cancel_requested_at", "cancel"), ("pause_requested_at", "pause")])
def test_a_request_is_a_note_with_its_time(column, name):
    found = gate(a_run("RUNNING", **{column: timezone.now()}), name)
    assert (found.ok, found.note) == (True, True)
    assert "at its next check" in str(found.fact)


def test_without_a_request_nothing_is_said():
    run = a_run("RUNNING")
    assert gates(run, "cancel") == gates(run, "pause") == []
