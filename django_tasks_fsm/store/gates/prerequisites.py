"""The runs that must have ended, and how, before this one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.db.models import F
from django.utils.translation import gettext, ngettext

from django_tasks_fsm.core.prerequisites import Condition, OnFailure, Standing
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import RunPrerequisite
from django_tasks_fsm.models.words import RUN_STATE_WORDS
from django_tasks_fsm.store.gates.record import Gate, Seen, Sentence, called

MOST = 20
"""Prerequisites that are named; the rest is counted."""

_COLUMNS = ("condition", "on_failure", "prerequisite__state", "prerequisite__label", "prerequisite__error",
            "prerequisite__task__name")  # fmt: skip


def prerequisites(seen: Seen) -> Iterator[Gate]:
    """Name what the run waits for, what has ended wrongly first; the run's own count decides, as for staging."""
    waiting_on = seen.run.waiting_on
    if not waiting_on:
        yield Gate("prerequisite", True, Sentence(gettext("It waits for no other run.")))
        return
    edges = _unmet(seen)
    yield from map(_gate, edges)
    if more := waiting_on - len(edges):
        text = ngettext("It waits for {count} more run.", "It waits for {count} more runs.", more)
        yield Gate("prerequisite", False, Sentence(text, {"count": more}))


def _unmet(seen: Seen) -> Sequence[RunPrerequisite]:
    edges = RunPrerequisite.objects.using(seen.using).filter(run_id=seen.run.pk, met=False)
    ordered = edges.order_by(F("prerequisite__finished_at").asc(nulls_last=True), "pk")
    shown = min(MOST, seen.run.waiting_on)
    return list(ordered.select_related("prerequisite__task").only("run_id", *_COLUMNS)[:shown])


def _gate(edge: RunPrerequisite) -> Gate:
    other = edge.prerequisite
    now = RunState(other.state)
    values = {"what": called(other), "state": str(RUN_STATE_WORDS[now]).lower()}
    is_broken = edge.standing is Standing.BROKEN
    fact = _broken(edge) if is_broken else _waiting(edge)
    is_for_people = is_broken and edge.on_failure == OnFailure.BLOCK
    way_out = _repair(now) if is_for_people else _policy(OnFailure(edge.on_failure))
    return Gate("prerequisite", False, Sentence(fact, values), Sentence(way_out), "run", other.pk, other.error)


def _waiting(edge: RunPrerequisite) -> str:
    match Condition(edge.condition):
        case Condition.DONE:
            return gettext("It waits for {what} to be done, which is {state}.")
        case Condition.FINISHED:
            return gettext("It waits for {what} to end, which is {state}.")
        case Condition.FAILED:
            return gettext("It waits for {what} to fail, which is {state}.")


def _broken(edge: RunPrerequisite) -> str:
    if edge.condition == Condition.FAILED:
        return gettext("It waits for {what} to fail, but that has ended: {state}.")
    return gettext("It waits for {what} to be done, but that has ended: {state}.")


def _repair(state: RunState) -> str:
    if state is RunState.FAILED:
        return gettext(
            "It waits until that is repaired: retry it, or give its result by hand (resolve); or skip this run."
        )
    if state is RunState.ABORTED:
        return gettext("It has ended for good: skip or cancel this run.")
    if state is RunState.DONE:
        return gettext("It waits until that is repaired: run it again (rerun); or skip this run.")
    return gettext("It waits until that is repaired: retry it; or skip this run.")


def _policy(policy: OnFailure) -> str:
    match policy:
        case OnFailure.BLOCK:
            return gettext("If it ends otherwise, this run waits until it is repaired.")
        case OnFailure.FAIL:
            return gettext("If it ends otherwise, this run fails too.")
        case OnFailure.CANCEL:
            return gettext("If it ends otherwise, this run is cancelled.")
        case OnFailure.SKIP:
            return gettext("If it ends otherwise, this run is skipped.")
        case OnFailure.IGNORE:
            return gettext("If it ends otherwise, this run goes on all the same.")
