from __future__ import annotations

import pytest

from tests.store.gates.asked import gate, gates
from tests.store.rows import a_run

pytestmark = pytest.mark.django_db


def test_a_key_that_another_run_bears_forbids_the_retry():
    bearer = a_run(key="Oslo", given_key="Oslo")
    found = gate(a_run("FAILED", given_key="Oslo"), "key")
    assert (found.ok, found.kind, found.id) == (False, "run", bearer.pk)


def test_a_key_that_nobody_bears_is_free():
    assert gate(a_run("FAILED", given_key="Oslo"), "key").ok


def test_a_run_without_a_key_is_not_asked():
    a_run(key="Oslo", given_key="Oslo")
    assert gates(a_run("FAILED"), "key") == []
