"""A named line in which runs wait; every queue that was ever used has a row."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from django_tasks_fsm.core.names import QUEUE_NAME
from django_tasks_fsm.models.fields import ExactCharField

validate_queue_name = RegexValidator(
    rf"\A{QUEUE_NAME.pattern}\Z", _("A queue name has 1 to 64 letters, digits, dots, hyphens or underscores.")
)


class Queue(models.Model):
    """Tell whether a queue is served. A paused queue keeps its runs QUEUED; workers leave its lane out."""

    name = ExactCharField(_("name"), max_length=64, primary_key=True, validators=[validate_queue_name])
    paused_at = models.DateTimeField(_("paused since"), null=True, blank=True, editable=False)
    paused_by = models.CharField(_("paused by"), max_length=150, blank=True, editable=False)
    pause_reason = models.CharField(_("reason"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("queue")
        verbose_name_plural = _("queues")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name
