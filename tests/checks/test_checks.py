"""The system checks: each is named after its id, says what is wrong and what to type."""

from __future__ import annotations

import re
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core import checks
from django.core.checks import CheckMessage
from django.db import connection
from django.test import modify_settings, override_settings

from django_tasks_fsm import registry
from django_tasks_fsm.checks import CONCURRENCY, check_backend, check_databases, check_pools
from django_tasks_fsm.cli import worker
from django_tasks_fsm.registry import Declaration

BACKEND = "django_tasks_fsm.backend.FSMBackend"
Messages = Callable[..., list[CheckMessage]]


@pytest.fixture
def messages(db: None) -> Messages:
    """Give ``messages(id)``: what all checks say under that id of this app."""

    def run(number: str, **how: Any) -> list[CheckMessage]:
        return [message for message in checks.run_checks(**how) if message.id == f"django_tasks_fsm.{number}"]

    return run


@pytest.fixture
def declare() -> Iterator[Callable[[Declaration], None]]:
    """Give ``declare(declaration)``, which lasts for the test."""
    names: list[str] = []

    def run(declaration: Declaration) -> None:
        registry.declare(declaration)
        names.append(declaration.name)

    yield run
    for name in names:
        registry._schedules.pop(name)


def tasks(**entry: Any) -> Any:
    """Return settings with one backend of ours."""
    return override_settings(TASKS={"default": {"BACKEND": BACKEND, **entry}})


def test_the_test_project_is_in_order(db: None) -> None:
    assert not [message for message in checks.run_checks() if str(message.id).startswith("django_tasks_fsm")]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"LEASE": 5},
            r"TASKS\['default'\]\['OPTIONS'\]\['LEASE'\] is not an option .* Did you mean 'LEASE_SECONDS'\?",
        ),
        ({"lease_seconds": 5}, r"\['lease_seconds'\] is not an option .* Did you mean 'LEASE_SECONDS'\?"),
        ({"COLOUR": 5}, r"\['COLOUR'\] is not an option .* Known: EXECUTORS, GRAPH_ENGINE, HEARTBEAT_SECONDS"),
        ({7: 5}, r"\[7\] is not an option"),
        ({"LEASE_SECONDS": 0}, r"\['LEASE_SECONDS'\] must be a number above zero, not 0"),
        ({"LEASE_SECONDS": "60"}, r"\['LEASE_SECONDS'\] must be a number above zero, not '60'"),
        ({"LEASE_SECONDS": float("inf")}, r"\['LEASE_SECONDS'\] must be a number above zero, not inf"),
        ({"LEASE_SECONDS": float("nan")}, r"\['LEASE_SECONDS'\] must be a number above zero, not nan"),
        ({"MAX_LOSSES": True}, r"\['MAX_LOSSES'\] must be a whole number above zero, not True"),
        ({"HEARTBEAT_SECONDS": 40}, r"\['HEARTBEAT_SECONDS'\] must be at most half of LEASE_SECONDS"),
        ({"LOG_LEVEL": "info"}, r"\['LOG_LEVEL'\] must be one of DEBUG, INFO, .*, OFF, not 'info'"),
        ({"LOG_LINES": 0}, r"\['LOG_LINES'\] must be a whole number above zero, not 0"),
        ({"SENSITIVE": "iban"}, r"\['SENSITIVE'\] must be a list of words, not 'iban'"),
        ({"SENSITIVE": ["iban", "--"]}, r"\['SENSITIVE'\] must be a list of words"),
        ({"GRAPH_ENGINE": "dot"}, r"\['GRAPH_ENGINE'\] must be 'auto', 'builtin' or 'graphviz'"),
        ({"TASK_MODULES": "shop.jobs"}, r"\['TASK_MODULES'\] must be a list of module names, not 'shop.jobs'"),
        ({"TASK_MODULES": [7]}, r"\['TASK_MODULES'\] must be a list of module names"),
        ({"RETENTION_DAYS": 7}, r"\['RETENTION_DAYS'\] must be a dict, not 7"),
        ({"RETENTION_DAYS": {"done": 7}}, r"\['RETENTION_DAYS'\] has 'done'. The final states are: ABORTED, CANC"),
        ({"RETENTION_DAYS": {"RUNNING": 7}}, r"\['RETENTION_DAYS'\] has 'RUNNING'"),
        ({"RETENTION_DAYS": {"DONE": -1}}, r"\['RETENTION_DAYS'\]\['DONE'\] must be a number of days, not -1"),
        ({"PROCESS_WORKERS": 0}, r"\['PROCESS_WORKERS'\] must be a whole number above zero, not 0"),
        ({"PROCESS_WORKERS": 1.5}, r"\['PROCESS_WORKERS'\] must be a whole number above zero, not 1.5"),
        ({"EXECUTORS": ["dask"]}, r"\['EXECUTORS'\] must be a dict, not \['dask'\]"),
        ({"EXECUTORS": {"thread": "a.b"}}, r"\['EXECUTORS'\] has 'thread'. A name .* none of inline, thread, process"),
        ({"EXECUTORS": {"asyncio:a": "a.b"}}, r"\['EXECUTORS'\] has 'asyncio:a'"),
        ({"EXECUTORS": {"dask": len}}, r"\['EXECUTORS'\]\['dask'\] must be a dotted path, not <built-in"),
        (None, r"TASKS\['default'\]\['OPTIONS'\] must be a dict, not None"),
    ],
)
def test_e001_names_the_option_that_cannot_be_used(options: Any, words: str, messages: Messages) -> None:
    with tasks(OPTIONS=options):
        (message,) = messages("E001")
    assert isinstance(message, checks.Error)
    assert re.search(words, message.msg), message.msg
    assert message.hint == "Correct the key or value named."


