"""Which functions rows may name, and what becomes of them when code is loaded again."""

from __future__ import annotations

import importlib
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import django
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from django_tasks_fsm import registry, task
from django_tasks_fsm.core import triggers
from django_tasks_fsm.exceptions import FunctionNotRegistered, NameTaken
from django_tasks_fsm.registry import Declaration
from tests.backend import sample

BACKEND = "django_tasks_fsm.backend.FSMBackend"
DUMMY = f"django{'.' if django.VERSION >= (6, 0) else '_'}tasks.backends.dummy.DummyBackend"

SOURCE = """
    from django_tasks_fsm import task

    @task(max_attempts={attempts})
    def reloaded():
        return {answer!r}
"""


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], ModuleType]]:
    """Give ``written(source)``, which writes the module ``changing`` and loads it, or loads it again."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def write(source: str) -> ModuleType:
        (tmp_path / "changing.py").write_text(textwrap.dedent(source))
        importlib.invalidate_caches()
        known = sys.modules.get("changing")
        return importlib.reload(known) if known else importlib.import_module("changing")

    yield write
    sys.modules.pop("changing", None)
    for name in [name for name in registry.functions() if name.startswith("changing.")]:
        registry._functions.pop(name)
    registry._schedules.pop("changing schedule", None)


def twice() -> int:
    """Be declared twice."""
    return 2


@pytest.mark.fault("F80")
def test_a_function_is_found_by_its_path_and_by_nothing_else() -> None:
    assert registry.find("tests.backend.sample.echo") is sample.echo
    for name in ("tests.backend.sample.Any", "os.system", "echo", "", "tests.backend.sample.echo.func"):
        with pytest.raises(FunctionNotRegistered, match="No task is registered as"):
            registry.find(name)


def test_copies_do_not_displace_the_declared_task() -> None:
    sample.echo.using(priority=50)
    assert registry.find(sample.echo.module_path) is sample.echo


@pytest.mark.django_db
def test_a_module_that_is_loaded_again_brings_its_new_function(written: Any, burst: Callable[[], None]) -> None:
    old = written(SOURCE.format(answer="old", attempts=1)).reloaded
    new = written(SOURCE.format(answer="new", attempts=2)).reloaded
    assert registry.find("changing.reloaded") is new
    result = new.enqueue()
    from_before = old.using(priority=1).enqueue()
    assert registry.find("changing.reloaded") is new
    burst()
    assert [new.get_result(one.id).return_value for one in (result, from_before)] == ["new", "new"]


def test_one_function_may_be_two_tasks_with_the_same_policies() -> None:
    first, second = task(twice), task(queue_name="audit", priority=5)(twice)
    assert first != second
    assert registry.find(first.module_path) is first


def test_one_function_cannot_be_two_tasks_with_different_policies() -> None:
    task(twice)
    with pytest.raises(NameTaken, match=r"test_registry\.twice' is registered for a task with max_attempts=1 already"):
        task(max_attempts=2)(twice)


def test_a_schedule_has_a_name_of_its_own() -> None:
    hourly, daily = (
        Declaration("changing schedule", sample.echo.module_path, triggers.dump(triggers.every(seconds)))
        for seconds in (3600, 86400)
    )
    registry.declare(hourly)
    registry.declare(hourly)
    with pytest.raises(NameTaken, match=r"another one of tests\.backend\.sample\.echo cannot have it"):
        registry.declare(daily)
    assert registry.declarations()["changing schedule"] is hourly
    registry._schedules.pop("changing schedule")


def test_a_module_that_is_loaded_again_may_change_its_schedule(written: Any) -> None:
    for seconds in (60, 120):
        module = written(SOURCE.format(answer="x", attempts=1))
        trigger = triggers.dump(triggers.every(seconds))
        registry.declare(Declaration("changing schedule", module.reloaded.module_path, trigger))
    assert registry.declarations()["changing schedule"].trigger == trigger


def test_discover_finds_the_tasks_of_listed_modules(written: Any) -> None:
    written(SOURCE.format(answer="x", attempts=1))
    registry._functions.pop("changing.reloaded")
    with override_settings(TASKS={"default": {"BACKEND": BACKEND, "OPTIONS": {"TASK_MODULES": ["changing"]}}}):
        registry.discover()
    assert "changing.reloaded" in registry.functions()


@pytest.mark.django_db
def test_a_task_of_djangos_own_class_may_be_sent_here(written: Any, burst: Callable[[], None]) -> None:
    options = {"TASK_MODULES": ["changing"]}
    with override_settings(TASKS={"other": {"BACKEND": DUMMY}, "ours": {"BACKEND": BACKEND, "OPTIONS": options}}):
        module = written("""
            from django_tasks_fsm.tasks_api import Task

            def elsewhere(context):
                return context.task_result.task.backend

            plain = Task(
                func=elsewhere, backend="other", queue_name="default", priority=0, run_after=None, takes_context=True
            )
        """)
        registry.discover()
        result = module.plain.using(backend="ours").enqueue()
        burst()
        result.refresh()
    assert (result.return_value, result.backend, result.task.backend) == ("ours", "ours", "ours")


@pytest.mark.fault("F70")
def test_a_listed_module_that_is_missing_is_named() -> None:
    with (
        override_settings(TASKS={"default": {"BACKEND": BACKEND, "OPTIONS": {"TASK_MODULES": ["no.such.tasks"]}}}),
        pytest.raises(ImproperlyConfigured, match=r"TASK_MODULES'\] names 'no.such.tasks', which cannot be found"),
    ):
        registry.discover()


@pytest.mark.fault("F70")
def test_a_listed_module_that_imports_what_is_missing_says_what(written: Any) -> None:
    with override_settings(TASKS={"default": {"BACKEND": BACKEND, "OPTIONS": {"TASK_MODULES": ["changing"]}}}):
        with pytest.raises(ModuleNotFoundError, match="not_there"):
            written("import not_there")
        sys.modules.pop("changing", None)
        with pytest.raises(ModuleNotFoundError, match="not_there"):
            registry.discover()


def test_options_that_cannot_be_read_do_not_keep_django_from_starting() -> None:
    with override_settings(TASKS={"default": {"BACKEND": BACKEND, "OPTIONS": {"TASK_MODULE": ["x"]}}}):
        registry.discover()
