"""A running ``manage.py runworker``: who may hold runs, and whether it still lives."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from django_tasks_fsm import conf


class Worker(models.Model):
    """One process start. The id is new at every start, so a worker that comes back never owns its former runs.

    ``concurrency`` is what it has; ``desired_concurrency`` and ``paused_at`` are what people want of it, and what it
    learns at its next heartbeat. ``reserved`` holds pairs of a priority and how many slots are kept for it and above.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=100)
    host = models.CharField(_("host"), max_length=255, blank=True)
    pid = models.PositiveIntegerField(_("process id"), default=0)
    queues = models.JSONField(_("queues"), default=list)
    excluded_queues = models.JSONField(_("excluded queues"), default=list)
    concurrency = models.PositiveIntegerField(_("concurrency"), default=1)
    desired_concurrency = models.PositiveIntegerField(_("desired concurrency"), null=True, blank=True, editable=False)
    reserved = models.JSONField(_("reserved slots"), default=list, db_default=[], editable=False)
    queue_concurrency = models.JSONField(_("concurrency of queues"), default=dict, db_default={}, editable=False)
    paused_at = models.DateTimeField(_("paused since"), null=True, blank=True, editable=False)
    paused_by = models.CharField(_("paused by"), max_length=150, blank=True, default="", db_default="", editable=False)
    pause_reason = models.CharField(_("reason"), max_length=500, blank=True, default="", db_default="", editable=False)
    saturated_since = models.DateTimeField(_("saturated since"), null=True, blank=True, editable=False)
    rss = models.PositiveBigIntegerField(_("memory in bytes"), null=True, blank=True, editable=False)
    lanes = models.JSONField(_("runs by executor"), default=dict, db_default={}, editable=False)
    versions = models.JSONField(_("versions"), default=dict, db_default={}, editable=False)
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

    @property
    def is_paused(self) -> bool:
        """Tell whether it should start nothing."""
        return self.paused_at is not None

    @property
    def is_serving(self) -> bool:
        """Tell whether it lives and starts runs."""
        return self.is_alive and not self.is_paused

    @property
    def is_saturated(self) -> bool:
        """Tell whether it lives and does not keep up: no slot is free, and runs of its queues are late."""
        return self.is_alive and self.saturated_since is not None

    @property
    def kept_slots(self) -> int:
        """Return how many of its slots are reserved."""
        pairs = self.reserved if isinstance(self.reserved, list) else []
        return sum(pair[1] for pair in pairs if isinstance(pair, list) and len(pair) == 2)
