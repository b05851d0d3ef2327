"""Every setting with every sort of value: it can be used, or the error names its path and what it must be."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from django_tasks_fsm import conf
from django_tasks_fsm.backend import FSMBackend
from django_tasks_fsm.core.lines import LEVELS, Lines
from django_tasks_fsm.core.states import RunState

PATH = "TASKS['default']['OPTIONS']"
OPTIONS = [option.name.upper() for option in fields(conf.Options)]
NAN, INF = float("nan"), float("inf")
VALUES: list[Any] = [
    None, True, False, "", "x", "1", b"x", -1, 0, 1, 1.5, NAN, INF, -INF, 1e300, 10**400, [], (), {}, set(),
    [None], [[]], [""], ["x"], ["a.b"], {"x": 1}, {"DONE": NAN}, {"DONE": 10**400}, {"x": "a.b"}, {None: None},
    object(), len, timedelta(1),
]  # fmt: skip


def use(options: conf.Options) -> None:
    """Do with the options what the engine does first."""
    assert options.lease > timedelta(0)
    assert 0 < options.heartbeat <= options.lease_seconds
    assert timedelta(seconds=options.min_interval + options.saturation_seconds) > timedelta(0)
    assert LEVELS[options.log_level]
    lines = Lines(int(options.log_lines), int(options.log_bytes))
    lines.add(0.0, 20, "logger", "message")
    assert all(isinstance(name, str) for name in (*options.task_modules, *options.plugins, *options.sensitive))
    assert all("." in path for path in options.executors.values())
    for state, days in options.retention_days.items():
        assert RunState(state)
        assert timedelta(days=days or 0) >= timedelta(0)
    assert options.process_workers is None or [None] * options.process_workers
    assert f"{options.max_messages + options.max_losses + options.max_payload_bytes:,}"


@pytest.mark.parametrize("option", OPTIONS)
def test_a_value_can_be_used_or_is_refused_by_its_path(option: str) -> None:
    refused = 0
    for value in VALUES:
        try:
            options = conf.parse({option: value}, PATH)
        except ImproperlyConfigured as error:
            refused += 1
            told = str(error)
            if not told.startswith(f"{PATH}['{option}']") or (" must be " not in told and " has " not in told):
                raise
        else:
            use(options)
    assert refused > 10


@pytest.mark.parametrize(
    ("key", "near"),
    [("LEASE_SECOND", "LEASE_SECONDS"), ("retention", "RETENTION_DAYS"), ("LOGLEVEL", "LOG_LEVEL"),
     ("PLUGIN", "PLUGINS"), ("EXECUTOR", "EXECUTORS"), ("MAX_MESSAGE", "MAX_MESSAGES")],
)  # fmt: skip
def test_an_unknown_key_is_told_the_nearest(key: str, near: str) -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        conf.parse({key: 1}, PATH)
    assert str(caught.value) == f"{PATH}[{key!r}] is not an option of django_tasks_fsm. Did you mean {near!r}?"


def test_a_key_of_a_megabyte_is_told_apart_at_once() -> None:
    with pytest.raises(ImproperlyConfigured, match="is not an option"):
        conf.parse({"LEASE_SECONDS" * 80_000: 1}, PATH)


@pytest.mark.parametrize("queues", [None, "default", 7, object(), {"a": 1}, [[]], [{}], NAN])
def test_queues_that_are_no_list_are_refused_by_their_path(queues: Any) -> None:
    with pytest.raises(
        ImproperlyConfigured, match=r"^TASKS\['default'\]\['QUEUES'\] must be a list of queue names, not"
    ):
        FSMBackend("default", {"QUEUES": queues})
    entry = {"BACKEND": "django_tasks_fsm.backend.FSMBackend", "QUEUES": queues}
    with override_settings(TASKS={"default": entry}), pytest.raises(ImproperlyConfigured, match="'QUEUES'"):
        conf.declared_queues()


@pytest.mark.parametrize(
    "entry", [None, "x", 7, [], {"BACKEND": None}, {"BACKEND": 7}, {"BACKEND": ".x.y"}, {"BACKEND": ""}]
)
def test_an_entry_that_is_no_backend_of_ours_is_left_to_django(entry: Any) -> None:
    with override_settings(TASKS={"default": entry}):
        assert conf.backends() == {}
        assert conf.options() == conf.Options()


@pytest.mark.parametrize("entries", [None, [], "x", 7])
def test_settings_that_hold_no_backends_at_all_are_named(entries: Any) -> None:
    with override_settings(TASKS=entries), pytest.raises(ImproperlyConfigured, match="TASKS must be a dict"):
        conf.backends()
