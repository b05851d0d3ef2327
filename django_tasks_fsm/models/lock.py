"""Rows that stand for something to lock: a graph of edges has no row of its own."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from django_tasks_fsm.models.fields import ExactCharField


class Lock(models.Model):
    """Be locked by whoever must do something alone, for the length of a transaction; made when first needed."""

    name = ExactCharField(_("name"), max_length=64, primary_key=True)

    class Meta:
        verbose_name = _("lock")
        verbose_name_plural = _("locks")

    def __str__(self) -> str:
        return self.name
