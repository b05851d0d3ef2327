"""Every argument of every command with values that people and scripts mistype: a sentence, and never a traceback."""

from __future__ import annotations

import argparse
import io
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.management.base import CommandError

from django_tasks_fsm.cli import worker
from django_tasks_fsm.management.commands.runworker import Command as RunWorker
from django_tasks_fsm.management.commands.tasks_fsm import Command
from tests.store.rows import a_run, a_task

pytestmark = pytest.mark.django_db

# A shell hands over bytes that are no UTF-8 as lone surrogates.
VALUES = (
    "", " ", "\x00", "a\x00b", "\udcff", "x" * 20_000, "0", "-1", "0.01", "nan", "inf", "-inf", "1e999", "9" * 5_000,
    "99999999999999999999", "\u0663", "\xb2", "'; drop table", "caf\xe9", "\u202e", "\x1b[31m", "[", "[" * 100_000,
    "{}", "[NaN]", '{"a": "\\ud800"}', '["\\u0000"]', "null", '{"value": [[[[1]]]]}', "*", "a,b", ",", "../x", "%s",
    "{0}", "@daily", "@never", "0 0 30 2 *", "a=b", "=", "50=99999999999", "99999999999d", "1e999d", "-5m",
    "2026-13-45", "0001-01-01", "9999-12-31T23:59:59-23:00", "2026-01-01T00:00:00+25:00", "00000000", "Europe/Atlantis",
    str(uuid.UUID(int=0)),
)  # fmt: skip


def rooms() -> dict[str, Any]:
    """Return the parser of each sub-command."""
    parser = Command().create_parser("manage.py", "tasks_fsm")
    (choices,) = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    return dict(choices.choices)


def calls(parser: Any, known: dict[str, str], room: str) -> Iterator[list[str]]:
    """Give a command line for each value at each place that takes one, with good values at all others."""
    takers = [action for action in parser._actions if action.nargs != 0]
    needed = {action: known.get(action.dest, "x") for action in takers if action.required}
    # What all rooms have is tried in one of them.
    for tried in (action for action in takers if room == "pause" or action.dest not in ("database", "reason")):
        for value in VALUES:
            line: list[str] = []
            for action, good in ({tried: ""} | needed).items():
                text = value if action is tried else good
                # With an equals sign: what begins with a hyphen is a value nevertheless.
                line += [f"{action.option_strings[0]}={text}"] if action.option_strings else [text]
            yield line


@pytest.fixture
def known() -> dict[str, str]:
    """Give good values by the names of arguments."""
    run = a_run("FAILED", task=a_task("mine"))
    return {"what": str(run.pk), "run": str(run.pk), "task": "mine", "worker": "w", "slots": "2", "older_than": "30d"}


@pytest.mark.parametrize("room", [name for name in rooms() if name != "worker"])
def test_a_value_is_used_or_refused_in_a_sentence(room: str, known: dict[str, str]) -> None:
    if room in ("list", "graph", "pause", "resume"):
        known["what"] = "mine"
    parser, done = rooms()[room], Command(stdout=io.StringIO(), stderr=io.StringIO())
    # One that the check accepts makes it read the whole database.
    lines = list(calls(parser, known, room))[:: 8 if room == "check" else 1]
    wrong = [answer(done.handle, parser, room, line) for line in lines]
    assert not any(wrong), "\n".join(filter(None, wrong))


def answer(handle: Callable[..., object], parser: Any, room: str, line: list[str]) -> str:
    """Return what is wrong with the way in which a command ends; nothing where it works or says a sentence."""
    try:
        handle(**{"room": room, **vars(parser.parse_args(line))})
    except CommandError as error:
        return "" if len(str(error)) > 10 else f"says too little: {error}"
    except SystemExit as end:
        return "" if end.code in (0, 1, 2) else f"ends with {end.code}"
    except Exception as error:
        return f"{line[0][:60]!r}: {type(error).__qualname__}: {error}"[:300]
    return ""


@pytest.mark.fault("F74")
def test_a_flag_of_the_worker_is_used_or_refused_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []

    def handle(options: dict[str, Any], *rest: Any) -> worker.Ended:
        made.append(worker.config_from(options))
        return worker.Ended(0)

    monkeypatch.setattr(worker, "handle", handle)
    parser = rooms()["worker"]
    wrong = [answer(RunWorker().handle, parser, "worker", line) for line in calls(parser, {}, "pause")]
    assert not any(wrong), "\n".join(filter(None, wrong))
    assert made
    assert all(1 <= config.concurrency <= 10_000 for config in made)
