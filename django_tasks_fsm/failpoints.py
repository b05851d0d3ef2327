"""Named places at which tests let a process die, stall or lose its connection; inert where the environment is silent.

``TASKS_FSM_FAILPOINTS`` is read once, when this is imported. It is no setting: a test gives each of its processes
another value, and nobody's settings file should be able to break workers. It holds rules, separated by commas::

    finish.written=kill9               at every passing
    claim.committed=raise@0.25         at each passing with this probability
    beat.before=stop*3                 at the third passing only
    run.started=sleep:0.5@0.1          half a second, at every tenth passing or so
    chaos:SEED                         about half of the points, each with an action of its own, at every fourth passing
    chaos:SEED@0.01                    the same, at every hundredth passing

Actions: ``kill9`` kills the process, ``exit`` ends it without clean-up, ``stop`` stops it until somebody continues it,
``sleep:SECONDS`` blocks the thread, ``raise`` raises what a lost connection does; behind a commit that is the commit
whose answer was lost. ``TASKS_FSM_FAILPOINTS_SEED`` makes the probabilities repeatable, each point having dice of its
own, and seeds the pauses of the process.
"""

from __future__ import annotations

import logging
import os
import random
import re
import signal
import threading
from dataclasses import dataclass

from django.core.exceptions import ImproperlyConfigured
from django.db import InterfaceError, OperationalError

from django_tasks_fsm.core.dice import DICE

logger = logging.getLogger("django_tasks_fsm")

VARIABLE = "TASKS_FSM_FAILPOINTS"
SEED_VARIABLE = "TASKS_FSM_FAILPOINTS_SEED"
EXIT_CODE = 70
STOPS_WITHIN = 0.05
"""Seconds: a process stops as a whole, but the thread that asked for it may go on for a moment."""

POINTS = {
    "claim.before": "a worker is about to take runs",
    "claim.selected": "the rows are taken, and not committed",
    "claim.committed": "the claim is committed, and the worker does not know of it yet",
    "run.started": "the function is about to be called",
    "run.returned": "the function has returned, and nobody knows",
    "finish.before": "a batch of outcomes is about to be written",
    "finish.written": "the outcomes are written, and not committed",
    "finish.committed": "the outcomes are committed, and the worker does not know of it yet",
    "beat.before": "a heartbeat is about to be sent",
    "rescue.read": "the runs of a lost worker are read",
    "rescue.written": "they are taken back, and not committed",
    "slot.read": "a task whose time has come is read",
    "slot.inserted": "the runs of its slots are inserted, its next time is not set",
    "slot.committed": "both are committed",
    "edge.checked": "new edges are found to close no cycle, and are not inserted",
    "stop.signalled": "the worker has noticed that it should stop",
}
"""What has happened, and what has not, where a point is passed."""

ACTIONS = ("kill9", "exit", "stop", "sleep", "raise")
CHAOS = ("sleep:0.05", "sleep:0.2", "raise", "raise", "raise", "kill9", "stop", "exit")
ACTIVE, FIRES = 0.5, 0.25
NUMBER = r"(\d*\.?\d+)"
RULE = re.compile(
    rf"(?P<point>[\w.]+)=(?P<action>\w+)(:(?P<seconds>{NUMBER}))?(@(?P<chance>{NUMBER}))?(\*(?P<nth>\d+))?"
)
ALL = re.compile(rf"chaos:(?P<seed>[^@]+)(@(?P<chance>{NUMBER}))?")

_never = threading.Event()


class ConnectionFails(OperationalError, InterfaceError):
    """What ``raise`` raises: by its classes a connection that was lost, so that whoever can repeats its transaction."""


@dataclass(slots=True)
class Rule:
    """What happens at one point, and when."""

    point: str
    action: str
    seconds: float
    chance: float
    nth: int
    dice: random.Random
    passed: int = 0

    def passing(self) -> None:
        """Count, and act if it is time."""
        self.passed += 1
        if (self.nth and self.passed != self.nth) or (self.chance < 1 and self.dice.random() >= self.chance):
            return
        logger.warning("Failpoint %s, passing %d: %s.", self.point, self.passed, self.action)
        if self.action == "kill9":
            os.kill(os.getpid(), signal.SIGKILL)
        elif self.action == "exit":
            os._exit(EXIT_CODE)
        elif self.action == "stop":
            os.kill(os.getpid(), signal.SIGSTOP)
            _never.wait(STOPS_WITHIN)
        elif self.action == "raise":
            raise ConnectionFails(f"failpoint {self.point}")
        _never.wait(self.seconds)


def failpoint(name: str) -> None:
    """Let happen here what the environment asks for; nothing, for some tens of nanoseconds, where it does not."""
    if _rules is not None and name in _rules:
        _rules[name].passing()


def parse(text: str, seed: str = "") -> dict[str, Rule]:
    """Return the rule of each armed point; raise ImproperlyConfigured for what is no rule, no point or no action."""
    rules: dict[str, Rule] = {}
    for part in filter(None, (each.strip() for each in text.split(","))):
        if found := ALL.fullmatch(part):
            rules |= _chaos(found["seed"], float(found["chance"] or FIRES))
        else:
            rule = _rule(part, random.Random(f"{seed}:{part}" if seed else None))
            rules[rule.point] = rule
    return rules


def _chaos(seed: str, chance: float) -> dict[str, Rule]:
    rules = {}
    for point in POINTS:
        dice = random.Random(f"{seed}:{point}")
        if dice.random() < ACTIVE:
            rules[point] = _rule(f"{point}={dice.choice(CHAOS)}@{chance}", dice)
    return rules


def _rule(text: str, dice: random.Random) -> Rule:
    found = RULE.fullmatch(text)
    if found is None:
        raise ImproperlyConfigured(f"{VARIABLE} has {text!r}. Rules look like finish.written=kill9 or chaos:7.")
    if found["point"] not in POINTS:
        raise ImproperlyConfigured(f"{VARIABLE} names the point {found['point']!r}. There are {', '.join(POINTS)}.")
    if found["action"] not in ACTIONS:
        raise ImproperlyConfigured(f"{VARIABLE} names the action {found['action']!r}. There are {', '.join(ACTIONS)}.")
    if (found["action"] == "sleep") != bool(found["seconds"]):
        raise ImproperlyConfigured(f"{VARIABLE} has {text!r}. Seconds belong to sleep, and only there: sleep:0.5.")
    numbers = float(found["seconds"] or 0), float(found["chance"] or 1), int(found["nth"] or 0)
    return Rule(found["point"], found["action"], *numbers, dice)


def arm(text: str, seed: str = "") -> None:
    """Arm the points of this process as ``text`` says, and no others; none where it is empty."""
    global _rules
    _rules = parse(text, seed) or None
    if seed:
        DICE.seed(seed)
    if _rules:
        logger.warning("Failpoints are armed, this process will fail on purpose: %s.", ", ".join(_rules))


_rules: dict[str, Rule] | None = None
arm(os.environ.get(VARIABLE, ""), os.environ.get(SEED_VARIABLE, ""))
