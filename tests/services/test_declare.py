"""What can be declared as a service, and what is refused with a way out."""

from __future__ import annotations

import pytest

from django_tasks_fsm import registry, service
from django_tasks_fsm.exceptions import InvalidTrigger
from django_tasks_fsm.lifecycle import service_key
from django_tasks_fsm.tasks_api import InvalidTask
from tests.jobs.services import AsyncTicker, Ticker, aticker, ticker


@pytest.fixture(autouse=True)
def _registry(monkeypatch):
    monkeypatch.setattr(registry, "_functions", dict(registry.functions()))


def plain(context):
    """Be no generator."""


def feed(context):
    """Be one."""
    yield


class Empty:
    """Have no tick."""


class Odd:
    """Have one, which is a coroutine."""

    async def tick(self, context):
        """Tick."""


@pytest.mark.parametrize(
    ("declared", "executor"),
    [(ticker, "service"), (Ticker, "service"), (aticker, "service-loop"), (AsyncTicker, "service-loop")],
    ids=["generator", "class", "async generator", "async class"],
)
def test_each_kind_has_its_place(declared, executor):
    assert registry.executor_of(declared) == executor
    assert registry.lifecycle_of(declared.module_path) == declared.lifecycle
    assert declared.key == service_key(declared.module_path)


def test_one_coroutine_makes_a_class_asynchronous():
    life = service(Odd).lifecycle
    assert life is not None
    assert life.is_async


@pytest.mark.parametrize(("target", "says"), [(plain, "neither. For a function that is called once"), (Empty, "tick")])
def test_what_has_no_life_is_refused(target, says):
    with pytest.raises(InvalidTask, match=says):
        service(target)


def test_an_executor_and_two_schedules_are_refused():
    with pytest.raises(InvalidTask, match="Services run beside the slots"):
        service(executor="process")(feed)
    with pytest.raises(InvalidTrigger, match="needs exactly one of"):
        service(every=1, cron="* * * * *")(feed)


def test_a_service_has_no_schedule_beside_its_own():
    with pytest.raises(TypeError, match="it cannot have the schedule 'nightly'"):
        ticker.schedule("nightly", cron="0 3 * * *")


def test_a_service_that_starts_by_hand_is_not_among_those_that_start_by_themselves():
    assert ticker.module_path not in registry.services()
    assert service(feed).module_path in registry.services()


def test_a_long_name_has_a_key_that_fits():
    assert service_key("x" * 190) == "service:" + "x" * 190
    assert len(service_key("x" * 200)) <= 200
    assert service_key("x" * 200) != service_key("x" * 199 + "y")
