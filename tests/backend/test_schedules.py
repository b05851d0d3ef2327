"""``task.schedule``: what it declares, writes and refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import transaction
from django.utils import timezone

from django_tasks_fsm import registry
from django_tasks_fsm.core.schedule_settings import RULES
from django_tasks_fsm.core.triggers import Trigger, WorkerStart, any_of, at, cron, dump, every
from django_tasks_fsm.exceptions import InvalidSetting, InvalidTrigger, NameTaken, TaskExists, UnstorablePayload
from django_tasks_fsm.models import Task, TaskRun
from django_tasks_fsm.models.task import OnOverlap
from django_tasks_fsm.registry import Declaration
from django_tasks_fsm.schedules import SETTINGS
from django_tasks_fsm.tasks_api import InvalidTask
from tests.backend import sample
from tests.store.threads import at_once

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
    assert declaration.policies.keys() == {*registry.policies_of(sample.declared), "group"}
    assert declaration.policies.items() >= {
        "queue": "audit", "priority": 7, "max_attempts": 1, "timeout": 60, "on_lost": "fail",
        "cancel_on_exception": False, "on_prerequisite_failure": "block", "run_dependents": False, "group": "night",
    }.items()  # fmt: skip


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


@pytest.mark.django_db
def test_a_schedule_may_have_an_executor_of_its_own_that_can_run_the_function() -> None:
    with pytest.raises(InvalidTask, match=f"The schedule '{NAME}': executor 'asyncio' runs coroutine functions only"):
        sample.echo.schedule(NAME, every=60, executor="asyncio")
    sample.echo.schedule(NAME, every=60, executor="process")
    assert Task.objects.get(name=NAME).executor == "process"


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("max_instances", 0), ("concurrency", True), ("rate_limit", "often"), ("rate_limit", None),
        ("catch_up", "moon"), ("catch_up_cap", 0), ("priority", 500), ("priority", 1.5), ("timeout", -1),
        ("timeout", 0), ("timeout", float("inf")), ("min_interval", -0.5), ("misfire_grace", 2.5),
        ("max_attempts", 1001), ("on_lost", "cry"), ("on_overlap", None), ("on_prerequisite_failure", "stop"),
        ("cancel_on_exception", 1),
        ("run_dependents", "yes"), ("queue", "two words"), ("group", "x" * 65), ("group", "a\nb"),
        ("description", None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("at_import", [True, False])
def test_a_value_that_the_row_could_not_use_is_named(
    setting: str, value: Any, at_import: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apps, "ready", not at_import)
    with pytest.raises(InvalidSetting) as caught:
        sample.echo.schedule(NAME, every=60, **{setting: value})
    assert str(caught.value).startswith(f"The schedule {NAME!r} has {setting}={value!r}; it must be ")
    assert (caught.value.schedule, caught.value.setting, caught.value.value) == (NAME, setting, value)


def test_every_setting_has_a_rule() -> None:
    assert {*RULES, "executor"} == {*SETTINGS, "name"}


def test_a_declaration_is_checked_too() -> None:
    with pytest.raises(InvalidSetting, match="has priority=500; it must be a whole number from -100 to 100"):
        registry.declare(Declaration(NAME, "f", dump(every(60)), policies={"priority": 500}))
    assert NAME not in registry.declarations()


@pytest.mark.django_db
def test_what_the_row_can_use_passes() -> None:
    given: dict[str, Any] = {
        "max_instances": None, "concurrency": 3, "rate_limit": "1/30s", "catch_up": "all", "priority": -100,
        "timeout": 0.5, "min_interval": 0, "misfire_grace": 0, "on_overlap": OnOverlap.WAIT, "group": "",
        "queue": "a.b",
    }  # fmt: skip
    row = sample.echo.schedule(NAME, every=60, **given)
    assert row is not None
    row.full_clean()


@pytest.mark.parametrize("name", ["x" * 201, "two\nlines"])
def test_a_name_that_no_row_could_bear_is_refused(name: str) -> None:
    with pytest.raises(InvalidSetting, match="it must be a text of 1 to 200 printable characters"):
        sample.echo.schedule(name, every=60)


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


@pytest.mark.parametrize(
    ("task", "given", "words"),
    [
        (sample.other, {"args": [1]}, "too many positional arguments"),
        (sample.fail, {"kwargs": {"colour": "red"}}, "unexpected keyword argument 'colour'"),
        (sample.who_am_i, {"args": [1]}, "too many positional arguments"),
    ],
)
@pytest.mark.django_db
def test_arguments_that_the_function_does_not_take_are_refused(task: Any, given: dict[str, Any], words: str) -> None:
    with pytest.raises(TypeError, match=f"The schedule '{NAME}' does not fit {task.module_path}: .*{words}"):
        task.schedule(NAME, every=60, **given)
    assert not Task.objects.filter(name=NAME).exists()


@pytest.mark.django_db
def test_a_row_that_is_there_may_be_kept_or_refused() -> None:
    first = sample.echo.schedule(NAME, every=60, max_runs=3)
    assert first is not None
    kept = sample.echo.schedule(NAME, every=120, replace=False)
    assert kept is not None
    assert (kept.pk, kept.fires, kept.max_runs) == (first.pk, every(60), 3)
    with pytest.raises(TaskExists, match=f"There is a task '{NAME}' already"):
        sample.echo.schedule(NAME, every=120, replace="error")
    assert Task.objects.get(name=NAME).fires == every(60)
    changed = sample.echo.schedule(NAME, every=120, max_runs=None)
    assert changed is not None
    assert (changed.pk, changed.fires, changed.max_runs) == (first.pk, every(120), None)


@pytest.mark.django_db
@pytest.mark.parametrize("replace", [False, "error"])
def test_a_row_that_is_not_there_is_made_whatever_replace_says(replace: Any) -> None:
    row = sample.echo.schedule(NAME, every=60, replace=replace)
    assert row is not None
    assert row.next_run_at is not None


@pytest.mark.django_db(transaction=True)
def test_of_four_who_want_a_new_row_one_gets_it() -> None:
    def made() -> str:
        try:
            return "made" if sample.echo.schedule(NAME, every=60, replace="error") else ""
        except TaskExists:
            return "refused"

    assert sorted(at_once(made, made, made, made)) == ["made", *["refused"] * 3]
    assert Task.objects.filter(name=NAME).count() == 1


@pytest.mark.django_db
def test_several_schedules_are_made_all_or_none() -> None:
    @transaction.atomic
    def both() -> None:
        sample.echo.schedule(NAME, every=60)
        sample.echo.schedule(f"{NAME} too", every=0)

    with pytest.raises(InvalidTrigger):
        both()
    assert not Task.objects.filter(name__startswith=NAME).exists()


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"replace": "never"}, ValueError, "has replace='never'; it is True, False or 'error'"),
        ({"max_runs": 0}, ValueError, "has max_runs=0; it must be a whole number from 1 to 2147483647, or None"),
        ({"max_runs": 2.0}, ValueError, "has max_runs=2.0"),
        ({"max_runs": True}, ValueError, "has max_runs=True"),
    ],
)
def test_values_that_mean_nothing_are_refused(given: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        sample.echo.schedule(NAME, every=60, **given)


@pytest.mark.usefixtures("loading")
def test_a_declaration_cannot_be_kept_out_by_a_row() -> None:
    with pytest.raises(TypeError, match="replace=False, which is for schedules made at run time"):
        sample.echo.schedule(NAME, every=60, replace=False)
