"""The audit: every change of state outside the ordinary queue, dispatch, done."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from django_tasks_fsm.models.run import TaskRun
from django_tasks_fsm.models.task import Task


class Transition(models.Model):
    """One event of one run or task: what, from where, by whom, why; written in the transaction that made the change."""

    run = models.ForeignKey(
        TaskRun, models.CASCADE, null=True, blank=True, related_name="transitions", verbose_name=_("run")
    )
    task = models.ForeignKey(
        Task, models.CASCADE, null=True, blank=True, related_name="transitions", verbose_name=_("task")
    )
    event = models.CharField(_("event"), max_length=16)
    from_state = models.CharField(_("from"), max_length=9)
    to_state = models.CharField(_("to"), max_length=9)
    at = models.DateTimeField(_("when"))
    attempt = models.PositiveIntegerField(_("attempt"), default=0)
    worker_id = models.UUIDField(_("worker"), null=True, blank=True)
    # Of the attempt that this event ended: the run itself keeps that of the last one only.
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    actor = models.CharField(_("by"), max_length=150)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    detail = models.JSONField(_("detail"), null=True, blank=True)

    class Meta:
        verbose_name = _("transition")
        verbose_name_plural = _("transitions")
        ordering = ("id",)
        constraints = (
            models.CheckConstraint(
                name="fsm_transition_of_one_row",
                condition=Q(run__isnull=False, task__isnull=True) | Q(run__isnull=True, task__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.from_state} --{self.event}--> {self.to_state}"
