"""How far a service is: beside the hot table, and written at a measured pace."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from django_tasks_fsm.models.run import TaskRun


class ServiceTicks(models.Model):
    """Count the ticks of one service run; whoever takes it over goes on from here."""

    run = models.OneToOneField(TaskRun, models.CASCADE, primary_key=True, related_name="service")
    ticks = models.PositiveBigIntegerField(_("ticks"), default=0)
    last_tick_at = models.DateTimeField(_("last tick"), null=True, blank=True)
    # The slot that was done last, from which the grid goes on, and the one that is next.
    last_slot = models.DateTimeField(_("last slot"), null=True, blank=True)
    next_tick_at = models.DateTimeField(_("next tick"), null=True, blank=True)

    class Meta:
        verbose_name = _("ticks of a service")
        verbose_name_plural = _("ticks of services")

    def __str__(self) -> str:
        return str(self.ticks)
