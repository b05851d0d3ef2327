"""A plan as its page shows it: by task name and count first, then run by run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.html import format_html
from django.utils.translation import gettext

from django_tasks_fsm.admin.badges import badge
from django_tasks_fsm.admin.history import EVENTS
from django_tasks_fsm.admin.links import Links
from django_tasks_fsm.repair import Plan, Step

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

MOST_LISTED = 200
"""Runs of one part that are named; of the rest only the number is told."""


@dataclass(frozen=True, slots=True)
class Line:
    """One run; ``name`` and ``state`` are safe markup."""

    name: str
    state: str
    event: str | _StrPromise
    why: str


@dataclass(frozen=True, slots=True)
class Part:
    """Runs with which the same happens."""

    title: str
    count: int
    lines: Sequence[Line]
    is_refused: bool = False

    @property
    def more(self) -> int:
        """Return how many are not named."""
        return self.count - len(self.lines)

    @property
    def has_events(self) -> bool:
        """Tell whether anything happens to them."""
        return any(line.event for line in self.lines)


@dataclass(frozen=True, slots=True)
class PlanPage:
    """What the template shows; ``has_changed`` is told to somebody who has agreed to another plan."""

    counts: Sequence[str]
    parts: Sequence[Part]
    is_refused: bool
    has_changed: bool


def plan_page(plan: Plan, links: Links, has_changed: bool = False) -> PlanPage:
    """Return the page of a plan."""
    parts = [
        _part(gettext("These are in the way"), plan.refused, links, is_refused=True),
        _part(gettext("This will happen"), plan.steps, links),
        _part(gettext("These end in its wake"), plan.following, links),
        _part(gettext("These can run then"), plan.released, links),
        _part(gettext("These wait"), plan.waiting, links),
        _part(gettext("These stay as they are"), plan.staying, links),
    ]
    is_refused = bool(plan.refused) or not plan.steps
    return PlanPage(_counts(plan), [part for part in parts if part.count], is_refused, has_changed)


def _counts(plan: Plan) -> list[str]:
    counts = [
        gettext("%(task)s: %(count)d (%(event)s)") % {"task": task, "count": number, "event": EVENTS[event]}
        for task, event, number in plan.counts()
    ]
    return counts or [gettext("There is nothing to do.")]


def _part(title: str, steps: Sequence[Step], links: Links, is_refused: bool = False) -> Part:
    return Part(title, len(steps), [_line(step, links) for step in steps[:MOST_LISTED]], is_refused)


def _line(step: Step, links: Links) -> Line:
    href = links.page("taskrun", step.run)
    name = format_html('<a href="{}">{}</a>', href, step.name) if href else step.name
    return Line(name, badge(step.state), EVENTS.get(step.event, ""), step.why)
