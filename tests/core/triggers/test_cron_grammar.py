"""The whole grammar of cron against a reading that knows neither croniter nor the rules of the app."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from django_tasks_fsm.core.triggers import Cron, load, preview
from django_tasks_fsm.core.triggers.expression import compile_expression
from django_tasks_fsm.exceptions import InvalidTrigger, ScheduleNeverFires
from tests.core.triggers import cron_oracle
from tests.core.triggers.cron_oracle import DAYS, HIGH, LOW, MONTHS
from tests.properties import examples


@st.composite
def items(draw: st.DrawFn, place: int) -> str:
    """One item of a field: a number, a name, a range that may wrap, a step."""
    names = {3: MONTHS, 4: DAYS}.get(place, ())
    words = st.integers(LOW[place], HIGH[place] + (place == 4)).map(str)
    word = words | st.sampled_from(names) if names else words
    low, high, step = draw(word), draw(word), draw(st.integers(1, HIGH[place]))
    return draw(st.sampled_from([low, f"{low}-{high}", f"{low}-{high}/{step}", f"*/{step}", f"{low}/{step}"]))


def fields(place: int) -> st.SearchStrategy[str]:
    """A field: open, or a list."""
    return st.just("*") | st.lists(items(place), min_size=1, max_size=3).map(",".join)


DAY = fields(2) | st.sampled_from(["?", "l", "1w", "15w", "31w", "30w"])
WEEKDAY = fields(4) | st.sampled_from(["?", "l5", "lfri", "mon#1", "fri#5", "0#2", "7", "l0,l6", "mon#1,tue#3"])
EXPRESSIONS = st.tuples(fields(0), fields(1), DAY, fields(3), WEEKDAY).map(" ".join)
STARTS = st.datetimes(datetime(2023, 12, 1), datetime(2028, 3, 1))


@given(EXPRESSIONS, STARTS)
@examples(150)
@example("0 0 29 2 *", datetime(2027, 1, 1))
@example("0 0 31w * ?", datetime(2026, 4, 1))
def test_the_times_are_those_of_a_look_at_every_minute(expression: str, start: datetime) -> None:
    try:
        read = compile_expression(expression, "").times
    except InvalidTrigger:
        assume(False)
    horizon = start + timedelta(days=70)
    wanted = list(islice(cron_oracle.times(expression, start, horizon), 20))
    found: list[datetime] = []
    last = start
    while len(found) < 20 and (last := read.after(last)) <= horizon:
        found.append(last)
    assert found == wanted


@given(fields(0), fields(1), fields(5), st.datetimes(datetime(2026, 1, 1), datetime(2026, 1, 2)))
@examples(40)
def test_a_sixth_field_is_the_second(minute: str, hour: str, second: str, start: datetime) -> None:
    expression = f"{minute} {hour} * * * {second}"
    try:
        read = compile_expression(expression, "").times
    except InvalidTrigger:
        assume(False)
    wanted = list(islice(cron_oracle.times(expression, start, start + timedelta(days=1)), 20))
    found: list[datetime] = []
    last = start
    for _ in wanted:
        last = read.after(last)
        found.append(last)
    assert found == wanted


@pytest.mark.fault("F57")
@given(st.text(st.sampled_from("0123456789*/,-#?@ LWHRlwhrmontuejafebd()\t\n\x00\xa0\u0663"), max_size=240))
@examples(300)
def test_any_text_at_all_is_a_schedule_or_an_invalid_trigger(text: str) -> None:
    try:
        trigger = Cron(text, seed="s")
    except InvalidTrigger as error:
        if len(str(error)) > 900:
            raise
        return
    assert len(preview(trigger, datetime(2026, 1, 1, tzinfo=UTC), 3)) == 3


@pytest.mark.fault("F57")
@pytest.mark.parametrize(
    "text",
    ["0," * 200_000, "1-2," * 100_000 + "* * * *", "*" * 1_000_000, "9" * 6_000, "* " * 500_000, "(" * 100_000,
     "H(" * 50_000, "@" * 1_000_000, "\x00" * 1_000_000],
    ids=lambda text: text[:4],
)  # fmt: skip
def test_a_megabyte_is_refused_before_it_is_parsed(text: str) -> None:
    began = time.process_time()
    with pytest.raises(InvalidTrigger):
        Cron(text)
    assert time.process_time() - began < 0.3


REFUSED: dict[str, list[Any]] = {
    "C4": ["0 0 30 2 *", "0 0 31 2,4,6,9,11 *"],
    "C6": ["0 0 1 * MON#1", "0 0 31 4 1#5", "0 0 L * 5", "0 0 15W * 1"],
    "C7": ["49 */23 */15,*/1 */6 */4", "0 0 1-31 * 5", "0 0 5 * 0-6"],
    "C8": ["1-1 * * * *", "59/15 * * * *", "*/61 * * * *", "*/1000000000000 * * * *"],
    "C9": ["R R * * *", "R * * * *", "R(0-9) * * * *"],
    "C10": ["H * * * *"],
    "C11": ["9" * 6_000, None, 7, float("nan"), float("inf"), b"* * * * *", [], object()],
    "C12": ["0," * 500_000 + "0 * * * *"],
    "C14": ["0 0 * * 5L", "0 0 LW * *", "0 0 L-3 * *", "@every 5m", "@reboot", "@ daily", "0 0 12 1/1 * ? *"],
    "C15": ["0 0 1 1 * 0 2099", "0 0 29 2 * 0 2025-2027"],
}
"""What croniter takes, or answers with an error of another kind, by the number of the finding about it."""


@pytest.mark.parametrize(
    ("finding", "expression"), [(number, each) for number, many in REFUSED.items() for each in many]
)
def test_what_croniter_reads_otherwise_than_people_is_refused(finding: str, expression: Any) -> None:
    with pytest.raises(InvalidTrigger) as refused:
        Cron(expression)
    assert len(str(refused.value)) < 600


BERLIN = "Europe/Berlin"


@pytest.mark.parametrize(
    ("expression", "zone", "after", "slots"),
    [
        # C1: once on the day with 25 hours.
        ("30 2 * * *", BERLIN, "2025-10-25T22:00+00:00", ["26 00:30", "27 01:30"]),
        # C2: the answer depends on the instant only.
        ("*/20 1-3 * * *", "Australia/Lord_Howe", "2025-04-05T15:06+00:00", ["05 15:30", "05 15:50", "05 16:10"]),
        # C3: one rule for what lies in the gap, whatever the pattern.
        ("30 2 * * *", BERLIN, "2025-03-29T22:00+00:00", ["30 01:00", "31 00:30"]),
        ("0 2,3 * * *", BERLIN, "2025-03-29T22:00+00:00", ["30 01:00", "31 00:00", "31 01:00"]),
        # C5: these do fire.
        ("0 0 31 2 0", "UTC", "2025-01-31T00:00+00:00", ["02 00:00", "09 00:00"]),
        # C13: the second is the last field.
        ("* * * * * 0", "UTC", "2025-01-01T00:00:30+00:00", ["01 00:01", "01 00:02"]),
    ],
)
def test_what_croniter_gets_wrong_is_right(expression: str, zone: str, after: str, slots: list[str]) -> None:
    found = preview(Cron(expression, zone), datetime.fromisoformat(after), len(slots))
    assert [f"{slot:%d %H:%M}" for slot in found] == slots


@pytest.mark.fault("F57")
def test_dead_dates_are_said_to_be_dead() -> None:
    for expression in ("0 0 30 2 *", "0 0 31 2,4,6,9,11 *"):
        with pytest.raises(ScheduleNeverFires):
            Cron(expression)


KINDS = ["any", "all", "cron", "once", "interval", "manual", "worker_start"]
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from([*KINDS, "* * * * *", "2026-01-01T00:00:00+00:00", 1, 10**400, ""])
)  # fmt: skip
WORDS = st.sampled_from(
    [
        "kind",
        "version",
        "of",
        "expression",
        "timezone",
        "policy",
        "seed",
        "start",
        "end",
        "jitter",
        "every",
        "at",
        "from_end",
    ]
)
ROWS = st.recursive(
    LEAVES
    | st.fixed_dictionaries(
        {"version": st.just(1), "kind": st.sampled_from(["any", "all", "cron", "once", "interval"])}
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(WORDS | st.text(max_size=4), inner, max_size=4)
        | st.fixed_dictionaries({"version": st.just(1), "kind": st.sampled_from(["any", "all"]), "of": st.lists(inner)})
    ),
    max_leaves=6,
)


@given(ROWS)
@examples(100)
def test_any_json_of_a_row_is_a_trigger_or_an_invalid_trigger(data: Any) -> None:
    try:
        trigger = load(data)
    except InvalidTrigger as error:
        if not 20 < len(str(error)) < 900:
            raise
        return
    preview(trigger, datetime(2026, 1, 1, tzinfo=UTC), 2)


def test_triggers_in_triggers_without_end_are_refused() -> None:
    data: dict[str, Any] = {"version": 1, "kind": "manual"}
    for _ in range(900):
        data = {"version": 1, "kind": "any", "of": [data]}
    with pytest.raises(InvalidTrigger):
        load(data)
