"""Lines of logs are added by whoever holds the run, and bounded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_tasks_fsm.core.lines import Line
from django_tasks_fsm.core.outcomes import Claim
from django_tasks_fsm.models import RunLog, TaskRun
from django_tasks_fsm.store.lines import Batch, keep
from tests.store.faults import failing, transient
from tests.store.rows import DB, a_run
from tests.worker.claims import claim

pytestmark = pytest.mark.django_db
committing = pytest.mark.django_db(transaction=True)
MOST, ROOM = 1000, 100_000


def held(fence: int = 1, run: TaskRun | None = None) -> Claim:
    """Return the claim of a running run."""
    row = run or a_run("RUNNING", fence=fence)
    TaskRun._base_manager.filter(pk=row.pk).update(fence=fence)
    made = claim()
    return Claim(**{name: getattr(made, name) for name in Claim.__slots__} | {"id": row.pk, "fence": fence})


def batch(of: Claim, first: int, last: int, text: str = "said", before: int | None = None) -> Batch:
    lines = [Line(number, 1.5e9 + number, 20, "shop", f"{text} {number}") for number in range(first, last + 1)]
    return Batch(of, lines, last, sum(line.size for line in lines), before)


def stored(of: Claim) -> Sequence[tuple[int, str]]:
    return list(RunLog.objects.filter(run=of.id).order_by("fence", "number").values_list("number", "message"))


def test_lines_are_stored_with_all_that_is_known_of_them() -> None:
    mine = held()
    assert keep([batch(mine, 1, 2)], MOST, ROOM, DB) == {mine.key: 0}
    row = RunLog.objects.get(run=mine.id, number=2)
    assert (row.fence, row.attempt, row.level, row.logger, row.message, row.size) == (1, 1, 20, "shop", "said 2", 6)
    assert row.at.timestamp() == 1.5e9 + 2


@pytest.mark.parametrize("change", [{"fence": 2}, {"state": "QUEUED"}, {"state": "DONE"}])
def test_whoever_has_lost_the_run_adds_nothing(change: dict[str, object]) -> None:
    mine, other = held(), held()
    if change.get("state") == "DONE":
        TaskRun.objects.get(pk=mine.id).abort()
    else:
        TaskRun._base_manager.filter(pk=mine.id).update(**change)
    assert keep([batch(mine, 1, 2), batch(other, 1, 1)], MOST, ROOM, DB) == {other.key: 0}
    assert (stored(mine), stored(other)) == ([], [(1, "said 1")])


@pytest.mark.parametrize(("fence", "kept"), [(1, 1), (2, 0)])
def test_lines_of_a_run_whose_end_is_stored_come_behind_it(fence: int, kept: int) -> None:
    mine = held()
    TaskRun.objects.get(pk=mine.id).abort()
    TaskRun._base_manager.filter(pk=mine.id).update(fence=fence)
    keep([replace(batch(mine, 1, 1), is_over=True)], MOST, ROOM, DB)
    assert len(stored(mine)) == kept


def test_the_same_lines_twice_are_the_same_lines() -> None:
    mine = held()
    keep([batch(mine, 1, 2)], MOST, ROOM, DB)
    keep([batch(mine, 1, 3)], MOST, ROOM, DB, again=True)
    assert [number for number, _ in stored(mine)] == [1, 2, 3]


def test_beyond_the_cap_the_oldest_go_and_the_numbers_go_on_over_attempts() -> None:
    first = held()
    keep([batch(first, 1, 6)], 4, ROOM, DB)
    assert [number for number, _ in stored(first)] == [3, 4, 5, 6]
    second = held(2, TaskRun.objects.get(pk=first.id))
    told = keep([batch(second, 1, 5, "again")], 4, ROOM, DB)
    assert told == {second.key: 6}
    keep([batch(second, 6, 6, "again", told[second.key])], 4, ROOM, DB)
    assert stored(first) == [(number + 6, f"again {number}") for number in (3, 4, 5, 6)]


def test_the_bytes_are_bounded_too_but_the_newest_line_stays() -> None:
    mine, other = held(), held()
    keep([batch(mine, 1, 9), batch(other, 1, 1, "x" * 500)], MOST, 20, DB)
    assert ([number for number, _ in stored(mine)], len(stored(other))) == ([7, 8, 9], 1)


def test_a_first_attempt_within_the_cap_costs_two_statements_for_many_runs() -> None:
    many = [batch(held(), 1, 10) for _ in range(10)]
    with CaptureQueriesContext(connection) as sent:
        keep(many, MOST, ROOM, DB)
    assert len([query for query in sent if "SAVEPOINT" not in query["sql"]]) <= 2, [query["sql"][:80] for query in sent]


@committing
def test_a_write_that_loses_a_race_is_repeated() -> None:
    mine = held()
    errors: list[BaseException] = [transient()]
    with failing(errors, ("INSERT", "runlog")):
        keep([batch(mine, 1, 2)], MOST, ROOM, DB)
    assert errors == []
    assert len(stored(mine)) == 2
