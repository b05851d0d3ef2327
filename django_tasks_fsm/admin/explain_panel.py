"""Why something is not running, as a list on its page: what the store has decided, with links and times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.html import escape, format_html
from django.utils.translation import gettext_lazy as _

from django_tasks_fsm.admin.links import Links
from django_tasks_fsm.admin.times import both
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import Task, TaskRun

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from django_tasks_fsm.store.gates.record import Explanation, Gate, Sentence

TITLES: Mapping[str, str | _StrPromise] = {
    "state": _("State"),
    "due": _("Due"),
    "prerequisite": _("Prerequisite"),
    "queue": _("Queue"),
    "worker": _("Worker"),
    "slots": _("Slots"),
    "function": _("Function"),
    "task": _("Task"),
    "key": _("Key"),
    "cancel": _("Asked to stop"),
    "pause": _("Asked to pause"),
    "trigger": _("Schedule"),
    "next": _("Next run"),
}
PAGES = {"run": "taskrun"}
"""The names of models, where they are not those of the kinds of rows."""
TIMES = ("due", "next")
"""Gates at which nothing is wrong: the time has not come."""


@dataclass(frozen=True, slots=True)
class Line:
    """One gate: ``mark`` is ok, no, time (not yet) or wait (a note); the texts are safe markup."""

    mark: str
    title: str | _StrPromise
    fact: str
    detail: str
    way_out: str


def why_run(run: TaskRun, links: Links) -> Sequence[Line]:
    """Return the lines for a run; none where nobody asks: it is done, or runs and nothing is to be said about it."""
    if run.state == RunState.DONE:
        return ()
    found = run.explain()
    told = [gate for gate in found.gates if gate.name != "state" and (gate.note or not gate.ok)]
    return lines(found, links) if told or found.state != RunState.RUNNING else ()


def why_task(task: Task, links: Links) -> Sequence[Line]:
    """Return the lines for a task."""
    return lines(task.explain(), links)


def lines(found: Explanation, links: Links) -> Sequence[Line]:
    """Return the gates in order."""
    return [_line(gate, links, found.kind) for gate in found.gates]


def _line(gate: Gate, links: Links, kind: str) -> Line:
    tells_error = gate.name == "prerequisite" or (gate.name == "state" and kind == "run")
    href = links.page(PAGES.get(gate.kind, gate.kind), gate.id)
    return Line(
        mark=_mark(gate),
        title=TITLES.get(gate.name, gate.name),
        fact=marked_up(gate.fact, href),
        detail=links.error(gate.detail) if tells_error else gate.detail,
        way_out=marked_up(gate.way_out, href) if not gate.ok or gate.note else "",
    )


def _mark(gate: Gate) -> str:
    if gate.note or gate.ok:
        return "wait" if gate.note else "ok"
    return "time" if gate.name in TIMES else "no"


def marked_up(sentence: Sentence, href: str) -> str:
    """Return a sentence as markup: moments as time elements, and what it is about as a link."""
    if not sentence.values:
        return escape(sentence.text)
    return format_html(sentence.text, **{name: _value(name, value, href) for name, value in sentence.values.items()})


def _value(name: str, value: Any, href: str) -> Any:
    if isinstance(value, datetime):
        return both(value)
    return format_html('<a href="{}">{}</a>', href, value) if name == "what" and href else value
