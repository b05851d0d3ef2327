from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_tasks_fsm.core.triggers.expression import ALIASES, MAX_LENGTH, clean, compile_expression, seed_for
from django_tasks_fsm.exceptions import InvalidTrigger, ScheduleNeverFires
from tests.properties import examples

START = datetime(2026, 1, 1, 12)


def first(expression: str, seed: str = "") -> datetime:
    return compile_expression(expression, seed).times.after(START)


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("", "0 fields instead of five"),
        ("* * * *", "4 fields instead of five"),
        ("* * * * * 0 2024", "set start and end"),
        ("@reboot", "WorkerStart"),
        ("@every 5m", "interval trigger"),
        ("@dayly", "the known names are"),
        ("H * * * *", "set seed"),
        ("R R * * *", "use H"),
        ("0 0 1 * mon#1", "one day field only"),
        ("0 0 15W * 1", "one day field only"),
        ("0 0 L * 1", "one day field only"),
        ("0 0 1 * L5", "one day field only"),
        ("0 0 1W,15 * *", "single day"),
        ("0 0 * * mon,fri#1", "mixes plain days"),
        ("0 0 */15,*/1 * 4", "selects every day of month"),
        ("0 0 1 * 0-6", "selects every day of week"),
        ("0 0 12 1/1 * ?", "the second is the last one"),
    ],
)
def test_an_expression_that_means_something_else_than_it_says_is_refused(expression, problem):
    with pytest.raises(InvalidTrigger, match=problem):
        compile_expression(expression, "")


@pytest.mark.fault("F57")
@pytest.mark.parametrize("expression", ["0 0 30 2 *", "0 0 31 2,4,6,9,11 *", "0 0 31 4 ?"])
def test_impossible_dates_are_refused(expression):
    with pytest.raises(ScheduleNeverFires, match="never fires"):
        compile_expression(expression, "")


@pytest.mark.fault("F57")
@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (None, "must be text"),
        (5, "must be text"),
        ("*" * (MAX_LENGTH + 1), "up to 200"),
        ("9" * 1_000_000, "up to 200"),
        ("٣ * * * *", "printable ASCII"),
        ("*\0 * * * *", "printable ASCII"),
        ("*\u00a0* * * *", "printable ASCII"),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_hostile_text_is_refused_before_it_is_parsed(value, problem):
    with pytest.raises(InvalidTrigger, match=f"expression .*{problem}"):
        clean(value, "")


@pytest.mark.parametrize("seed", [None, 7, "s" * 201, "\ud800", "é"])
def test_a_hostile_seed_is_refused(seed):
    with pytest.raises(InvalidTrigger, match="seed"):
        clean("* * * * *", seed)


def test_blanks_are_tidied():
    assert clean(" 0  0 *\t* *\n", "") == ("0 0 * * *", "")


@pytest.mark.parametrize("alias", ALIASES)
def test_a_named_schedule_is_the_same_with_and_without_a_seed(alias):
    assert first(alias.upper()) == first(ALIASES[alias]) == first(alias, "billing")


def test_h_depends_on_the_seed_only():
    compile_expression.cache_clear()
    once = first("H H H * *", "billing")
    compile_expression.cache_clear()
    assert first("H H H * *", "billing") == once
    assert len({first("H H * * *", f"task {n}") for n in range(20)}) > 10


def test_h_as_the_day_of_month_exists_in_every_month():
    times = [compile_expression("0 0 H * *", f"task {n}").times for n in range(30)]
    assert max(each.after(datetime(2026, 1, 31)) for each in times) < datetime(2026, 3, 1)


def test_the_second_is_the_sixth_field():
    assert first("* * * * * 30") == datetime(2026, 1, 1, 12, 0, 30)


@pytest.mark.parametrize(
    ("hour", "hourly"), [("*", True), ("*/1", False), ("0-23", False), ("5", False), ("*/2", False)]
)
def test_only_a_bare_star_is_hourly(hour, hourly):
    assert compile_expression(f"0 {hour} * * *", "").hourly is hourly


@pytest.mark.parametrize("full", ["*/1", "1-7", "sun-sat", "0,1,2,3,4,5,6"])
def test_a_full_day_field_does_not_change_the_other_one(full):
    assert first(f"0 0 15 * {'?' if full == '*/1' else '*'}") == first("0 0 15 * *") == datetime(2026, 1, 15)
    assert first(f"0 0 * * {full}") == datetime(2026, 1, 2)


PIECES = [
    "*",
    "*",
    "*",
    "0",
    "1",
    "12",
    "31",
    "*/2",
    "1-5",
    "mon",
    "jan",
    "L",
    "15W",
    "mon#2",
    "H/3",
    "?",
    "1,2",
    "22-2",
]
ITEM = st.sampled_from(PIECES) | st.text("0123456789*/,-#LWHR?@mon ", max_size=6)


@pytest.mark.fault("F57")
@examples(80)
@given(st.lists(ITEM, min_size=4, max_size=7), st.sampled_from(["", "s"]))
def test_any_text_compiles_or_is_an_invalid_trigger(fields, seed):
    try:
        compiled = compile_expression(*clean(" ".join(fields), seed))
    except InvalidTrigger:
        return
    assert compiled.times.after(START) > START


@pytest.mark.parametrize("expression", ["0 5 * * thu", "0 5 * mar *", "@hourly", "61 h"])
def test_only_an_h_asks_for_a_seed(expression):
    assert seed_for(expression, "a task") == ("a task" if expression == "61 h" else "")


@pytest.mark.parametrize("name", ["Übersicht\n", "x" * 200, "\U0001f600" * 200])
def test_any_name_of_a_task_makes_a_seed(name):
    expression, seed = clean("H H * * *", seed_for("H H * * *", name))
    assert seed
    compile_expression(expression, seed)
