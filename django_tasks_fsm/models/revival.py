"""Give ended runs a new life, each with the key that it bore in the old one."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F

from django_tasks_fsm.core.states import FINAL
from django_tasks_fsm.models.run import TaskRun
from django_tasks_fsm.models.run_verbs import move_runs
from django_tasks_fsm.models.transitions import Change, Moved, batches

KEY_TRIES = 3


@dataclass(frozen=True, slots=True)
class KeyHeld:
    """A run that was not retried, because another unfinished one bears its key."""

    run: uuid.UUID
    key: str
    bearer: uuid.UUID


def revive(pks: Sequence[Any], change: Change, using: str) -> tuple[tuple[Moved, ...], Mapping[Any, KeyHeld]]:
    """Retry what has ended; return the moved ones, and those whose key another unfinished run bears, by id.

    The event ``retry`` is also a worker's, so RUNNING rows are kept out here.
    """
    change = replace(change, only_from=tuple(FINAL))
    keys = _given_keys(pks, using)
    moved = move_runs([pk for pk in pks if pk not in keys], change, using)
    held: dict[Any, KeyHeld] = {}
    # In the order of their ids: of two that were given the same key, the older one gets it.
    for pk in sorted(keys):
        won = _with_key(pk, keys[pk], change, using)
        if isinstance(won, KeyHeld):
            held[pk] = won
        else:
            moved += won
    return moved, held


def _given_keys(pks: Sequence[Any], using: str) -> dict[Any, str]:
    keys: dict[Any, str] = {}
    for some in batches(pks):
        rows = TaskRun.objects.using(using).filter(pk__in=some, given_key__isnull=False)
        keys |= {pk: key for pk, key in rows.values_list("pk", "given_key") if key is not None}
    return keys


def _with_key(pk: Any, key: str, change: Change, using: str) -> tuple[Moved, ...] | KeyHeld:
    # The unique index decides; a look beforehand would be wrong a moment later.
    for tries_left in reversed(range(KEY_TRIES)):
        try:
            with transaction.atomic(using=using):
                return move_runs([pk], replace(change, values={"key": F("given_key")}), using)
        except IntegrityError:
            bearer = TaskRun.objects.using(using).filter(key=key).values_list("pk", flat=True).first()
            if bearer is not None:
                return KeyHeld(pk, key, bearer)
            # It has ended since, and the key is free again.
            if not tries_left:
                raise
    raise AssertionError("unreachable: the last try returns or raises")
