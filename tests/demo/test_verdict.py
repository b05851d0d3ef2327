"""The terminal is told what was found, in characters that cannot command it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from django.core.management import call_command

from audit import tasks
from audit.standing import Standing, read
from demo import verdict

if TYPE_CHECKING:
    from tests.audit.scratch import ScratchEnvironment

pytestmark = pytest.mark.django_db


def audited(path: Any) -> Standing:
    graph = UUID(tasks.discover.enqueue(path=path).id)
    call_command("runworker", "--burst", "--queues=audit")
    standing = read(graph)
    assert standing
    return standing


def test_intact_environment_has_no_trouble(sample: ScratchEnvironment) -> None:
    standing = audited([sample.location])

    told = list(verdict.lines(standing))
    assert told[0] == "Audit: 2 distributions: 2 intact, 0 damaged, 0 not verifiable, 0 without an answer."
    assert told[2].startswith("Slowest: ")
    assert verdict.trouble(standing) == ""


def test_only_the_first_ten_in_trouble_are_named(sample: ScratchEnvironment) -> None:
    for number in range(12):
        sample.install(f"made_{number:02}", {f"made_{number:02}.py": b""})
        (sample.site / f"made_{number:02}.py").unlink()

    told = verdict.trouble(audited([sample.location])).splitlines()

    assert told[1] == ("  made_00 1.0 is damaged: missing made_00.py. Reinstall made_00==1.0, then retry this run.")
    assert told[11:] == ["  and 2 more", verdict.NEXT]


def test_audit_that_failed_says_why() -> None:
    assert "'/nowhere' is not a directory. Name the" in verdict.trouble(audited(["/nowhere"]))


def test_control_characters_do_not_reach_the_terminal() -> None:
    assert "\x1b" not in verdict.trouble(audited(["/no\x1b[2Jwhere"]))
