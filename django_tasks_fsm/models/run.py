"""One execution of a task: the row that is claimed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from django_tasks_fsm.core.ids import new_run_id
from django_tasks_fsm.core.latency import latency
from django_tasks_fsm.core.limits import Place
from django_tasks_fsm.core.states import FINAL, RunState
from django_tasks_fsm.exceptions import RunFailed
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.company import RunCompany
from django_tasks_fsm.models.fields import ExactCharField, StateField
from django_tasks_fsm.models.fsm import RunFSM
from django_tasks_fsm.models.indexes import PartialIndex, UniqueWhenSet
from django_tasks_fsm.models.making import RunMaking
from django_tasks_fsm.models.querysets import Report, TaskRunQuerySet
from django_tasks_fsm.models.repairing import RunRepairing
from django_tasks_fsm.models.requiring import RunRequiring
from django_tasks_fsm.models.task import Task
from django_tasks_fsm.models.waiting import wait_until_final
from django_tasks_fsm.models.words import PLACE_WORDS, RUN_STATE_WORDS
from django_tasks_fsm.models.worker import Worker

if TYPE_CHECKING:
    from django_tasks_fsm.store.gates.record import Explanation

FINAL_STATES = [state.value for state in RunState if state in FINAL]
TROUBLED = [RunState.FAILED.value, RunState.CANCELLED.value, RunState.SKIPPED.value, RunState.ABORTED.value]


class TaskRun(RunFSM, RunMaking, RunRequiring, RunRepairing, RunCompany):
    """The unit of work.

    ``fence`` is raised by one at every claim and never reset; every write of a worker is guarded by it. ``attempt``
    only counts. ``worker`` stays after the end: it is the last one. ``key`` is emptied when the run ends;
    ``given_key`` remembers it.
    """

    machine_fields = (
        "state", "queue", "run_at", "waiting_on", "attempt", "fence", "worker", "started_at", "finished_at", "result",
        "error", "key", "cancel_requested_at", "pause_requested_at", "progress", "limited", "line", "paced_at",
    )  # fmt: skip

    id = models.UUIDField(primary_key=True, default=new_run_id, editable=False)
    task = models.ForeignKey(Task, models.PROTECT, related_name="runs", db_index=False, verbose_name=_("task"))
    state = StateField(
        _("state"), max_length=9, choices=RUN_STATE_WORDS, default=RunState.PENDING.value, editable=False
    )
    label = models.CharField(_("label"), max_length=100, blank=True)
    queue = ExactCharField(_("queue"), max_length=64, default="default")
    priority = models.SmallIntegerField(_("priority"), default=0)
    run_at = models.DateTimeField(_("due"), default=timezone.now)
    scheduled_for = models.DateTimeField(_("slot"), null=True, blank=True)
    stands_for = models.PositiveIntegerField(_("slots it stands for"), default=1)
    waiting_on = models.PositiveIntegerField(_("unmet prerequisites"), default=0)
    attempt = models.PositiveIntegerField(_("attempt"), default=0)
    fence = models.BigIntegerField(_("fence"), default=0)
    worker = models.ForeignKey(
        Worker, models.DO_NOTHING, null=True, blank=True, related_name="runs", db_constraint=False, db_index=False,
        verbose_name=_("worker"),
    )  # fmt: skip
    enqueued_at = models.DateTimeField(_("enqueued"), default=timezone.now)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    args = models.JSONField(_("arguments"), default=list)
    kwargs = models.JSONField(_("keyword arguments"), default=dict)
    result = models.JSONField(_("result"), null=True, blank=True)
    error = models.CharField(_("error"), max_length=300, blank=True)
    graph = models.UUIDField(_("graph"), null=True, blank=True)
    # Null, not empty: NULLs are distinct in a unique index on every vendor.
    key = ExactCharField(_("unique key"), max_length=200, null=True, blank=True)
    # Not indexed, and written once: a retry takes the key back from here.
    given_key = ExactCharField(_("key it was given"), max_length=200, null=True, blank=True, editable=False)
    concurrency_key = ExactCharField(_("concurrency key"), max_length=200, null=True, blank=True, editable=False)
    # Whether it stands in line before it is queued; then where it stands (core/limits.py), and when it began last, for
    # tasks with a rate. Runs without limits never change them, nor an index on them.
    limited = models.BooleanField(_("limited"), default=False, db_default=False, editable=False)
    line = models.SmallIntegerField(
        _("place in line"), choices=PLACE_WORDS, default=Place.OUTSIDE.value, db_default=Place.OUTSIDE.value,
        editable=False,
    )  # fmt: skip
    paced_at = models.DateTimeField(_("last start"), null=True, blank=True, editable=False)
    cancel_requested_at = models.DateTimeField(_("cancel requested"), null=True, blank=True)
    pause_requested_at = models.DateTimeField(_("pause requested"), null=True, blank=True)
    progress = models.PositiveSmallIntegerField(_("progress"), null=True, blank=True)

    objects = TaskRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        permissions = (
            ("cancel_run", _("Can cancel and abort runs")),
            ("retry_run", _("Can retry and reschedule runs")),
            ("resolve_run", _("Can give results in place of runs")),
            ("view_payload", _("Can see arguments and results")),
        )
        indexes = (
            # Exactly the claim's WHERE and ORDER BY: otherwise every claim sorts all that is ready.
            PartialIndex(
                fields=["queue", "-priority", "run_at", "id"],
                name="fsm_run_claim",
                where=Q(state=RunState.QUEUED.value),
                leading=("state",),
            ),
            PartialIndex(
                fields=["run_at"],
                name="fsm_run_due",
                where=Q(state=RunState.PENDING.value, waiting_on=0, line=Place.OUTSIDE.value),
                leading=("state", "waiting_on", "line"),
            ),
            PartialIndex(
                fields=["line", "task", "-priority", "run_at", "id"],
                name="fsm_run_line",
                where=Q(line__gt=Place.OUTSIDE.value),
            ),
            PartialIndex(
                fields=["concurrency_key", "line", "-priority", "run_at", "id"],
                name="fsm_run_line_of_key",
                where=Q(line__gt=Place.OUTSIDE.value, concurrency_key__isnull=False),
            ),
            PartialIndex(fields=["task", "paced_at"], name="fsm_run_paced", where=Q(paced_at__isnull=False)),
            PartialIndex(
                fields=["worker"],
                name="fsm_run_held",
                where=Q(state=RunState.RUNNING.value),
                leading=("state",),
            ),
            PartialIndex(fields=["state", "finished_at"], name="fsm_run_troubled", where=Q(state__in=TROUBLED)),
            PartialIndex(fields=["graph"], name="fsm_run_graph", where=Q(graph__isnull=False)),
            models.Index(fields=["task", "id"], name="fsm_run_task"),
        )
        constraints = (
            UniqueWhenSet(fields=["task", "scheduled_for"], when_set="scheduled_for", name="fsm_run_once_per_slot"),
            UniqueWhenSet(fields=["key"], when_set="key", name="fsm_run_key"),
            models.CheckConstraint(name="fsm_run_state_known", condition=Q(state__in=[s.value for s in RunState])),
            models.CheckConstraint(
                name="fsm_run_final_iff_finished",
                condition=Q(state__in=FINAL_STATES, finished_at__isnull=False)
                | (~Q(state__in=FINAL_STATES) & Q(finished_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="fsm_run_line_fits_state",
                condition=Q(line=Place.OUTSIDE.value)
                | Q(limited=True, line=Place.IN_LINE.value, state=RunState.PENDING.value)
                | Q(limited=True, line=Place.HELD.value, state__in=[RunState.QUEUED.value, RunState.RUNNING.value]),
            ),
            models.CheckConstraint(name="fsm_run_priority_range", condition=Q(priority__gte=-100, priority__lte=100)),
            models.CheckConstraint(
                name="fsm_run_held_by_worker",
                condition=~Q(state=RunState.RUNNING.value) | Q(worker__isnull=False, started_at__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.task} {self.label or str(self.pk)[-12:]}"

    @property
    def is_final(self) -> bool:
        """Tell whether the run had ended when this instance was read."""
        return self.state in FINAL

    def cancel(self, *, actor: Actor = Actor.system(), reason: str = "") -> bool:
        """End the run before it starts, or ask a RUNNING one to stop. Return False when neither was possible."""
        return self._one("cancel", actor, reason)

    def cancel_chain(self, *, actor: Actor = Actor.system(), reason: str = "") -> Report:
        """Cancel the run and all others of its key, as ``cancel`` does: none is left to be rescheduled."""
        runs = type(self).objects.all()
        chain = runs.keyed(self.given_key).values_list("pk", flat=True) if self.given_key else ()
        report = runs.filter(pk__in=[self.pk, *chain]).cancel(actor=actor, reason=reason)
        self.refresh_from_db()
        return report

    def abort(self, *, actor: Actor = Actor.system(), reason: str = "") -> bool:
        """End the run for good; a worker that still holds it loses by the fence. Return False if it had ended well."""
        return self._one("abort", actor, reason)

    def retry(self, *, actor: Actor = Actor.system(), reason: str = "") -> bool:
        """Run a FAILED, CANCELLED or SKIPPED run again, attempts counted afresh.

        Return False in other states, and while another unfinished run bears its key.
        """
        return self._one("retry", actor, reason)

    def prepared(self, *, actor: Actor = Actor.system(), reason: str = "") -> bool:
        """Let a run in PREPARE go. Return False in any other state."""
        return self._one("prepared", actor, reason)

    def reschedule(self, at: datetime, *, actor: Actor = Actor.system(), reason: str = "") -> bool:
        """Move a waiting run to another time. Return False when it is running or has ended."""
        moved = type(self).objects.filter(pk=self.pk).reschedule(at, actor=actor, reason=reason).moved
        self.refresh_from_db()
        return bool(moved)

    def explain(self) -> Explanation:
        """Say whether it could start at this moment, and what holds it up; looks at the row anew."""
        from django_tasks_fsm.store.explain import explain_run

        return explain_run(self)

    def _one(self, verb: str, actor: Actor, reason: str) -> bool:
        report = getattr(type(self).objects.filter(pk=self.pk), verb)(actor=actor, reason=reason)
        self.refresh_from_db()
        return bool(report.moved or report.asked)

    def wait(self, timeout: float) -> Any:
        """Block until the run has ended and return its result; look again every few milliseconds, ever more seldom.

        Raise RunFailed when it ended in any state but DONE, and WaitTimeout after ``timeout`` seconds. Do not call it
        in a transaction: the change would not become visible.
        """
        wait_until_final(self, timeout)
        if self.state != RunState.DONE:
            raise RunFailed(self.pk, self.state, self.error)
        return self.result

    @property
    def latency(self) -> timedelta | None:
        """Return how long after its due time this attempt started; None before it has."""
        return latency(self.state, self.run_at, self.started_at)

    def history(self) -> list[tuple[str, datetime]]:
        """Return what the row's own timestamps tell, as (word, when); transitions hold the rest."""
        moments = [("enqueued", self.enqueued_at), ("started", self.started_at), ("finished", self.finished_at)]
        return [(word, when) for word, when in moments if when is not None]
