from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from django_tasks_fsm.core.outcomes import Failure, Outcome
from django_tasks_fsm.core.payload import MAX_DEPTH, checked, clean_result, clean_text
from django_tasks_fsm.exceptions import UnstorablePayload
from django_tasks_fsm.models import RunDetail, TaskRun, Transition
from django_tasks_fsm.store.enqueue import Request, enqueue
from tests.properties import examples
from tests.store.rows import DB, a_run, a_task, claimed, finished

pytestmark = pytest.mark.django_db

modest = examples(60)

texts = st.text(st.characters(codec=None), max_size=20)  # NUL and lone surrogates too
scalars = st.none() | st.booleans() | st.integers() | st.floats() | texts | st.binary(max_size=8)
anything = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(texts | st.integers() | st.floats() | st.none(), inner, max_size=4)
    ),
    max_leaves=15,
)


def same(one, two) -> bool:
    """Compare as JSON does: PostgreSQL gives 1e300 back as a whole number."""
    if isinstance(one, dict) and isinstance(two, dict):
        return one.keys() == two.keys() and all(same(one[key], two[key]) for key in one)
    if isinstance(one, list) and isinstance(two, list):
        return len(one) == len(two) and all(same(*pair) for pair in zip(one, two, strict=True))
    if isinstance(one, float) and isinstance(two, (int, float)):
        return math.isclose(one, two, rel_tol=1e-15)
    return bool(one == two)


@given(anything)
@modest
def test_arguments_that_pass_the_check_read_back(value):
    try:
        args, kwargs = checked([value], "args"), checked({"x": value}, "kwargs")
    except UnstorablePayload:
        return
    run = enqueue(Request(a_task().pk, args=args, kwargs=kwargs), DB)
    stored = TaskRun.objects.get(pk=run.pk)
    assert same(args, stored.args)
    assert same(kwargs, stored.kwargs)


@pytest.mark.fault("F24", "F25", "F26")
@given(anything)
@example(["a\x00b", "\ud800", {"\x00": float("nan")}, {"\udfff": float("inf")}, b"\x00"])
@modest
def test_a_cleaned_result_reads_back(value):
    try:
        result = clean_result(value)
    except UnstorablePayload:  # bytes that are no text
        return
    run = a_run(priority=100)
    assert finished(Outcome.done(claimed(run), result)) == {run.pk}
    run.refresh_from_db()
    assert same(json.loads(result), run.result)


@given(texts, texts, texts)
@example("\x00", "a\x00b", "\ud800")
@modest
def test_any_failure_reads_back(exception, message, traceback):
    run = a_run(priority=100)
    assert finished(Outcome.failed(claimed(run), Failure(exception, message, traceback, message))) == {run.pk}
    record: Any = Transition.objects.get(run=run)
    assert record.detail["message"] == clean_text(message)
    assert record.reason == clean_text(message)


@pytest.mark.fault("F25", "F26")
@given(texts)
@example("a\x00b\ud800")
@modest
def test_cleaned_text_reads_back_from_a_text_column(text):
    row, _ = RunDetail.objects.update_or_create(run=a_run(), defaults={"log": clean_text(text)})
    row.refresh_from_db()
    assert row.log == clean_text(text)


def nested(depth: int, scalar: Any) -> Any:
    value = scalar
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("scalar", [1, [], {}])
def test_the_deepest_arguments_that_pass_the_check_are_stored(scalar):
    deepest = nested(MAX_DEPTH, scalar)
    run = enqueue(Request(a_task().pk, args=checked(deepest, "args")), DB)
    assert TaskRun.objects.get(pk=run.pk).args == deepest


@pytest.mark.fault("F27")
def test_the_deepest_result_is_stored():
    run = a_run()
    result = clean_result(nested(100, {}))
    finished(Outcome.done(claimed(run), result))
    run.refresh_from_db()
    assert run.result == json.loads(result)


@pytest.mark.fault("F28")
@pytest.mark.parametrize("value", ["x" * 900_000, ["é" * 10] * 20_000, {f"key {n}": n for n in range(30_000)}])
def test_a_big_result_within_the_limit_is_stored(value):
    run = a_run()
    finished(Outcome.done(claimed(run), clean_result(value)))
    run.refresh_from_db()
    assert run.result == value


def test_a_big_number_is_stored():
    run = a_run(args=[10**3999, -(10**3999), 2**64, -(2**63) - 1])
    assert TaskRun.objects.get(pk=run.pk).args == [10**3999, -(10**3999), 2**64, -(2**63) - 1]


def test_keys_keep_their_case_and_their_order_does_not_matter():
    run = a_run(kwargs={"b": 1, "B": 2, "a": {"z": 1, "": 2, " ": 3}})
    assert TaskRun.objects.get(pk=run.pk).kwargs == {"b": 1, "B": 2, "a": {"z": 1, "": 2, " ": 3}}
