from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_tasks_fsm.core.limits import BUCKETS, Candidate, Counted, Limits, Rate, Refusal, admit, bucket, rate
from django_tasks_fsm.exceptions import InvalidLimit

NOW = datetime(2026, 3, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("5/s", Rate(5, timedelta(seconds=1))),
        (" 10 / m ", Rate(10, MINUTE)),
        ("1/30s", Rate(1, timedelta(seconds=30))),
        ("100000/7d", Rate(100_000, timedelta(days=7))),
    ],
)
def test_a_rate_is_read(text, wanted):
    assert rate(text) == wanted


@pytest.mark.parametrize(
    "text", ["", "5", "5/", "/m", "0/m", "5/0s", "-1/m", "1.5/s", "5/w", "5/8d", "100001/s", None, 5]
)
def test_what_is_no_rate_is_named(text):
    with pytest.raises(InvalidLimit, match=r"not "):
        rate(text)


def line(number: int, key: str | None = None, task: int = 1) -> list[Candidate[int]]:
    return [Candidate(each, task, key) for each in range(number)]


def test_as_many_are_let_in_as_there_are_slots_in_the_order_of_the_line():
    done = admit(line(5), {1: Limits(max_instances=3)}, Counted(by_task={1: 1}), NOW)
    assert done.admitted == [0, 1]
    assert done.full_tasks == {1}
    assert set(done.refused.values()) == {Refusal.TASK}


def test_a_key_that_is_full_does_not_hold_up_another_one():
    mixed = [Candidate(1, 1, "a"), Candidate(2, 1, "a"), Candidate(3, 1, "b"), Candidate(4, 1, None)]
    done = admit(mixed, {1: Limits()}, Counted(), NOW)
    assert done.admitted == [1, 3, 4]
    assert (done.full_keys, done.refused) == ({"a"}, {2: Refusal.KEY})


def test_one_key_counts_over_all_tasks_and_each_task_says_how_many():
    mixed = [Candidate(1, 1, "a"), Candidate(2, 2, "a"), Candidate(3, 2, "a")]
    done = admit(mixed, {1: Limits(concurrency=1), 2: Limits(concurrency=2)}, Counted(), NOW)
    assert done.admitted == [1, 2]


def test_a_rate_tells_when_the_next_one_may_begin():
    counted = Counted(spent={1: 2}, opens_at={1: NOW + timedelta(seconds=7)})
    done = admit(line(2), {1: Limits(rate=Rate(2, MINUTE))}, counted, NOW)
    assert (done.admitted, done.opens_at) == ([], NOW + timedelta(seconds=7))


def test_a_run_that_began_within_the_period_waits_until_that_start_no_longer_counts():
    again = Candidate(1, 1, None, paced_at=NOW - timedelta(seconds=20))
    done = admit([again], {1: Limits(rate=Rate(5, MINUTE))}, Counted(spent={1: 1}), NOW)
    assert (done.admitted, done.opens_at) == ([], NOW + timedelta(seconds=40))


CANDIDATES = st.lists(st.tuples(st.integers(1, 3), st.sampled_from([None, "a", "b"])), max_size=30)
LIMITS = st.builds(
    Limits,
    max_instances=st.none() | st.integers(1, 4),
    concurrency=st.none() | st.integers(1, 3),
    rate=st.none() | st.builds(Rate, st.integers(1, 4), st.just(MINUTE)),
)


@given(CANDIDATES, st.tuples(LIMITS, LIMITS, LIMITS), st.integers(0, 3))
def test_no_limit_is_exceeded_and_nobody_waits_in_vain(wanted, three, going):
    limits = dict(enumerate(three, start=1))
    row = [Candidate(number, task, key) for number, (task, key) in enumerate(wanted)]
    done = admit(row, limits, Counted(by_task={1: going}, by_key={"a": going}, spent={1: going}), NOW)
    let_in = [each for each in row if each.id in done.admitted]
    for task, allowed in limits.items():
        number = sum(each.task == task for each in let_in)
        held = going if task == 1 else 0
        assert not number or allowed.max_instances is None or number + held <= allowed.max_instances
        assert not number or allowed.rate is None or number + held <= allowed.rate.count
    for each in let_in:
        bearing = sum(other.key == each.key for other in let_in) + (going if each.key == "a" else 0)
        assert each.key is None or bearing <= max(allowed.per_key for allowed in three)
    assert {each.id for each in row} == set(done.admitted) | set(done.refused)


def test_the_locks_are_few_and_the_same_in_every_process():
    names = {bucket("key", f"customer {number}") for number in range(10_000)}
    assert len(names) == BUCKETS
    assert bucket("task", 7) == bucket("task", 7) == "limit 23"
