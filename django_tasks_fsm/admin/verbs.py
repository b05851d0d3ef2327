"""What a verb is to the admin: words, a permission, where it fits, and what it does to rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import router
from django.db.models import QuerySet
from django.utils.translation import gettext, ngettext

from django_tasks_fsm.admin.verb_forms import ReasonForm
from django_tasks_fsm.drawing import word
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.querysets import Report

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

NAMED = 3
"""So many runs are named in one message."""

Act = Callable[[QuerySet[Any], Actor, Mapping[str, Any]], Report]
"""Takes rows that ``where_written`` gave: ``rows.db`` is the database to write to."""


@dataclass(frozen=True, slots=True)
class Verb:
    """One thing that people do to rows.

    ``fits`` tells whether it is offered for a row; ``act`` decides again in SQL, and its report is the truth.
    Where ``is_listed`` is False it is done to one row only, on its page.
    ``removes`` says that the row is gone afterwards. ``question`` and ``done`` are lazy ngettexts of ``count``: of the
    rows that were chosen, and of those that it moved.
    """

    name: str
    label: _StrPromise
    effect: _StrPromise
    permission: str
    fits: Callable[[Any], bool]
    act: Act
    question: Any
    done: Any
    form: type[ReasonForm] = ReasonForm
    blocks_dependents: bool = False
    is_grave: bool = False
    is_listed: bool = True
    removes: bool = False


def where_written(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Return the same rows of the database that they are written to: a replica shows old states, and takes nothing."""
    return rows.using(rows._db or router.db_for_write(rows.model, **rows._hints))  # type: ignore[attr-defined]


def in_states(*states: str) -> Callable[[Any], bool]:
    """Return a test for rows whose state is one of these."""
    allowed = frozenset(map(str, states))
    return lambda row: row.state in allowed


def by_queryset(method: str) -> Act:
    """Return the act that calls a method of the model's queryset with the fields of the form."""
    return lambda rows, actor, said: getattr(rows, method)(actor=actor, **said)


def sentence(verb: Verb, report: Report) -> str:
    """Return what became of the rows: "2 runs retried, 1 skipped: running"."""
    parts = [str(verb.done % {"count": len(report.moved)})] if report.moved else []
    if report.asked:
        text = ngettext("%(count)d running run asked to stop", "%(count)d running runs asked to stop", report.asked)
        parts.append(text % {"count": report.asked})
    if report.waiting:
        text = ngettext("%(count)d waits again", "%(count)d wait again", report.waiting)
        parts.append(text % {"count": report.waiting})
    if report.refused_count:
        text = ngettext("%(count)d skipped: %(states)s", "%(count)d skipped: %(states)s", report.refused_count)
        parts.append(text % {"count": report.refused_count, "states": _states(report)})
    for held in report.keys_held[:NAMED]:
        text = gettext("%(run)s was not retried, because %(bearer)s bears its key “%(key)s”")
        parts.append(text % {"run": str(held.run)[-12:], "bearer": str(held.bearer)[-12:], "key": held.key})
    return gettext(", ").join(parts) or gettext("Nothing was left to do")


def _states(report: Report) -> str:
    """Return the states of the rows that were left alone, with their numbers where there are several."""
    words = [(word(state).lower(), count) for state, count in report.refused]
    if len(words) == 1:
        return words[0][0]
    return gettext(", ").join(gettext("%(count)d %(state)s") % {"count": n, "state": state} for state, n in words)
