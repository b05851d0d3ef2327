"""``tasks_fsm cancel`` and ``retry``: by ids or by what runs have in common, with both numbers and a trace."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from django_tasks_fsm.cli import verbs
from django_tasks_fsm.models import Queue, Transition
from tests.cli.terminal import as_json, command, refusal
from tests.store.rows import a_run, a_task, state_of, states_of

pytestmark = pytest.mark.django_db

Ask = Callable[[str], bool]


def asked(verb: str, ask: Ask, **options: object) -> int:
    """Call the room as a terminal does."""
    given: dict[str, Any] = {
        "runs": [],
        "task": "",
        "queue": "",
        "state": (),
        "since": None,
        "reason": "",
        "yes": False,
    }
    return verbs.handle(verb, {**given, "json": False, "database": "", **options}, lambda text: None, ask)


def test_runs_are_cancelled_by_their_ids_and_both_numbers_are_told() -> None:
    ready, done = a_run("QUEUED"), a_run("DONE")
    assert command("cancel", ready.pk, done.pk) == (0, "1 moved, 1 left alone (1 DONE).\n")
    assert states_of([ready, done]) == ["CANCELLED", "DONE"]


def test_running_ones_are_asked() -> None:
    run = a_run("RUNNING")
    assert command("cancel", run.pk, "--reason", "too slow") == (0, "0 moved, 1 asked, 0 left alone.\n")
    row = Transition.objects.get(run=run)
    assert (row.event, row.reason, row.actor[:3]) == ("cancel_requested", "too slow", "os:")


def test_nothing_moved_ends_with_one() -> None:
    found = as_json("retry", a_run("DONE").pk, code=1)
    assert (found["moved"], found["asked"], found["left_alone"]) == (0, 0, {"DONE": 1})


def test_runs_are_retried_by_what_they_have_in_common() -> None:
    mine, other = a_run("FAILED", task=a_task("mine")), a_run("FAILED", task=a_task("other"))
    assert as_json("retry", "--task", "mine", "--state", "FAILED")["moved"] == 1
    assert states_of([mine, other]) == ["QUEUED", "FAILED"]


def test_without_a_state_retry_means_failed_ones_and_cancel_what_has_not_ended() -> None:
    Queue.objects.get_or_create(name="default")
    failed, cancelled, ready = a_run("FAILED"), a_run("CANCELLED"), a_run("QUEUED")
    command("cancel", "--queue", "default")
    command("retry", "--task", "work")
    assert states_of([failed, cancelled, ready]) == ["QUEUED", "CANCELLED", "CANCELLED"]


def test_a_key_that_another_run_bears_is_told() -> None:
    bearer = a_run("QUEUED", key="k", given_key="k")
    run = a_run("FAILED", given_key="k")
    found = as_json("retry", run.pk, code=1)
    assert found["keys_held"] == [{"run": str(run.pk), "bearer": str(bearer.pk)}]


@pytest.mark.parametrize(("answer", "code", "state"), [(False, 1, "QUEUED"), (True, 0, "CANCELLED")])
def test_more_than_one_is_asked_about_at_a_terminal(answer: bool, code: int, state: str) -> None:
    runs = [a_run("QUEUED") for _ in range(2)]
    questions: list[str] = []

    def ask(question: str) -> bool:
        questions.append(question)
        return answer

    assert asked("cancel", ask, task="work") == code
    assert questions == ["Cancel 2 runs?"]
    assert states_of(runs) == [state, state]


@pytest.mark.parametrize(("count", "yes"), [(1, False), (2, True)])
def test_nobody_is_asked_about_one_or_after_yes(count: int, yes: bool) -> None:
    runs = [a_run("QUEUED") for _ in range(count)]
    assert asked("cancel", lambda text: pytest.fail(text), task="work", yes=yes) == 0
    assert states_of(runs) == ["CANCELLED"] * count


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "Name runs by their ids, or say which by --task, --queue or --state."),
        (("x",), "'x' is not the id of a run."),
        ((uuid.UUID(int=7),), "There is no run '00000000-0000-0000-0000-000000000007'; nothing is done."),
        ((uuid.UUID(int=7), "--task", "work"), "Name runs, or say which by --task, --queue, --state and --since"),
        (("--task", "wrok"), "There is no task 'wrok'. Did you mean 'work'?"),
        (("--state", "FALIED"), "There is no state of runs 'FALIED'. Did you mean 'FAILED'?"),
    ],
)
def test_what_cannot_be_used_moves_nothing(arguments: tuple[object, ...], sentence: str) -> None:
    run = a_run("QUEUED")
    assert refusal("cancel", *arguments).startswith(sentence)
    assert state_of(run) == "QUEUED"
