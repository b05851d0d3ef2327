from __future__ import annotations

import pytest

from django_tasks_fsm.core.triggers.fields import DAY, FIELDS, WEEKDAY, FieldError

MINUTE, HOUR, _, MONTH, _, SECOND = FIELDS


@pytest.mark.parametrize(
    ("field", "text", "values"),
    [
        (MINUTE, "5", {5}),
        (MINUTE, "1,2,3-5", {1, 2, 3, 4, 5}),
        (MINUTE, "10-20/5", {10, 15, 20}),
        (MINUTE, "50/4", {50, 54, 58}),
        (HOUR, "22-2", {22, 23, 0, 1, 2}),
        (MONTH, "nov-feb", {11, 12, 1, 2}),
        (WEEKDAY, "fri-sun,3", {5, 6, 0, 3}),
        (WEEKDAY, "7", {0}),
    ],
)
def test_a_field_selects(field, text, values):
    assert field.selected(text) == values


@pytest.mark.parametrize(
    ("field", "text"), [(DAY, "L"), (DAY, "15W"), (WEEKDAY, "mon#2"), (WEEKDAY, "L5"), (MINUTE, "H")]
)
def test_a_form_that_depends_on_the_month_or_seed_selects_nothing_fixed(field, text):
    assert field.selected(text.lower()) is None


@pytest.mark.parametrize(
    ("field", "text", "problem"),
    [
        (MINUTE, "1-1", "to the same one; write 1"),
        (MINUTE, "59/15", "to the same one; write 59"),
        (MINUTE, "*/61", "must be from 1 to 59"),
        (MINUTE, "*/1000000000000", "must be from 1 to 59"),
        (MINUTE, "*/0", "must be from 1 to 59"),
        (MINUTE, "50-51/15", "must be from 1 to 1"),
        (MINUTE, "h/60", "must be from 1 to 59"),
        (MINUTE, "h(30-10)", "must rise"),
        (HOUR, "22-2/2", "list the values"),
        (HOUR, "24", "from 0 to 23"),
        (HOUR, "?", "is no hour"),
        (DAY, "0", "from 1 to 31"),
        (DAY, "32w", "is no day of month"),
        (WEEKDAY, "mon#6", "is no day of week"),
        (SECOND, "?", "the second is the last one"),
        (MINUTE, "r", "use H"),
        (MINUTE, "r(0-9)", "is no minute"),
        (MINUTE, "1,,2", "'' is no minute"),
        (MINUTE, "-5", "is no minute"),
    ],
)
def test_a_form_that_means_something_else_than_it_says_is_refused(field, text, problem):
    with pytest.raises(FieldError, match=problem.replace("?", r"\?")):
        field.selected(text)


@pytest.mark.parametrize(
    ("field", "text"), [(DAY, "*/15,*/1"), (DAY, "1-31"), (WEEKDAY, "0-6"), (WEEKDAY, "1-7"), (DAY, "?")]
)
def test_full_cover_is_recognised_however_it_is_spelt(field, text):
    assert field.is_open(text)


@pytest.mark.parametrize(("field", "text"), [(DAY, "1-30"), (WEEKDAY, "mon-sat"), (DAY, "l"), (DAY, "*/2")])
def test_less_than_everything_is_not_open(field, text):
    assert not field.is_open(text)