def test_e001_is_silent_for_all_that_is_known(messages: Messages) -> None:
    options = {
        "LEASE_SECONDS": 10, "HEARTBEAT_SECONDS": 2.5, "MAX_LOSSES": 1, "MAX_PAYLOAD_BYTES": 1000, "TASK_MODULES": (),
        "RETENTION_DAYS": {"DONE": 7, "FAILED": None, "SKIPPED": 0}, "GRAPH_ENGINE": "builtin",
        "PROCESS_WORKERS": 2, "EXECUTORS": {"far-away_1": "tests.jobs.pools.threads"},
    }  # fmt: skip
    with tasks(OPTIONS=options):
        assert not messages("E001")


@pytest.mark.parametrize("name", ["a b", "", "q" * 65, "a,b", "*", "straße", 7])
def test_e002_names_the_queue_that_cannot_be_used(name: Any, messages: Messages) -> None:
    with tasks(QUEUES=["default", name]):
        (message,) = messages("E002")
    assert message.msg == f"TASKS['default']['QUEUES'] holds {name!r}, which is not a queue name."
    assert message.hint == "Use 1 to 64 letters, digits, dots, hyphens or underscores."


def test_e003_names_the_schedule_that_cannot_be_read(messages: Messages, declare: Callable[..., None]) -> None:
    declare(Declaration("broken", "shop.tasks.bill", {"version": 1, "kind": "fortnightly"}))
    (message,) = messages("E003")
    assert message.msg.startswith("Schedule 'broken': ")
    assert message.hint == "Correct the call of schedule() on shop.tasks.bill."
    assert message.obj.name == "broken"


def test_e004_names_the_app_that_is_missing(messages: Messages) -> None:
    with modify_settings(INSTALLED_APPS={"remove": ["django_tasks_fsm", "demo", "audit"]}):
        (message,) = [one for one in check_backend("default", {}, ()) if one.id == "django_tasks_fsm.E004"]
    assert message.msg == "TASKS['default'] uses django_tasks_fsm, which is not installed: its tables are missing."
    assert message.hint is not None
    assert 'Add "django_tasks_fsm" to INSTALLED_APPS' in message.hint


@pytest.mark.parametrize("path", ["no.such.module", "tests.jobs.pools.nowhere", "tests.jobs.pools.APART"])
def test_e005_names_the_executor_that_cannot_be_called(path: str, messages: Messages) -> None:
    with tasks(OPTIONS={"EXECUTORS": {"dask": "tests.jobs.pools.threads", "far": path}}):
        (message,) = messages("E005")
    said = f"TASKS['default']['OPTIONS']['EXECUTORS']['far'] is {path!r}, which is nothing that can be called."
    assert message.msg == said
    assert message.hint == "Name a function, or a class, that returns a concurrent.futures.Executor."


@pytest.mark.parametrize("path", ["no.such.Plugin", "tests.checks.test_checks.Halfway", "tests.checks.test_checks"])
def test_e005_names_the_plugin_that_is_none(path: str, messages: Messages) -> None:
    with tasks(OPTIONS={"PLUGINS": [path]}):
        (message,) = messages("E005")
    said = f"TASKS['default']['OPTIONS']['PLUGINS'] has {path!r}, which is no class with start and stop."
    assert message.msg == said


class Halfway:
    """Starts, and never stops."""

    def start(self, worker: object) -> None:
        """Start."""


@pytest.mark.parametrize("value", ["shop.Exporter", [7], ["nodots"], {"a": "b.c"}])
def test_plugins_are_a_list_of_paths(value: object, messages: Messages) -> None:
    with tasks(OPTIONS={"PLUGINS": value}):
        (message,) = messages("E001")
    assert "['PLUGINS']" in message.msg


def test_w001_tells_that_no_backend_uses_the_app(messages: Messages) -> None:
    assert not messages("W001")
    with override_settings(TASKS={}):
        (message,) = messages("W001")
    assert isinstance(message, checks.Warning)
    assert message.hint == f'Set TASKS = {{"default": {{"BACKEND": "{BACKEND}"}}}}.'


