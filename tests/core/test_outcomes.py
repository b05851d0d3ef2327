from __future__ import annotations

import dataclasses
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from django_tasks_fsm.core.machine import RUN_MACHINE
from django_tasks_fsm.core.outcomes import ASKED_BY_TASK, Claim, Ending, Failure, Outcome
from django_tasks_fsm.core.states import RunState

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CLAIM = Claim(uuid.uuid4(), 1, 7, 2, "default", 0, [], {}, NOW, NOW, NOW)
FAILURE = Failure("builtins.ValueError", "boom", "Traceback ...", "no further attempt")


def test_every_ending_is_an_event_that_a_running_run_allows():
    assert {ending.value for ending in Ending} <= set(RUN_MACHINE.events(RunState.RUNNING))


@pytest.mark.parametrize(
    ("outcome", "filled"),
    [
        (Outcome.done(CLAIM, "1"), {"ending": Ending.DONE, "result_json": "1"}),
        (Outcome.failed(CLAIM, FAILURE), {"ending": Ending.FAILED, "failure": FAILURE, "reason": FAILURE.reason}),
        (
            Outcome.retry(CLAIM, FAILURE, timedelta(1), "why"),
            {"ending": Ending.RETRY, "failure": FAILURE, "delay": timedelta(1), "reason": "why"},
        ),
        (Outcome.cancelled(CLAIM, "asked"), {"ending": Ending.CANCELLED, "reason": "asked"}),
        (Outcome.rescheduled(CLAIM, timedelta(2)), {"ending": Ending.RESCHEDULED, "delay": timedelta(2)}),
        (
            Outcome.next_round(CLAIM, timedelta(2), [1], throttled=True),
            {
                "ending": Ending.RESCHEDULED,
                "delay": timedelta(2),
                "args": [1],
                "throttled": True,
                "reason": ASKED_BY_TASK,
            },
        ),
        (
            Outcome.next_round(CLAIM, CLAIM.run_at, kwargs={"a": 1}),
            {"ending": Ending.RESCHEDULED, "at": CLAIM.run_at, "kwargs": {"a": 1}, "reason": ASKED_BY_TASK},
        ),
        (Outcome.released(CLAIM, "stop"), {"ending": Ending.RELEASED, "reason": "stop"}),
    ],
)
def test_a_constructor_fills_exactly_the_fields_of_its_ending(outcome, filled):
    empty: dict[str, object] = {
        "result_json": None,
        "failure": None,
        "delay": None,
        "reason": "",
        "exception": None,
        "stop": None,
    }
    empty |= {"at": None, "args": None, "kwargs": None, "throttled": False, "is_fresh": False, "is_stored": False}
    fields = {field.name: getattr(outcome, field.name) for field in dataclasses.fields(outcome)}
    assert fields == {"claim": CLAIM, **empty, **filled}


@pytest.mark.parametrize("record", [CLAIM, FAILURE, Outcome.released(CLAIM, "stop")])
def test_a_record_cannot_be_changed_on_its_way(record):
    name = dataclasses.fields(record)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(record, name, None)


def test_an_exception_that_rides_along_is_neither_compared_nor_shown():
    one, two = (Outcome.failed(CLAIM, FAILURE, error) for error in (ValueError("secret"), KeyError()))
    assert one == two
    assert "secret" not in repr(one)
