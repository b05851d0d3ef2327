"""Points are where the list says, do nothing unless armed, and refuse what they do not know."""

from __future__ import annotations

import ast
import os
import signal
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import InterfaceError, OperationalError

from django_tasks_fsm.failpoints import EXIT_CODE, POINTS, arm, failpoint, parse
from tests.architecture.source import modules

PASS_ALL = "from django_tasks_fsm.failpoints import POINTS, failpoint; [failpoint(point) for point in POINTS]"


@pytest.fixture(autouse=True)
def _inert():
    yield
    arm("")


def raised(point, times):
    """Return which passings of a point raise."""
    found = []
    for number in range(1, times + 1):
        try:
            failpoint(point)
        except OperationalError:
            found.append(number)
    return found


def process(rules):
    """Let a process whose environment holds ``rules`` pass all points."""
    command, environment = [sys.executable, "-c", PASS_ALL], {**os.environ, "TASKS_FSM_FAILPOINTS": rules}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_the_code_passes_the_points_that_are_listed_and_no_others():
    calls = [call for module in modules() for call, name in module.calls() if name == "failpoint"]
    assert {ast.literal_eval(call.args[0]) for call in calls} == set(POINTS)


def test_nothing_happens_where_nothing_is_armed():
    assert [raised(point, 100) for point in POINTS] == [[]] * len(POINTS)


def test_what_is_raised_passes_for_a_lost_connection():
    arm("finish.written=raise")
    with pytest.raises(InterfaceError, match="failpoint finish"):
        failpoint("finish.written")
    assert raised("finish.before", 3) == []


def test_a_rule_can_wait_for_one_passing():
    arm("beat.before=raise*3")
    assert raised("beat.before", 10) == [3]


def test_the_dice_of_a_point_are_repeated_by_the_seed():
    def falls(seed):
        arm("claim.before=raise@0.25, finish.before=raise@0.25", seed)
        return raised("claim.before", 200), raised("finish.before", 200)

    once = falls("7")
    assert falls("7") == once != falls("8")
    assert once[0] != once[1]
    assert 20 < len(once[0]) < 80


def test_chaos_chooses_some_points_and_an_action_for_each():
    chosen = {seed: parse(f"chaos:{seed}") for seed in range(40)}
    assert all(rule.chance == 0.25 for rules in chosen.values() for rule in rules.values())
    assert {rule.action for rules in chosen.values() for rule in rules.values()} >= {"kill9", "stop", "sleep", "raise"}
    assert {point for rules in chosen.values() for point in rules} == set(POINTS)
    assert all(len(rules) < len(POINTS) for rules in chosen.values())
    assert [rule.action for rule in parse("chaos:3@0.01").values()] == [rule.action for rule in chosen[3].values()]


@pytest.mark.parametrize(
    ("rule", "culprit", "known"),
    [
        ("claim.commited=kill9", "claim.commited", "claim.committed"),
        ("claim.committed=kill", "kill", "kill9"),
        ("claim.committed", "claim.committed", "finish.written=kill9"),
        ("claim.before=sleep", "claim.before=sleep", "sleep:0.5"),
        ("claim.before=kill9:3", "claim.before=kill9:3", "sleep:0.5"),
    ],
)
def test_what_is_no_rule_is_refused_with_what_would_be_one(rule, culprit, known):
    with pytest.raises(ImproperlyConfigured, match=f"TASKS_FSM_FAILPOINTS.*'{culprit}'.*{known}"):
        parse(rule)


@pytest.mark.parametrize(("action", "code"), [("kill9", -signal.SIGKILL), ("exit", EXIT_CODE)])
def test_a_process_is_armed_by_its_environment_and_dies_there(action, code):
    ended = process(f"finish.written={action}")
    assert ended.returncode == code
    assert f"Failpoint finish.written, passing 1: {action}" in ended.stderr


def test_a_process_with_a_misspelt_point_does_not_start():
    ended = process("finish.writen=kill9")
    assert ended.returncode == 1
    assert "'finish.writen'" in ended.stderr


def test_a_stopped_process_goes_on_when_it_is_continued():
    environment = {**os.environ, "TASKS_FSM_FAILPOINTS": "slot.read=stop"}
    stopped = subprocess.Popen([sys.executable, "-c", PASS_ALL], env=environment, stderr=subprocess.DEVNULL)
    _, status = os.waitpid(stopped.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    stopped.send_signal(signal.SIGCONT)
    assert stopped.wait(30) == 0
