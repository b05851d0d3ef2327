"""What a run may carry besides its row: rare or big, so it lives beside the hot table."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from django_tasks_fsm.models.run import TaskRun


class RunDetail(models.Model):
    """Hold the progress, metadata and log of one run; made at the first write of any of them."""

    run = models.OneToOneField(TaskRun, models.CASCADE, primary_key=True, related_name="detail")
    progress_done = models.BigIntegerField(_("steps done"), default=0)
    progress_total = models.BigIntegerField(_("steps in all"), null=True)
    progress_note = models.CharField(_("note"), max_length=200, blank=True)
    metadata = models.JSONField(_("metadata"), default=dict)
    log = models.TextField(_("log"), blank=True)

    class Meta:
        verbose_name = _("run detail")
        verbose_name_plural = _("run details")

    def __str__(self) -> str:
        return f"{self.progress_done}/{self.progress_total or '?'} {self.progress_note}".strip()
