"""What the settings of a schedule may be: the same that the form of its row takes, told while code is still loading."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from django_tasks_fsm.core import limits
from django_tasks_fsm.core.misfire import CHOICES, MAX_CAP
from django_tasks_fsm.core.names import QUEUE_NAME
from django_tasks_fsm.core.payload import clean_text
from django_tasks_fsm.core.prerequisites import OnFailure
from django_tasks_fsm.core.slots import HIGHEST_PRIORITY, LOWEST_PRIORITY
from django_tasks_fsm.exceptions import InvalidLimit, InvalidSetting

LONGEST_NAME = 200
LONGEST_GROUP = 64
LONGEST_RATE = 20
MOST_ATTEMPTS = 1000
MOST = 2_147_483_647
"""The largest number that a column for whole numbers holds on every database."""


class Rule(NamedTuple):
    """What a value must be, as a question and in words."""

    holds: Callable[[Any], bool]
    words: str


def check(name: str, settings: Mapping[str, Any]) -> None:
    """Raise InvalidSetting for the first value that the row ``name`` could not use; other settings are not judged."""
    for setting, value in {"name": name, **settings}.items():
        rule = RULES.get(setting)
        if rule is not None and not rule.holds(value):
            raise InvalidSetting(name, setting, value, rule.words)


def _number(least: int, most: int, optional: bool = False) -> Rule:
    def holds(value: Any) -> bool:
        is_number = isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
        return is_number or (optional and value is None)

    return Rule(holds, f"a whole number from {least} to {most}{', or None' if optional else ''}")


def _seconds(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= MOST


def _printable(least: int, most: int) -> Rule:
    def holds(value: Any) -> bool:
        return isinstance(value, str) and least <= len(value) <= most and value.isprintable()

    return Rule(holds, f"a text of {least} to {most} printable characters")


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and clean_text(value, max(100, len(value))) == value


def _one_of(*words: str) -> Rule:
    return Rule(lambda value: isinstance(value, str) and value in words, f"one of {', '.join(words)}")


def _is_rate(value: Any) -> bool:
    try:
        return value == "" or (limits.rate(value) is not None and len(value) <= LONGEST_RATE)
    except InvalidLimit:
        return False


_YES_OR_NO = Rule(lambda value: isinstance(value, bool), "True or False")

RULES: Mapping[str, Rule] = {
    "name": _printable(1, LONGEST_NAME),
    "cancel_on_exception": _YES_OR_NO,
    "catch_up": _one_of(*CHOICES),
    "catch_up_cap": _number(1, MAX_CAP),
    "concurrency": _number(1, limits.MOST, optional=True),
    "description": Rule(_is_text, "a text without NUL and lone surrogates"),
    "group": _printable(0, LONGEST_GROUP),
    "max_attempts": _number(1, MOST_ATTEMPTS),
    "max_instances": _number(1, limits.MOST, optional=True),
    "max_runs": _number(1, MOST, optional=True),
    "min_interval": Rule(lambda value: value is None or _seconds(value), "a number of seconds, 0 for none, or None"),
    "misfire_grace": _number(0, MOST, optional=True),
    "on_lost": _one_of("requeue", "fail"),
    "on_overlap": _one_of("skip", "wait"),
    "on_prerequisite_failure": _one_of(*(policy.value for policy in OnFailure)),
    "priority": _number(LOWEST_PRIORITY, HIGHEST_PRIORITY),
    "queue": Rule(
        lambda value: isinstance(value, str) and QUEUE_NAME.fullmatch(value) is not None,
        "the name of a queue: 1 to 64 letters, digits, dots, hyphens or underscores",
    ),
    "rate_limit": Rule(_is_rate, "a number of starts per time, such as 5/s, 10/m, 100/h or 1/30s, or empty"),
    "run_dependents": _YES_OR_NO,
    "timeout": Rule(
        lambda value: value is None or (_seconds(value) and value > 0), "a number of seconds above zero, or None"
    ),
}
"""By the field of the row. ``executor``, which depends on the function and on the project's, is not among them."""
