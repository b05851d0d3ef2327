from __future__ import annotations

from argparse import ArgumentTypeError

import pytest

from django_tasks_fsm.cli.arguments import interval, positive_int, queue_names, queue_slots, reserved, seconds


@pytest.mark.parametrize(("text", "value"), [("1", 1), ("12", 12)])
def test_whole_numbers(text, value):
    assert positive_int(text) == value


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "many", "", "٣٣x", "1e3"])
def test_what_is_no_whole_number_is_named(text):
    with pytest.raises(ArgumentTypeError, match="is not a whole number above zero"):
        positive_int(text)


@pytest.mark.parametrize(("text", "value"), [("0", 0.0), ("2.5", 2.5), ("1e3", 1000.0)])
def test_seconds(text, value):
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["-1", "nan", "inf", "-inf", "1e9", "soon", ""])
def test_what_is_no_number_of_seconds_is_named(text):
    with pytest.raises(ArgumentTypeError, match="is not a number of seconds"):
        seconds(text)


def test_an_interval_of_nothing_is_refused():
    with pytest.raises(ArgumentTypeError, match="longer than 0 seconds"):
        interval("0")


@pytest.mark.parametrize(
    ("text", "names"),
    [("a", ("a",)), (" a , b,,a ", ("a", "b")), ("*", ("*",)), ("with-hyphen.and_more9", ("with-hyphen.and_more9",))],
)
def test_queue_names(text, names):
    assert queue_names(text) == names


@pytest.mark.fault("F74")
@pytest.mark.parametrize("text", ["a b", "a;b", "ä", "a\nb", "x" * 65, "a,*b", "../etc", "'"])
def test_a_name_that_no_queue_bears_is_shown(text):
    with pytest.raises(ArgumentTypeError, match="is not a queue name: use 1 to 64 letters"):
        queue_names(text)


@pytest.mark.parametrize("text", ["", " ", ",", " , "])
def test_no_name_at_all_is_refused(text):
    with pytest.raises(ArgumentTypeError, match="Name at least one queue"):
        queue_names(text)


@pytest.mark.parametrize(("text", "value"), [("50=1", (50, 1)), (" -100 = 2 ", (-100, 2)), ("100=30", (100, 30))])
def test_reserved_slots(text, value):
    assert reserved(text) == value


@pytest.mark.parametrize(
    ("text", "word"),
    [("101=1", "101"), ("-101=1", "-101"), ("high=1", "high"), ("=1", ""), ("5.0=1", "5.0"), ("50", ""), ("50=0", "0"),
     ("50=-1", "-1"), ("50=x", "x")],
)  # fmt: skip
def test_what_is_no_reserve_is_named(text, word):
    with pytest.raises(ArgumentTypeError, match=f"'{word}' is not a (priority from -100 to 100|number of slots)"):
        reserved(text)


def test_slots_of_a_queue():
    assert queue_slots("reports=2") == ("reports", 2)


@pytest.mark.parametrize("text", ["*=1", "a b=1", "=1", "reports", "reports=0", "reports=all"])
def test_what_is_no_number_for_a_queue_is_named(text):
    with pytest.raises(ArgumentTypeError, match=r"is not (the name of one queue|a number of slots)"):
        queue_slots(text)
