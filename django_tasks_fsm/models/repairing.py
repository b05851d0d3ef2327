"""The verbs that repair: they make a plan, and do exactly that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import router

from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.fields import StatefulModel

if TYPE_CHECKING:
    from django_tasks_fsm.store.repair import Plan


class RunRepairing(StatefulModel):
    """The doors of the room ``store/repair``, for one run; those for a graph are in ``django_tasks_fsm.repair``."""

    class Meta:
        abstract = True

    # The step up, as Task.start takes it: planning over a graph is a verb of the store.

    def rerun_plan(self, downstream: bool = True) -> Plan:
        """Return what ``rerun`` would do now; hand it to ``repair.act`` to do that and nothing else."""
        from django_tasks_fsm.store.repair import plan_rerun

        return plan_rerun(self.pk, self._written_to(), downstream)

    def rerun(self, downstream: bool = True, *, actor: Actor = Actor.system(), reason: str = "") -> Plan:
        """Run an ended run again, with all that was computed from it, and return the plan that was carried out.

        DONE runs are rerun, FAILED, CANCELLED and SKIPPED ones retried; those that have not started wait again. Without
        ``downstream`` the run alone begins anew. Raise PlanRefused while one of them is RUNNING, when this run has not
        ended or is ABORTED, and when another unfinished run bears a key of theirs.
        """
        from django_tasks_fsm.store.repair import act_anyway

        done = act_anyway(self.rerun_plan(downstream), actor=actor, reason=reason)
        self.refresh_from_db()
        return done

    def resolve(self, value: Any, *, reason: str, actor: Actor = Actor.system()) -> Plan:
        """Give a FAILED run the result that its function did not give, and let go what waits for it.

        Return the plan that was carried out. Raise UnstorablePayload, and PlanRefused in any other state.
        """
        from django_tasks_fsm.store.repair import act_anyway, plan_resolve

        done = act_anyway(plan_resolve(self.pk, value, self._written_to()), actor=actor, reason=reason)
        self.refresh_from_db()
        return done

    def skip(self, *, actor: Actor = Actor.system(), reason: str = "") -> bool:
        """Leave a PENDING or QUEUED run out; what becomes of its dependents each edge says. Return False otherwise."""
        return bool(self._one("skip", actor, reason))  # type: ignore[attr-defined]

    def _written_to(self) -> str:
        return router.db_for_write(type(self), instance=self)
