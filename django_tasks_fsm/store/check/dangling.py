"""Rows that refer to rows that are gone: SQLite's own shell, and sessions that ask for it, delete past foreign keys."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import apps
from django.db.models import Exists, ForeignKey, Model, OuterRef
from django.utils.translation import gettext_lazy as _

from django_tasks_fsm.models import TaskRun
from django_tasks_fsm.store.check.invariant import MOST, Culprit, Each, Invariant, Look


def dangling(look: Look) -> Sequence[Culprit]:
    """Return the rows whose foreign keys lead nowhere, each with the key and what it holds."""
    found: list[Culprit] = []
    for model, key in _foreign_keys():
        there = Exists(key.related_model._base_manager.using(look.using).filter(pk=OuterRef(key.attname)))
        rows = model._base_manager.using(look.using).filter(~there, **{f"{key.attname}__isnull": False}).order_by()
        for pk, gone in rows.values_list("pk", key.attname)[: MOST + 1]:
            found.append(Culprit(model._meta.model_name or "", pk, {key.name: gone}))
    return found


def _foreign_keys() -> Iterator[tuple[type[Model], Any]]:
    for model in apps.get_app_config(TaskRun._meta.app_label).get_models():
        for field in model._meta.concrete_fields:
            # getattr, because the stubs do not know it.
            if isinstance(field, ForeignKey) and getattr(field, "db_constraint", True):
                yield model, field


RULES = (
    Invariant(
        "D901",
        _("What a row refers to is there."),
        _("It was deleted past the foreign keys: what waits for it waits for ever, and its pages fail."),
        _("Restore what is gone, or delete what refers to it; count anew for the run that had waited."),
        Each(dangling),
    ),
)
