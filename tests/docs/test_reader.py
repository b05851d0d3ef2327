"""A page that is wrong is found out."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management.base import CommandError

from django_tasks_fsm import registry
from tests.docs.pages import Page

TASK = (
    "```python\n# shop/tasks.py\nfrom django_tasks_fsm import task\n\n\n@task\ndef add(a, b):\n    return a + b\n```\n"
)


@pytest.fixture
def typed(read: Callable[[Page], None], tmp_path: Path) -> Callable[[str], None]:
    """Give ``typed(text)``: a reader works through a page with this text."""

    def work_through(text: str) -> None:
        path = tmp_path / "page.md"
        path.write_text(text)
        read(Page(path))

    return work_through


def test_output_that_differs_is_found(typed):
    with pytest.raises(AssertionError, match=r"printed:\n3"):
        typed(f"{TASK}```python\nfrom shop.tasks import add\nprint(add.func(1, 2))\n```\n```text\n4\n```\n")


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("python manage.py runworker --quues mail", "--quues"),
        ("python manage.py runworkers", "has no command 'runworkers'"),
        ("python manage.py tasks_fsm prune --older-than 30x", "'30x' is not an age"),
        ("make dmeo", "no target 'dmeo'"),
        ("pip install './django-tasks-fsm[postgre]'", "no extra 'postgre'"),
        ("pyhton manage.py migrate", "no command that the reader knows"),
    ],
)
def test_a_command_that_does_not_exist_is_found(typed, command, message):
    with pytest.raises((AssertionError, CommandError), match=message):
        typed(f"```console\n$ {command}\n```\n")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ('TASKS = {"default": {"BACKEND": "django_tasks_fsm.backend.FSMBackend", "OPTIONS": {"LEASE": 1}}}', "LEASE"),
        ('INSTALLED_APPS = ["django_task_fsm"]', "does not exist"),
        ('DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db"}}', "W003"),
    ],
)
def test_settings_that_cannot_be_used_are_found(typed, source, message):
    with pytest.raises(AssertionError, match=message):
        typed(f"```python\n# settings.py\n{source}\n```\n")


def test_a_trigger_that_cannot_be_read_is_found(typed):
    with pytest.raises(ValueError, match="'kron'"):
        typed('```json\n{"version": 1, "kind": "kron", "expression": "* * * * *"}\n```\n')


def test_a_failing_test_of_the_page_is_found(typed):
    case = "class T(SimpleTestCase):\n    def test_it(self):\n        assert 0\n"
    with pytest.raises(AssertionError, match="test_it"):
        typed(f"```python\n# shop/tests.py\nfrom django.test import SimpleTestCase\n\n\n{case}```\n")


def test_an_error_names_the_line_of_the_page(typed):
    with pytest.raises(ZeroDivisionError) as caught:
        typed("# Title\n\n```python\n1 / 0\n```\n")
    assert caught.value.__notes__ == ["in the block at page.md:4"]


def test_a_worker_of_the_page_runs_until_the_page_ends(typed):
    ask = "```python\nfrom shop.tasks import add\nprint(add.enqueue(1, 2).wait(timeout=10))\n```\n```text\n3\n```\n"
    typed(f"{TASK}```console\n$ python manage.py runworker\n```\n{ask}{TASK.replace('add', 'sub')}{ask}")


def test_nothing_of_a_page_is_left_behind():
    assert not [name for name in registry.functions() if name.startswith("shop.")]
    assert not [name for name in sys.modules if name.split(".")[0] == "shop"]
