"""Every keyword of ``@task``, ``using`` and ``schedule`` with every sort of value, and keywords that there are not."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

from django_tasks_fsm import registry, service, task
from django_tasks_fsm.declare import FSMTask
from django_tasks_fsm.exceptions import InvalidSetting, InvalidTrigger, UnstorablePayload
from django_tasks_fsm.policies import PER_RUN
from django_tasks_fsm.schedules import SETTINGS
from django_tasks_fsm.tasks_api import InvalidTask
from tests.backend import sample

NAN, INF = float("nan"), float("inf")
VALUES: list[Any] = [
    None, True, "", "x", "a\x00b", "\ud800", "x" * 300, b"x", -1, 0, 1, 1.5, NAN, INF, 1e300, 10**400, [], (), {}, [[]],
    [None], {"x": 1}, object(), len, timedelta(1), timedelta.max, datetime(1, 1, 1), datetime.max.replace(tzinfo=UTC),
    uuid.UUID(int=0), ValueError, (ValueError,), (1,),
]  # fmt: skip
OURS = [name for name in FSMTask.__dataclass_fields__ if name not in ("func", "run_after", "lifecycle")]
REFUSALS = (InvalidTask, ImproperlyConfigured, InvalidSetting, InvalidTrigger, UnstorablePayload, TypeError, ValueError)
NOT_STORED = "cannot be stored: give a time"
ALSO = {
    "queue_name": ("Queue name", "Queue '"), "backend": ("connection",), "prerequisites": ("prerequisite",),
    "takes_context": ("takes context",), "cron": ("expression",), "at": (NOT_STORED,), "start": (NOT_STORED,),
    "every": ("a schedule",), "args": ("a schedule",), "kwargs": ("a schedule",), "after": ("prerequisite", "wait"),
}  # fmt: skip
"""Words by which an error names the value of a keyword, beside the keyword itself."""
TIMES = ("cron", "every", "at", "trigger", "timezone", "policy", "start", "end", "jitter", "from_end")


def plain(value: int = 1) -> None:
    """Be a function that is no task yet."""


@pytest.fixture(autouse=True)
def _functions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Register what a test declares for that test only."""
    monkeypatch.setattr(registry, "_functions", dict(registry.functions()))


def wrong(call: Callable[..., Any], name: str, fits: tuple[type[Exception], ...], *also: str) -> list[str]:
    """Return what the keyword ``name`` of a call does with the values that is neither use nor a refusal by name."""
    found = []
    for value in VALUES:
        registry._functions.pop(f"{__name__}.plain", None)
        try:
            call(**{name: value})
        except fits as error:
            if not any(word in str(error) for word in (name, *also)):
                found.append(f"{name}={value!r}: does not name it: {error}")
        except Exception as error:
            found.append(f"{name}={value!r}: {type(error).__qualname__}: {error}")
    return found


@pytest.mark.parametrize("name", OURS)
def test_a_value_of_task_is_used_or_refused_by_its_name(name: str) -> None:
    assert not wrong(lambda **given: task(**given)(plain), name, REFUSALS, *ALSO.get(name, ()))


@pytest.mark.fault("F59", "F73", "F74")
@pytest.mark.parametrize("name", ["priority", "queue_name", "run_after", "backend", "after", *PER_RUN])
def test_a_value_of_using_is_used_or_refused_by_its_name(name: str) -> None:
    assert not wrong(sample.echo.using, name, REFUSALS, *ALSO.get(name, ()))


@pytest.mark.fault("F58", "F59", "F73", "F74")
@pytest.mark.django_db
@pytest.mark.parametrize("name", [*SETTINGS, *TIMES, "args", "kwargs", "name", "replace"])
def test_a_value_of_schedule_is_used_or_refused_by_its_name(name: str) -> None:
    def schedule(**given: Any) -> None:
        timed: dict[str, Any] = {} if name in ("cron", "every", "at", "trigger") else {"every": 60}
        if name in ("policy", "timezone"):
            timed = {"cron": "0 0 * * *"}
        with transaction.atomic():
            row = sample.other.schedule(**{"name": "a schedule", **timed, **given})
            assert row is not None
            row.refresh_from_db()
            transaction.set_rollback(True)

    assert not wrong(schedule, name, REFUSALS, *ALSO.get(name, ()))


@pytest.mark.parametrize("declare", [task, service])
@pytest.mark.parametrize(
    ("name", "near"),
    [("max_attempt", "max_attempts"), ("TIMEOUT", "timeout"), ("queue", "queue_name"), ("keys", "key")],
)
def test_an_unknown_option_is_told_the_nearest(declare: Any, name: str, near: str) -> None:
    with pytest.raises(TypeError, match=f"^@task has no option '{name}'. Did you mean '{near}'"):
        declare(**{name: 1})(sample_generator if declare is service else plain)


def sample_generator() -> Any:
    """Be a function that is no service yet."""
    yield


def test_an_option_far_from_all_is_told_the_known_ones() -> None:
    with pytest.raises(TypeError, match=r"^@task has no option 'zzz'\. Known: .*max_attempts"):
        task(zzz=1)


def test_using_and_schedule_tell_the_nearest_too() -> None:
    with pytest.raises(TypeError, match=r"no setting 'priorty'.*Did you mean 'priority'"):
        sample.echo.using(priorty=1)
    with pytest.raises(TypeError, match=r"no setting 'max_instance'.*Did you mean 'max_instances'"):
        sample.echo.schedule("a schedule", every=60, max_instance=1)
    with pytest.raises(TypeError, match=r"no setting 'time_zone'.*Did you mean 'timezone'"):
        sample.echo.schedule("a schedule", every=60, time_zone="UTC")
