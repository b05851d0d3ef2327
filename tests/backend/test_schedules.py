"""``task.schedule``: what it declares, writes and refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.utils import timezone

from django_tasks_fsm import registry
from django_tasks_fsm.core.triggers import Trigger, WorkerStart, any_of, at, cron, every
from django_tasks_fsm.exceptions import InvalidTrigger, NameTaken, UnstorablePayload
from django_tasks_fsm.models import Task, TaskRun
from tests.backend import sample

NAME = "a schedule of the tests"
LATER = datetime(2031, 1, 1, tzinfo=UTC)


@pytest.fixture
def loading(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Pretend that the apps are being loaded."""
    monkeypatch.setattr(apps, "ready", False)
    yield
    registry._schedules.pop(NAME, None)
    registry._scheduled.pop(NAME, None)


@pytest.mark.usefixtures("loading")
def test_while_apps_load_it_is_declared_and_nothing_is_written() -> None:
    assert (
        sample.declared.schedule(NAME, cron="30 2 * * *", timezone="Europe/Paris", args=[(1, 2)], group="night") is None
    )
    declaration = registry.declarations()[NAME]
    assert (declaration.function, declaration.args) == ("tests.backend.sample.declared", ([1, 2],))
    assert declaration.policies == {
        "queue": "audit", "priority": 7, "max_attempts": 1, "timeout": 60, "on_lost": "fail",
        "cancel_on_exception": False, "on_prerequisite_failure": "block", "run_dependents": False, "group": "night",
    }  # fmt: skip


@pytest.mark.usefixtures("loading")
def test_a_second_schedule_of_the_same_name_is_refused() -> None:
    sample.echo.schedule(NAME, every=60)
    sample.echo.schedule(NAME, every=60)
    for other in (lambda: sample.echo.schedule(NAME, every=61), lambda: sample.other.schedule(NAME, every=60)):
        with pytest.raises(NameTaken, match=NAME):
            other()


@pytest.mark.django_db
def test_afterwards_its_row_is_written_at_once() -> None:
    row = sample.declared.schedule(
        NAME, every=timedelta(minutes=5), kwargs={"a": (1,)}, catch_up="all", queue="default"
    )
    assert row is not None
    stored = Task.objects.get(name=NAME)
    assert (stored.function, stored.queue, stored.priority, stored.catch_up) == (
        "tests.backend.sample.declared", "default", 7, "all"
    )  # fmt: skip
    assert stored.kwargs == {"a": [1]}
    assert stored.next_run_at is not None
    assert stored.next_run_at > timezone.now()


@pytest.mark.django_db
def test_writing_it_again_changes_the_row_and_makes_no_other() -> None:
    first = sample.echo.schedule(NAME, every=60)
    second = sample.echo.schedule(NAME, every=120, description="slower")
    assert first is not None
    assert second is not None
    assert first.pk == second.pk
    assert Task.objects.get(name=NAME).description == "slower"


@pytest.mark.django_db
def test_a_schedule_without_a_name_bears_that_of_the_function() -> None:
    row = sample.other.schedule(every=60)
    assert row is not None
    assert row.name == sample.other.module_path


@pytest.mark.django_db
def test_it_fires_its_arguments(burst: Callable[[], None]) -> None:
    row = sample.echo.schedule(NAME, at=timezone.now() - timedelta(seconds=1), args=[1], kwargs={"a": 2}, priority=9)
    assert row is not None
    burst()
    run = TaskRun.objects.get(task=row)
    assert (run.state, run.result, run.priority) == ("DONE", {"args": [1], "kwargs": {"a": 2}}, 9)
    result = sample.echo.get_result(str(run.pk))
    assert (result.args, result.kwargs, result.task.func) == ([1], {"a": 2}, sample.echo.func)
    row.refresh_from_db()
    assert row.state == "EXHAUSTED"


