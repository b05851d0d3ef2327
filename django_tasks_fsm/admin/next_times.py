"""The next times of a trigger, for the page of a task and for its form while somebody types."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, pgettext

from django_tasks_fsm.admin.problems import trigger_problem
from django_tasks_fsm.admin.schedule_words import exact
from django_tasks_fsm.cli.preview import words
from django_tasks_fsm.core import triggers
from django_tasks_fsm.core.misfire import ON_TIME, MisfirePolicy
from django_tasks_fsm.core.states import TaskState
from django_tasks_fsm.exceptions import InvalidTrigger
from django_tasks_fsm.models import Task
from django_tasks_fsm.models.moments import instant

PREVIEWED = 5
TEMPLATE = "django_tasks_fsm/admin/parts/times.html"


@dataclass(frozen=True, slots=True)
class Time:
    """One of the next times: as the clocks of the trigger's zone show it, in UTC, and what is odd about it."""

    moment: datetime
    local: str
    utc: str
    note: str


@dataclass(frozen=True, slots=True)
class Times:
    """The next times, the zone they are told in, and in sentences what else is to know of them."""

    zone: str
    rows: tuple[Time, ...] = ()
    rules: tuple[str, ...] = ()
    problem: str = ""

    def rendered(self) -> str:
        """Return them as safe markup."""
        return render_to_string(TEMPLATE, {"times": self})


def times_of(task: Task) -> Times | None:
    """Return the next times of an ACTIVE task; the stored one first, which a person may have moved. None for none."""
    if task.state != TaskState.ACTIVE or task.next_run_at is None:
        return None
    first = instant(task.next_run_at).astimezone(UTC)
    try:
        following = triggers.preview(task.fires, first, PREVIEWED)
        slots = [first, *(slot for slot in following if slot > first)][: _left(task)]
        return _times(task.fires, slots, task.misfire_policy)
    except InvalidTrigger as error:
        return Times("UTC", (_row(triggers.shown(triggers.Manual(), first)),), problem=trigger_problem(error))


def _left(task: Task) -> int:
    return PREVIEWED if task.max_runs is None else max(0, min(PREVIEWED, task.max_runs - task.fired))


def previewed(trigger: triggers.Trigger, policy: MisfirePolicy) -> Times:
    """Return the next times that a task would have if it were saved now."""
    now = instant(timezone.now())
    try:
        slots = triggers.preview(trigger, now.astimezone(UTC), PREVIEWED)
    except InvalidTrigger as error:
        return Times("UTC", problem=trigger_problem(error))
    return _times(trigger, slots, policy)


def _times(trigger: triggers.Trigger, slots: list[datetime], policy: MisfirePolicy) -> Times:
    rows = tuple(_row(triggers.shown(trigger, slot)) for slot in slots)
    return Times(trigger.zone, rows, tuple(_rules(trigger, policy)) if rows else (_without_times(trigger),))


def _row(shown: triggers.Shown) -> Time:
    return Time(shown.instant, _clock(shown.local), _clock(shown.instant), words(shown.mark))


def _clock(moment: datetime) -> str:
    return date_format(moment, pgettext("format of the date filter: a planned time", "D j M Y, H:i:s"))


def _without_times(trigger: triggers.Trigger) -> str:
    if trigger.worker_events:
        return gettext("Not by time: a worker fires it.")
    if isinstance(trigger, triggers.Manual):
        return gettext("Only when asked.")
    return gettext("Never: it has no time after now.")


def _rules(trigger: triggers.Trigger, policy: MisfirePolicy) -> Iterator[str]:
    """Give what holds for these times, in sentences."""
    if trigger.delay_after_end is not None:
        yield gettext("At the earliest: each counts from the end of the run before.")
    if (jitter := getattr(trigger, "jitter", None)) is not None:
        yield gettext("Each run starts up to %(duration)s later.") % {"duration": exact(jitter)}
    yield _of_missed(policy)
    if policy.catch_up != "none" and policy.grace is not None:
        yield _too_late(policy.grace)


def _of_missed(policy: MisfirePolicy) -> str:
    if policy.catch_up == "all":
        return gettext("Of missed times each gets a run, the newest %(cap)d at most.") % {"cap": policy.cap}
    if policy.catch_up == "latest":
        return gettext("For missed times there is one run, which stands for all of them.")
    late = ON_TIME if policy.grace is None else policy.grace
    text = gettext("A time is missed when nobody fires it within %(duration)s. Missed times get no run.")
    return text % {"duration": exact(late)}


def _too_late(grace: timedelta) -> str:
    return gettext("A time that nobody has fired within %(duration)s is skipped.") % {"duration": exact(grace)}
