"""What somebody tells a run while it lives."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from django_tasks_fsm.models.indexes import PartialIndex
from django_tasks_fsm.models.run import TaskRun


class Kind(models.TextChoices):
    """Who wrote a message: a person's or a project's code, or the engine about a child."""

    MESSAGE = "message", _("message")
    CLOSED = "closed", _("a child has ended")


class Message(models.Model):
    """One message to one run, delivered in the order of its number; kept, delivered or not, as long as the run is."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    run = models.ForeignKey(
        TaskRun, models.CASCADE, related_name="messages", db_index=False, verbose_name=_("receiver")
    )
    # As a worker, a sender may be gone before its message is.
    sender = models.ForeignKey(
        TaskRun, models.DO_NOTHING, null=True, blank=True, related_name="+", db_constraint=False, db_index=False,
        verbose_name=_("sender"),
    )  # fmt: skip
    number = models.PositiveIntegerField(_("number"))
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices, default=Kind.MESSAGE.value)
    name = models.CharField(_("name"), max_length=100)
    payload = models.JSONField(_("payload"), null=True, blank=True)
    sent_at = models.DateTimeField(_("sent"))
    delivered_at = models.DateTimeField(_("delivered"), null=True, blank=True)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ("run", "number")
        indexes = (PartialIndex(fields=["run", "number"], name="fsm_message_waits", where=models.Q(delivered_at=None)),)
        constraints = (models.UniqueConstraint(fields=["run", "number"], name="fsm_message_number"),)

    def __str__(self) -> str:
        return f"{self.name} #{self.number}"
