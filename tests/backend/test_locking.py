"""Locks of a project's own: one holder at a time, for the length of a transaction."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection, transaction

from django_tasks_fsm import named_lock
from django_tasks_fsm.exceptions import InvalidLockName
from django_tasks_fsm.models import Lock, Task
from django_tasks_fsm.store.locks import hold
from tests.store.threads import SECONDS, at_once, in_thread, other, results

__all__ = ["other"]

NAME = "import"


def told(steps: list[str], step: str, inside: threading.Event, go_on: threading.Event) -> None:
    with named_lock(NAME):
        steps.append(f"{step} begins")
        inside.set()
        go_on.wait(SECONDS)
        steps.append(f"{step} ends")


@pytest.mark.django_db(transaction=True)
def test_who_comes_second_waits_for_the_commit_of_the_first() -> None:
    steps: list[str] = []
    inside, go_on, now, also_inside = (threading.Event() for _ in range(4))
    now.set()
    first = in_thread(lambda: told(steps, "first", inside, go_on))
    assert inside.wait(SECONDS)
    second = in_thread(lambda: told(steps, "second", also_inside, now))
    assert not also_inside.wait(0.3)
    go_on.set()
    results([first, second])
    assert steps == ["first begins", "first ends", "second begins", "second ends"]


@pytest.mark.django_db(transaction=True)
def test_nothing_is_lost_where_many_read_and_write_at_once() -> None:
    Task.objects.create(name="stock", function="f", description="0")

    def count() -> None:
        for _ in range(5):
            with named_lock(NAME):
                row = Task.objects.get(name="stock")
                Task.objects.filter(pk=row.pk).update(description=str(int(row.description) + 1))

    at_once(*[count] * 4)
    assert Task.objects.get(name="stock").description == "20"


@pytest.mark.django_db(transaction=True)
def test_many_who_take_a_new_lock_at_once_all_get_it() -> None:
    def take() -> None:
        with named_lock("new", NAME):
            """Hold both."""

    at_once(*[take] * 6)
    assert set(Lock.objects.filter(name__startswith="user:").values_list("name", flat=True)) == {
        "user:new", "user:import"
    }  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_several_are_taken_in_one_order() -> None:
    def take(*names: str) -> None:
        for _ in range(10):
            with named_lock(*names):
                """Hold them."""

    at_once(lambda: take("a", "b"), lambda: take("b", "a"))


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time")
def test_other_names_do_not_wait(other: Any) -> None:
    other.do(lambda: hold("user:another", "default"))
    with named_lock(NAME):
        assert connection.in_atomic_block


@pytest.mark.django_db(transaction=True)
def test_what_raises_is_rolled_back_and_lets_the_next_one_in() -> None:
    def breaks() -> None:
        with named_lock(NAME):
            Task.objects.create(name="half done", function="f")
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        breaks()
    assert not Task.objects.filter(name="half done").exists()
    assert not connection.in_atomic_block
    go_on = threading.Event()
    go_on.set()
    in_thread(lambda: told([], "next", threading.Event(), go_on)).result(SECONDS)


@pytest.mark.django_db
def test_inside_a_block_of_somebody_else_it_joins() -> None:
    with transaction.atomic(), named_lock(NAME), named_lock(NAME, "b"):
        assert Lock.objects.filter(name="user:b").exists()


@pytest.mark.parametrize("name", ["", "x" * 60, "two\nlines", 7, None])
def test_what_is_no_name_is_refused_before_the_database_is_asked(name: Any) -> None:
    with pytest.raises(InvalidLockName, match="A lock has a name of 1 to 59 printable characters"), named_lock(name):
        """Never come here."""


def test_a_lock_needs_a_name() -> None:
    with pytest.raises(TypeError, match="needs a name"), named_lock():
        """Never come here."""