@pytest.mark.parametrize(
    ("given", "got"),
    [
        ({}, "it has none"),
        ({"cron": "* * * * *", "every": 5}, "it has cron, every"),
        ({"every": 5, "at": datetime(2031, 1, 1, tzinfo=UTC)}, "it has every, at"),
    ],
)
def test_it_needs_exactly_one_trigger(given: dict[str, Any], got: str) -> None:
    with pytest.raises(InvalidTrigger, match=f"'{NAME}' needs exactly one of cron, every, at and trigger; {got}"):
        sample.echo.schedule(NAME, **given)


@pytest.mark.parametrize(
    "given",
    [
        {"cron": "61 * * * *"}, {"cron": "0 0 30 2 *"}, {"cron": ""},
        {"cron": "* * * * *", "timezone": "Europe/Pariss"},
        {"every": 0}, {"every": -1}, {"every": float("nan")}, {"every": timedelta(0)},
        {"at": datetime(2031, 1, 1)}, {"at": date(2031, 1, 1)}, {"at": "2031-01-01"},
    ],
)  # fmt: skip
def test_a_trigger_that_cannot_be_used_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(InvalidTrigger):
        sample.echo.schedule(NAME, **given)


@pytest.mark.parametrize(
    ("given", "trigger"),
    [
        ({"every": 60, "from_end": True}, every(60, from_end=True)),
        ({"every": 60, "jitter": timedelta(seconds=5)}, every(60, jitter=5)),
        ({"cron": "5 4 * * *", "jitter": 2.5}, cron("5 4 * * *", jitter=2.5)),
        ({"cron": "H 4 * * *"}, cron("H 4 * * *", seed=NAME)),
        ({"cron": "0 4 * * thu"}, cron("0 4 * * thu")),
        ({"cron": "0 4 * * *", "policy": "skip", "end": LATER}, cron("0 4 * * *", policy="skip", end=LATER)),
        ({"every": 60, "start": LATER}, every(60, start=LATER)),
        ({"trigger": WorkerStart()}, WorkerStart()),
        ({"trigger": any_of(cron("0 5 * * *"), at(LATER))}, any_of(cron("0 5 * * *"), at(LATER))),
    ],
)
@pytest.mark.django_db
def test_every_kind_of_trigger_is_accepted(given: dict[str, Any], trigger: Trigger) -> None:
    row = sample.echo.schedule(NAME, **given)
    assert row is not None
    assert row.fires == trigger


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"at": LATER, "jitter": 5}, "has jitter, which goes with cron and every only"),
        ({"cron": "5 4 * * *", "from_end": True}, "has from_end, which goes with every only"),
        ({"trigger": WorkerStart(), "jitter": 5}, "has jitter"),
        ({"every": 60, "policy": "skip"}, "has policy, which goes with cron only"),
        ({"trigger": "5 4 * * *"}, "must be a Trigger, not '5 4"),
    ],
)
def test_what_does_not_fit_is_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidTrigger, match=words):
        sample.echo.schedule(NAME, **given)


def test_a_setting_that_is_none_is_refused() -> None:
    with pytest.raises(TypeError, match=f"'{NAME}' has no setting 'catchup'. Known: cancel_on_exception, catch_up"):
        sample.echo.schedule(NAME, every=60, catchup="all")


@pytest.mark.parametrize(
    ("field", "value"), [("key", "k"), ("run_after", datetime(2031, 1, 1, tzinfo=UTC)), ("after", None)]
)
@pytest.mark.django_db
def test_what_belongs_to_one_run_is_refused(field: str, value: Any) -> None:
    changes: dict[str, Any] = {field: value or [sample.other.enqueue()]}
    task = sample.echo.using(**changes)
    with pytest.raises(TypeError, match=f"'{NAME}' cannot keep"):
        task.schedule(NAME, every=60)


def test_arguments_that_cannot_be_stored_are_refused() -> None:
    with pytest.raises(UnstorablePayload, match=r"kwargs\['when'\] cannot be stored"):
        sample.echo.schedule(NAME, every=60, kwargs={"when": date(2031, 1, 1)})
