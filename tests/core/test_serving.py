from __future__ import annotations

from datetime import UTC, datetime

import pytest

from django_tasks_fsm.core.serving import served

KNOWN = {"default": None, "mail": None, "shut": datetime(2026, 1, 1, tzinfo=UTC)}


@pytest.mark.parametrize(
    ("wanted", "excluded", "names"),
    [
        (["*"], [], ("default", "mail")), (["*"], ["mail"], ("default",)), (["mail", "mail"], [], ("mail",)),
        (["unknown"], [], ("unknown",)), (["shut"], [], ()), (["mail"], ["mail"], ()), ([], [], ()),
    ],
)  # fmt: skip
def test_a_worker_serves_what_it_names_but_not_what_is_paused_or_excluded(wanted, excluded, names):
    assert served(KNOWN, wanted, excluded) == names
