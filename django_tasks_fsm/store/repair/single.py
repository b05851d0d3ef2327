"""Plan what a person decides about one run in place of its function: its result, or that it is left out."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

from django.utils.translation import gettext

from django_tasks_fsm.core.machine import RUN_MACHINE
from django_tasks_fsm.core.payload import checked
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.drawing import word
from django_tasks_fsm.exceptions import UnknownPrerequisite
from django_tasks_fsm.store.repair.effects import Effects
from django_tasks_fsm.store.repair.record import Plan, exact, step
from django_tasks_fsm.store.repair.rows import rows_of


def plan_skip(run_id: uuid.UUID, using: str) -> Plan:
    """Plan to leave a run out that has not started."""
    return _plan("skip", run_id, RunState.SKIPPED, using, partial(plan_skip, run_id, using))


def plan_resolve(run_id: uuid.UUID, value: Any, using: str) -> Plan:
    """Plan to give a FAILED run the result ``value``; raise UnstorablePayload for what JSON cannot hold."""
    value = checked(value, "value")
    return _plan("resolve", run_id, RunState.DONE, using, partial(plan_resolve, run_id, value, using), value)


def _plan(verb: str, run_id: uuid.UUID, end: RunState, using: str, again: Any, value: Any = None) -> Plan:
    rows = rows_of([run_id], using)
    if run_id not in rows:
        raise UnknownPrerequisite(run_id)
    row = rows[run_id]
    if row.state not in RUN_MACHINE.sources(verb):
        text = gettext("That is not possible in the state %(state)s.") % {"state": word(row.state)}
        refused = (step(row, "", text),)
        return Plan(verb, using, exact((), rows, refused), again, refused=refused, value=value)
    found = Effects({run_id: end}, rows, using)
    steps = (step(row, verb, gettext("It was chosen.")),)
    return Plan(
        verb,
        using,
        # Which of PENDING and QUEUED it is in does not matter to one that is skipped.
        exact(steps if verb == "resolve" else (), rows, steps, found.following, found.released, found.blocked),
        again,
        steps=steps,
        following=tuple(found.following),
        released=tuple(found.released),
        waiting=tuple(found.waiting),
        staying=tuple(found.blocked),
        value=value,
    )
