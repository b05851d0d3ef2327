"""A named line in which runs wait; every queue that was ever used has a row."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from django_tasks_fsm.core.names import QUEUE_NAME
from django_tasks_fsm.dialects.clock import DatabaseNow
from django_tasks_fsm.models.fields import ExactCharField

validate_queue_name = RegexValidator(
    rf"\A{QUEUE_NAME.pattern}\Z", _("A queue name has 1 to 64 letters, digits, dots, hyphens or underscores.")
)


def shut() -> Q:
    """Return the condition that a queue is paused at this moment, by the database's clock."""
    return Q(paused_at__isnull=False) & (Q(paused_until=None) | Q(paused_until__gt=DatabaseNow()))


class Queue(models.Model):
    """Tell whether a queue is served. A paused queue keeps its runs QUEUED; workers leave its lane out.

    A pause ends by itself at ``paused_until``, and leaves the row as it is.
    """

    name = ExactCharField(_("name"), max_length=64, primary_key=True, validators=[validate_queue_name])
    paused_at = models.DateTimeField(_("paused since"), null=True, blank=True, editable=False)
    paused_by = models.CharField(_("paused by"), max_length=150, blank=True, editable=False)
    paused_until = models.DateTimeField(_("paused until"), null=True, blank=True, editable=False)
    pause_reason = models.CharField(_("reason"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("queue")
        verbose_name_plural = _("queues")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @property
    def is_paused(self) -> bool:
        """Tell whether workers leave it out, by this host's clock."""
        return self.paused_at is not None and (self.paused_until is None or self.paused_until > timezone.now())
