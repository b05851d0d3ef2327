"""The product with one mistake each, for the state machine to find."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from django_tasks_fsm.core import misfire
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.models import TaskRun, cascade, revival, run_verbs, settling, transitions
from django_tasks_fsm.store import admit, counting, edges, finish, fire, prune, rescue, stage
from tests.protocol import machine
from tests.store.rows import DB

Mutant = Callable[[pytest.MonkeyPatch], None]


def finish_without_fence(patch: pytest.MonkeyPatch) -> None:
    """Write whatever a worker says, as long as the run is RUNNING."""
    real = transitions._locked
    patch.setattr(transitions, "_locked", lambda model, change, *rest: real(model, replace(change, fences=None), *rest))
    dialect = type(for_alias(DB))
    done = dialect.finish

    def unfenced(self: Any, table: str, assignments: str, guard: str, rows: Any) -> Any:
        now = dict(TaskRun.objects.filter(pk__in=[row[0] for row in rows]).values_list("pk", "fence"))
        return done(self, table, assignments, guard, [(pk, now.get(pk, 0), result) for pk, _, result in rows])

    patch.setattr(dialect, "finish", unfenced)


def finish_without_state(patch: pytest.MonkeyPatch) -> None:
    """Write whatever the worker of the last claim says, also after the run was taken back."""
    patch.setattr(finish, "HELD", "1 = 1")
    real = transitions.Change
    patch.setattr(finish, "Change", lambda *said, **more: real(*said, **{**more, "only_from": ()}))


def stage_ignores_prerequisites(patch: pytest.MonkeyPatch) -> None:
    """Queue what is due, whatever it waits for."""
    patch.setattr(stage, "due_by", lambda now: f"state = 'PENDING' AND line = 0 AND run_at <= {now}")


def key_is_not_released(patch: pytest.MonkeyPatch) -> None:
    """Keep the key of a run that has ended otherwise than well."""
    real = transitions.consequences

    def kept(*said: Any) -> dict[str, Any]:
        return {name: value for name, value in real(*said).items() if name != "key"}

    patch.setattr(transitions, "consequences", kept)


def rescue_without_lease(patch: pytest.MonkeyPatch) -> None:
    """Take runs from workers that have not beaten at this very moment."""
    real = rescue.rescue
    patch.setattr(machine, "rescue", lambda lease, *rest: real(timedelta(0), *rest))


def limit_off_by_one(patch: pytest.MonkeyPatch) -> None:
    """Let in one too many."""
    real = counting.limits_of

    def more(*said: Any) -> Any:
        return {task: replace(each, max_instances=(each.max_instances or 0) + 1) for task, each in real(*said).items()}

    patch.setattr(admit, "limits_of", more)


def cancel_forgets_who_runs(patch: pytest.MonkeyPatch) -> None:
    """Cancel what waits, and ask nobody."""
    patch.setattr(run_verbs, "_ask_to_stop", lambda *said: set())


def asked_runs_begin_again(patch: pytest.MonkeyPatch) -> None:
    """Forget at a retry that somebody wants the run to stop."""
    patch.setattr(finish, "cancel_if_asked", lambda *said: ())


def dependents_are_not_held(patch: pytest.MonkeyPatch) -> None:
    """Leave a dependent queued whose prerequisite begins anew."""
    patch.setattr(run_verbs, "unsettle", lambda *said: None)


def a_new_life_forgets_its_prerequisites(patch: pytest.MonkeyPatch) -> None:
    """Run again what was retried, although what it waited for has begun anew."""
    patch.setattr(run_verbs, "reopen", lambda *said: None)


def given_back_runs_do_not_wait(patch: pytest.MonkeyPatch) -> None:
    """Queue a run that a worker gives back, although a prerequisite of it has begun anew."""
    patch.setattr(run_verbs, "catch_up", lambda *said: ())


def ends_are_not_settled(patch: pytest.MonkeyPatch) -> None:
    """Count no prerequisite as met."""
    patch.setattr(cascade, "settle", lambda *said: [])


def policies_are_not_carried_out(patch: pytest.MonkeyPatch) -> None:
    """Leave those waiting whose edges ask to fail, skip or cancel."""
    real = settling.settle
    patch.setattr(cascade, "settle", lambda *said: real(*said) and [])


def keys_are_not_taken_back(patch: pytest.MonkeyPatch) -> None:
    """Retry a run without its key."""
    patch.setattr(revival, "_given_keys", lambda *said: {})


def keys_are_not_handed_over(patch: pytest.MonkeyPatch) -> None:
    """Go on with the round of a run that another one follows."""
    patch.setattr(finish, "is_followed", lambda *said: False)


def followers_do_not_wait(patch: pytest.MonkeyPatch) -> None:
    """Make the next run of a key wait for nobody."""
    patch.setattr("django_tasks_fsm.store.keyed.behind", lambda request, before: request)


def cycles_are_let_in(patch: pytest.MonkeyPatch) -> None:
    """Add the edge that closes a cycle."""
    patch.setattr(edges, "_refuse_cycles", lambda *said: None)


def slots_are_lost(patch: pytest.MonkeyPatch) -> None:
    """Go on from now, with one run for all that was missed."""
    real = misfire.plan
    patch.setattr(fire, "plan", lambda trigger, slot, now, policy: real(trigger, slot, now, replace(policy, cap=1)))


def needed_runs_are_pruned(patch: pytest.MonkeyPatch) -> None:
    """Delete what ended long ago, whoever waits for it."""
    patch.setattr(prune, "REVIVABLE", [])


MUTANTS: tuple[Mutant, ...] = (
    finish_without_fence,
    finish_without_state,
    key_is_not_released,
    stage_ignores_prerequisites,
    rescue_without_lease,
    limit_off_by_one,
    cancel_forgets_who_runs,
    asked_runs_begin_again,
    dependents_are_not_held,
    a_new_life_forgets_its_prerequisites,
    given_back_runs_do_not_wait,
    ends_are_not_settled,
    policies_are_not_carried_out,
    keys_are_not_taken_back,
    keys_are_not_handed_over,
    followers_do_not_wait,
    cycles_are_let_in,
    slots_are_lost,
    needed_runs_are_pruned,
)
FEW = 4
"""So many of them are tried each time, and all with TASKS_FSM_FUZZ=1."""
