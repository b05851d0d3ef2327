"""Which run was started by which: rows for children only, so that all other runs pay nothing."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from django_tasks_fsm.models.indexes import PartialIndex
from django_tasks_fsm.models.run import TaskRun


class RunChild(models.Model):
    """The bond between a child and its parent; open until the parent has been told of the child's end."""

    run = models.OneToOneField(TaskRun, models.CASCADE, primary_key=True, related_name="bond", verbose_name=_("child"))
    parent = models.ForeignKey(TaskRun, models.CASCADE, related_name="bonds", verbose_name=_("parent"))
    name = models.CharField(_("name"), max_length=160, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    class Meta:
        verbose_name = _("child run")
        verbose_name_plural = _("child runs")
        ordering = ("run",)
        indexes = (
            PartialIndex(fields=["run"], name="fsm_child_open", where=Q(closed_at=None), leading=("closed_at",)),
        )

    def __str__(self) -> str:
        return self.name or str(self.run_id)
