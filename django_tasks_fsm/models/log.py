"""What a run has logged, a row for each line."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from django_tasks_fsm.models.run import TaskRun


class RunLog(models.Model):
    """One line of the log of a run.

    ``number`` counts the lines of a run from 1 over all its attempts; the first numbers are missing where the oldest
    lines have been left out. No foreign key in the database: adding lines would lock the row of the run.
    """

    run = models.ForeignKey(
        TaskRun, models.CASCADE, related_name="lines", db_constraint=False, db_index=False, verbose_name=_("run")
    )
    fence = models.BigIntegerField(_("fence"))
    number = models.BigIntegerField(_("number"))
    attempt = models.PositiveIntegerField(_("attempt"))
    at = models.DateTimeField(_("when"))
    level = models.PositiveSmallIntegerField(_("level"))
    logger = models.CharField(_("logger"), max_length=100, blank=True)
    message = models.TextField(_("message"), blank=True)
    size = models.PositiveIntegerField(_("bytes"))

    class Meta:
        verbose_name = _("line of a log")
        verbose_name_plural = _("lines of logs")
        constraints = (models.UniqueConstraint(fields=["run", "fence", "number"], name="fsm_log_once"),)

    def __str__(self) -> str:
        return self.message
