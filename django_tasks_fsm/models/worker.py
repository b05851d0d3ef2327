"""A running ``manage.py runworker``: who may hold runs, and whether it still lives."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from django_tasks_fsm import conf


class Worker(models.Model):
    """One process start. The id is new at every start, so a worker that comes back never owns its former runs."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=100)
    host = models.CharField(_("host"), max_length=255, blank=True)
    pid = models.PositiveIntegerField(_("process id"), default=0)
    queues = models.JSONField(_("queues"), default=list)
    excluded_queues = models.JSONField(_("excluded queues"), default=list)
    concurrency = models.PositiveIntegerField(_("concurrency"), default=1)
    started_at = models.DateTimeField(_("started"))
    heartbeat_at = models.DateTimeField(_("last heartbeat"), db_index=True)
    stopped_at = models.DateTimeField(_("stopped"), null=True, blank=True)

    class Meta:
        verbose_name = _("worker")
        verbose_name_plural = _("workers")
        ordering = ("-heartbeat_at",)

    def __str__(self) -> str:
        return self.name

    @property
    def silence(self) -> timedelta:
        """Return the time since the last heartbeat, by this host's clock."""
        return timezone.now() - self.heartbeat_at

    @property
    def is_alive(self) -> bool:
        """Tell whether the worker has neither stopped nor been silent for longer than the lease."""
        return self.stopped_at is None and self.silence <= conf.options().lease
