"""The rules for a whole cron expression, beyond what croniter checks.

Each rule refuses a form that croniter accepts and reads otherwise than its author would: see ``fields`` for the single
field. Compiling is cached, so a trigger that is loaded again and again is parsed once a process.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from django_tasks_fsm.core.triggers.fields import DAY, FIELDS, WEEKDAY, FieldError
from django_tasks_fsm.core.triggers.local_times import LocalTimes
from django_tasks_fsm.core.triggers.quoting import quoted
from django_tasks_fsm.exceptions import InvalidTrigger

MAX_LENGTH = 200
"""Before parsing: croniter takes more than a second for a megabyte."""

ALIASES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
EVERY_MONTH_H = "h(1-28)"
"""What a bare H means as the day of month: a day that each month has."""

HINTS = {
    "@reboot": "Use the trigger WorkerStart() for it.",
    "@every": "Use an interval trigger for it.",
}


@dataclass(frozen=True)
class Expression:
    """A compiled expression: the local times it names, and whether its hour field is a bare ``*``."""

    times: LocalTimes
    hourly: bool


def clean(expression: object, seed: object) -> tuple[str, str]:
    """Return both as short printable text with single blanks; refuse everything else."""
    expression = expression.strip(" \t\r\n") if isinstance(expression, str) else expression
    for name, value in (("expression", expression), ("seed", seed)):
        if not isinstance(value, str) or len(value) > MAX_LENGTH:
            raise InvalidTrigger(f"{name} must be text of up to {MAX_LENGTH} characters, not {quoted(value)}.")
        if not (value.isascii() and value.replace("\t", " ").isprintable()):
            raise InvalidTrigger(f"{name} is {quoted(value)}; only printable ASCII characters are allowed in it.")
    return " ".join(str(expression).split()), str(seed)


def seed_for(expression: str, name: str) -> str:
    """Return the seed that H has in the task of this name, the same one for ever; empty where there is no H."""
    if not any(text.startswith("h") for text in expression.lower().split()):
        return ""
    return name.encode("unicode_escape").decode()[:MAX_LENGTH]


@lru_cache(maxsize=1024)
def compile_expression(expression: str, seed: str) -> Expression:
    """Check and parse a clean expression; raise InvalidTrigger, or ScheduleNeverFires for impossible dates."""
    try:
        texts = _fields_of(expression)
        for rule, text in zip(FIELDS, texts, strict=False):
            rule.selected(text)
        _check_seed(texts, seed)
        _check_special(texts[2], texts[4])
        _check_days(texts[2], texts[4])
    except FieldError as error:
        raise InvalidTrigger(f"Cron expression {quoted(expression)} cannot be used: {error}.") from error
    if texts[2] == "h":
        texts[2] = EVERY_MONTH_H
    times = LocalTimes(" ".join(texts), seed, shown=expression)
    return Expression(times, hourly=texts[1] == "*")


def _fields_of(expression: str) -> list[str]:
    lowered = expression.lower()
    if lowered.startswith("@") and lowered not in ALIASES:
        hint = HINTS.get(lowered.split(" ")[0], "")
        raise FieldError(f"the known names are {', '.join(ALIASES)}. {hint}".rstrip(". "))
    texts = ALIASES.get(lowered, lowered).split()
    if len(texts) == 7:
        raise FieldError("a field for the year is not supported: set start and end instead")
    if len(texts) not in (5, 6):
        raise FieldError(
            f"it has {len(texts)} fields instead of five (minute, hour, day of month, month, day of week) "
            "or six (second last)"
        )
    return texts


def _check_seed(texts: list[str], seed: str) -> None:
    if not seed and any(text.startswith("h") for text in texts):
        raise FieldError("H spreads load by a seed, and there is none: set seed, for instance to the name of the task")


def _check_special(day: str, weekday: str) -> None:
    """Refuse lists that croniter cannot mix with W, L and #."""
    if "w" in day and "," in day:
        raise FieldError(f"W goes with a single day, not with a list such as {day!r}")
    if WEEKDAY.special_count(weekday) not in (0, weekday.count(",") + 1):
        raise FieldError(f"{weekday!r} mixes plain days of the week with L or #: use one kind in an expression")


def _check_days(day: str, weekday: str) -> None:
    """Refuse two day fields whose combination croniter gets wrong or people read in two ways."""
    if day in ("*", "?") or weekday in ("*", "?"):
        return
    if DAY.special_count(day) or WEEKDAY.special_count(weekday):
        raise FieldError("L, W and # go with one day field only: write * in the other one")
    for rule, text in ((DAY, day), (WEEKDAY, weekday)):
        if rule.is_open(text):
            raise FieldError(
                f"{text!r} selects every {rule.name}, which beside the other day field could mean 'and' or 'or': "
                "write * in one of them"
            )