class Derived:
    """Stand for a backend that cannot be imported."""


@pytest.mark.parametrize("path", ["no.such.backend", f"{__name__}.Derived", "nonsense"])
def test_w001_takes_no_other_backend_for_ours(path: str) -> None:
    from django_tasks_fsm import conf

    with override_settings(TASKS={"default": {"BACKEND": path}}):
        assert conf.backends() == {}
        assert conf.aliases() == ()


@pytest.fixture
def channels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give an app that is called as django-channels is."""
    (tmp_path / "channels").mkdir()
    (tmp_path / "channels" / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop("channels", None)


@pytest.mark.usefixtures("channels")
@pytest.mark.parametrize(("where", "whose"), [("prepend", "django-channels"), ("append", "django_tasks_fsm")])
def test_w002_tells_whose_runworker_manage_py_has(where: str, whose: str, messages: Messages) -> None:
    assert not messages("W002")
    with modify_settings(INSTALLED_APPS={where: "channels"}):
        (message,) = messages("W002")
    assert message.msg.endswith(f"'manage.py runworker' is that of {whose}.")
    assert message.hint == "Start this app's worker with 'manage.py tasks_fsm worker', which nobody else has."


@pytest.fixture
def advice(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[CheckMessage]]:
    """Give ``advice(**settings)``: what is said of the test database with these settings."""

    def run(**settings: Any) -> list[CheckMessage]:
        monkeypatch.setitem(connection.settings_dict, "OPTIONS", settings)
        return check_databases(databases=["default"])

    return run


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite's advice")
def test_w003_tells_that_sqlite_is_not_in_wal_mode(advice: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode=DELETE")
        try:
            (message,) = advice(transaction_mode="IMMEDIATE")
        finally:
            cursor.execute("PRAGMA journal_mode=WAL")
    assert message.id == "django_tasks_fsm.W003"
    assert message.msg.startswith("Database 'default': journal_mode is 'delete'")
    assert "PRAGMA journal_mode=WAL" in str(message.hint)


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite's advice")
def test_w004_tells_that_sqlite_begins_deferred(advice: Any) -> None:
    (message,) = advice()
    assert message.id == "django_tasks_fsm.W004"
    assert '"transaction_mode": "IMMEDIATE"' in str(message.hint)


@pytest.mark.fault("F49")
@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "mysql", reason="MariaDB's advice")
def test_w005_tells_that_gap_locks_make_enqueues_wait(advice: Any) -> None:
    (message,) = advice(isolation_level="repeatable read")
    assert message.id == "django_tasks_fsm.W005"
    assert "read committed" in str(message.hint)
    assert not advice(isolation_level="read committed")


@pytest.mark.django_db
def test_databases_are_only_asked_when_they_are_named(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert check_databases() == check_databases(databases=[]) == []


def test_w006_tells_that_options_of_a_second_alias_are_not_read(messages: Messages) -> None:
    first, second = {"BACKEND": BACKEND, "OPTIONS": {"LEASE_SECONDS": 5}}, {"BACKEND": BACKEND}
    for options, told in (({"LEASE_SECONDS": 9}, 1), ({"LEASE_SECONDS": 5}, 0), ({}, 0)):
        with override_settings(TASKS={"first": first, "second": {**second, "OPTIONS": options}}):
            found = messages("W006")
        assert len(found) == told
    with override_settings(TASKS={"first": first, "second": {**second, "OPTIONS": {"MAX_LOSSES": 1}}}):
        (message,) = messages("W006")
    assert message.msg.startswith("TASKS['second']['OPTIONS'] is not read")
    assert message.hint == "Move what it says to TASKS['first']['OPTIONS']."


@pytest.mark.parametrize(
    ("pool", "size"),
    [(True, 4), ({"max_size": 5}, 5), ({"min_size": 2}, 2), ({"min_size": 2, "max_size": None}, 2)],
)
def test_w007_tells_of_a_pool_too_small_for_a_worker(monkeypatch: pytest.MonkeyPatch, pool: Any, size: int) -> None:
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", {"pool": pool})
    (message,) = check_pools()
    assert f"its connection pool has at most {size} connections" in message.msg
    assert message.hint == 'Set "OPTIONS": {"pool": {"max_size": 6}} or more: --concurrency and 2.'


@pytest.mark.parametrize("options", [{}, {"pool": False}, {"pool": {"max_size": 6}}, {"pool": {"min_size": 8}}])
def test_w007_is_silent_without_a_pool_and_for_one_that_is_big_enough(
    monkeypatch: pytest.MonkeyPatch, options: Any
) -> None:
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", options)
    assert check_pools() == []


def test_the_concurrency_of_w007_is_the_default_of_the_worker() -> None:
    parser = ArgumentParser()
    worker.add_arguments(parser)
    assert parser.get_default("concurrency") == CONCURRENCY
