"""The verbs: what a person or a view does to tasks and runs, set-based, each in its own short transactions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import models, router

from django_tasks_fsm.exceptions import StateIsReadOnly, UnknownGroup
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.transactions import in_transaction
from django_tasks_fsm.models.transitions import Change, Moved, batches

if TYPE_CHECKING:
    from django_tasks_fsm.models.revival import KeyHeld

MOST_GROUPS = 100
"""Groups that an error names."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a verb did: the rows it moved, the running ones it asked to stop, and how many it left alone, by state.

    ``keys_held`` says why a retry left a run alone that its state would have allowed; ``waiting`` is how many runs wait
    for the moved ones, where a plan was carried out.
    """

    moved: tuple[Moved, ...]
    asked: int = 0
    refused: tuple[tuple[str, int], ...] = ()
    keys_held: tuple[KeyHeld, ...] = ()
    waiting: int = 0

    @property
    def refused_count(self) -> int:
        """Return how many rows were left alone."""
        return sum(count for _, count in self.refused)


class _VerbQuerySet(models.QuerySet):
    """Apply one verb to every row of the queryset, in batches that each commit by themselves."""

    def update(self, **values: Any) -> int:
        """Update columns; raise StateIsReadOnly for the state, which only verbs change."""
        if "state" in values:
            raise StateIsReadOnly(self.model.__name__)
        return super().update(**values)

    update.alters_data = True  # type: ignore[attr-defined]  # as Django marks it: templates must not call it

    @property
    def _alias(self) -> str:
        # What is read to be changed is read where it will be written, not on a replica that lags behind.
        return self._db or router.db_for_write(self.model, **self._hints)  # type: ignore[attr-defined]

    def _each_batch(self, verb: Callable[[Sequence[Any]], tuple[Sequence[Moved], Collection[Any]]]) -> Report:
        pks = list(self.using(self._alias).values_list("pk", flat=True))
        moved: list[Moved] = []
        asked: set[Any] = set()
        for some in batches(pks):
            done, requested = in_transaction(lambda some=some: verb(some), self._alias)  # type: ignore[misc]
            moved += done
            asked.update(requested)
        return Report(tuple(moved), len(asked), self._refused(pks, asked.union(row.pk for row in moved)))

    def _refused(self, pks: Sequence[Any], done: Collection[Any]) -> tuple[tuple[str, int], ...]:
        left = [pk for pk in pks if pk not in done]
        counts: dict[str, int] = {}
        for some in batches(left):
            rows = self.model._base_manager.using(self._alias).filter(pk__in=some)
            for state in rows.values_list("state", flat=True):
                counts[state] = counts.get(state, 0) + 1
        return tuple(sorted(counts.items()))


class TaskRunQuerySet(_VerbQuerySet):
    """Verbs on runs; a run in a state that the table does not allow is left alone and counted."""

    def keyed(self, key: str) -> TaskRunQuerySet:
        """Return the runs of a key that have not ended: the bearer, and what it follows and is RUNNING; looks now."""
        from django_tasks_fsm.models.keyed import runs_of

        return self.filter(pk__in=runs_of(key, self._alias))

    def cancel(self, *, actor: Actor = Actor.system(), reason: str = "") -> Report:
        """End runs that have not started; ask RUNNING ones to stop, which they do at their next check."""
        from django_tasks_fsm.models.run_verbs import cancel

        return self._each_batch(lambda pks: cancel(pks, actor, reason, self._alias))

    def abort(self, *, actor: Actor = Actor.system(), reason: str = "") -> Report:
        """End runs for good; results of workers that still hold one are dropped."""
        return self._move(Change("abort", actor, reason))

    def retry(self, *, actor: Actor = Actor.system(), reason: str = "") -> Report:
        """Run FAILED, CANCELLED and SKIPPED runs again, attempts counted afresh. RUNNING ones are left alone.

        A run takes its key back; one whose key another unfinished run bears meanwhile is left alone too.
        """
        from django_tasks_fsm.models.revival import revive

        held: dict[Any, KeyHeld] = {}

        def verb(pks: Sequence[Any]) -> tuple[tuple[Moved, ...], Collection[Any]]:
            moved, others = revive(pks, Change("retry", actor, reason), self._alias)
            held.update(others)
            return moved, ()

        report = self._each_batch(verb)
        moved = {row.pk for row in report.moved}  # a batch that was repeated may have found a key free at last
        return replace(report, keys_held=tuple(each for pk, each in held.items() if pk not in moved))

    def prepared(self, *, actor: Actor = Actor.system(), reason: str = "") -> Report:
        """Let runs in PREPARE go."""
        return self._move(Change("prepared", actor, reason))

    def skip(self, *, actor: Actor = Actor.system(), reason: str = "") -> Report:
        """Leave PENDING and QUEUED runs out; what becomes of their dependents each edge says."""
        return self._move(Change("skip", actor, reason))

    def reschedule(self, at: datetime, *, actor: Actor = Actor.system(), reason: str = "") -> Report:
        """Move waiting runs to the time ``at``. RUNNING and ended ones are left alone."""
        from django_tasks_fsm.models.run_verbs import postpone

        return self._each_batch(lambda pks: postpone(pks, at, actor, reason, self._alias))

    def pause(self, *, actor: Actor = Actor.system(), reason: str = "") -> Report:
        """Ask RUNNING runs to rest at their next ``context.check()``."""
        from django_tasks_fsm.models.pausing import pause

        return self._each_batch(lambda pks: pause(pks, actor, reason, self._alias))

    def resume(self, *, actor: Actor = Actor.system(), reason: str = "") -> Report:
        """Let runs that were asked to rest go on."""
        from django_tasks_fsm.models.pausing import resume

        return self._each_batch(lambda pks: resume(pks, actor, reason, self._alias))

    def _move(self, change: Change) -> Report:
        from django_tasks_fsm.models.run_verbs import move_runs

        return self._each_batch(lambda pks: (move_runs(pks, change, self._alias), ()))


class TaskQuerySet(_VerbQuerySet):
    """Verbs on tasks."""

    def update(self, **values: Any) -> int:
        """Update columns, as ``save`` does: the first limit that a task gets also counts the runs that are going."""
        from django_tasks_fsm.models.limiting import first_limit

        limits = {name: values[name] for name in ("max_instances", "rate_limit") if values.get(name)}
        free = self.using(self._alias).filter(max_instances=None, rate_limit="") if limits else self.none()
        first = list(free.values_list("pk", flat=True))
        with first_limit(first, self._alias):
            return super().update(**values)

    update.alters_data = True  # type: ignore[attr-defined]

    def group(self, name: str) -> TaskQuerySet:
        """Keep the tasks of one group; raise UnknownGroup, which names those that there are."""
        groups = self.model._base_manager.using(self._alias).exclude(group="").order_by("group")
        if not name or not groups.filter(group=name).exists():
            raise UnknownGroup(name, groups.values_list("group", flat=True).distinct()[:MOST_GROUPS])
        return self.filter(group=name)

    def pause(self, *, until: datetime | None = None, actor: Actor = Actor.system(), reason: str = "") -> Report:
        """Stop ACTIVE tasks from firing, until somebody resumes them or ``until``; their runs go on."""
        from django_tasks_fsm.models.task_verbs import pause

        return self._each_batch(lambda pks: (pause(pks, Change("pause", actor, reason), until, self._alias), ()))

    def resume(self, *, catch_up: bool = False, actor: Actor = Actor.system(), reason: str = "") -> Report:
        """Let PAUSED tasks fire again from their next slot after now.

        With ``catch_up`` the slots of the pause are missed ones, which each task's policy decides about; without, they
        are lost.
        """
        from django_tasks_fsm.models.task_verbs import resume

        change = Change("resume", actor, reason)
        return self._each_batch(lambda pks: (resume(pks, change, self._alias, catch_up=catch_up), ()))

    def retire(self, *, actor: Actor = Actor.system(), reason: str = "") -> Report:
        """Put tasks away: they never fire, and are kept with their runs."""
        return self._move(Change("retire", actor, reason))

    def restore(self, *, actor: Actor = Actor.system(), reason: str = "") -> Report:
        """Take RETIRED tasks back into service."""
        from django_tasks_fsm.models.task_verbs import resume

        return self._each_batch(lambda pks: (resume(pks, Change("restore", actor, reason), self._alias), ()))

    def run_at(self, at: datetime, *, actor: Actor = Actor.system(), reason: str = "") -> Report:
        """Set the next time of ACTIVE and EXHAUSTED tasks only; their triggers go on from there."""
        from django_tasks_fsm.models.task_verbs import run_at

        return self._each_batch(lambda pks: (run_at(pks, at, actor, reason, self._alias), ()))

    def reschedule(self, *which_and_when: Any, actor: Actor = Actor.system(), reason: str = "", **said: Any) -> Report:
        """Give ACTIVE and EXHAUSTED tasks another trigger, and the next time that follows from it.

        A task, or the name of one, in front narrows the queryset down to it. For the rest see ``Task.reschedule``.
        """
        from django_tasks_fsm.models.rescheduling import narrowed, reschedule

        rows, words = narrowed(self, which_and_when)
        return reschedule(rows, words, said, actor, reason)

    def change(self, *, actor: Actor = Actor.system(), reason: str = "", **fields: Any) -> Report:
        """Change fields of all tasks, or of none: see ``Task.update``."""
        from django_tasks_fsm.models.editing import edit

        changed = edit(self, fields, actor, reason)
        states = dict(self.model._base_manager.using(self._alias).values_list("pk", "state").filter(pk__in=changed))
        moved = tuple(Moved(pk, "update", states[pk], states[pk]) for pk, names in changed.items() if names)
        return Report(moved)

    def _move(self, change: Change) -> Report:
        from django_tasks_fsm.models.task_verbs import move_tasks

        return self._each_batch(lambda pks: (move_tasks(pks, change, self._alias), ()))
