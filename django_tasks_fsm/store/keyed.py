"""Make a run whose key another one may bear: what then happens is the policy of the request."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from django.db import IntegrityError, connections, transaction

from django_tasks_fsm.core.keys import FOLLOWING, OnKey
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.exceptions import KeyTaken
from django_tasks_fsm.models import TaskRun
from django_tasks_fsm.models.cascade import WAITING
from django_tasks_fsm.models.keyed import runs_of
from django_tasks_fsm.models.settling import lock_in_order
from django_tasks_fsm.store.following import behind, forerunners, give_way, hand_over
from django_tasks_fsm.store.locks import RUN_EDGES, hold
from django_tasks_fsm.store.replacing import replaced

if TYPE_CHECKING:
    from django_tasks_fsm.store.enqueue import Request

KEY_TRIES = 20

Insert = Callable[["Request"], TaskRun]


def with_key(request: Request, insert: Insert, using: str) -> TaskRun:
    """Return what ``insert`` makes of a request with a key, or the unfinished run that bears it, as ``on_key`` says.

    Needs an open transaction. The unique index decides who bears a key; where that one is changed, its row is locked.
    Raise KeyTaken.
    """
    if request.on_key is OnKey.REPLACE and request.prerequisites:
        hold(RUN_EDGES, using)  # before any row is locked, in the order of everybody who adds edges
    for_alias(using).lock_for_writing(connections[using].ops.quote_name(TaskRun._meta.db_table))
    for tries_left in reversed(range(KEY_TRIES)):
        bearer = _bearer(request, using)
        if bearer is not None and (bearer.pk == request.id or request.on_key is OnKey.RETURN):
            return bearer  # of this very request it is where the answer to a COMMIT was lost
        if bearer is not None and (kept := _kept(bearer, request, using)) is not None:
            return kept
        try:
            with transaction.atomic(using=using):
                return insert(_next(bearer, request, using))
        except IntegrityError:
            # Somebody enqueued the same key a moment ago; if that run has ended since, the key is free again.
            if not tries_left:
                raise
    raise AssertionError("unreachable: the last try returns or raises")


def keeps(request: Request, using: str) -> bool:
    """Tell whether there is a run that the request would get instead of a new one, as it looks without a lock."""
    if request.key is None or request.on_key is OnKey.RECREATE:
        return False
    bearers = TaskRun.objects.using(using).filter(key=request.key)
    if request.on_key in FOLLOWING:
        bearers = bearers.exclude(state=RunState.RUNNING.value)
    return bearers.exists()


def _bearer(request: Request, using: str) -> TaskRun | None:
    rows = TaskRun.objects.using(using)
    if request.on_key not in FOLLOWING:
        return rows.filter(key=request.key).first()
    for _ in range(KEY_TRIES):
        pk = rows.filter(key=request.key).values_list("pk", flat=True).first()
        if pk is None:
            return None
        # By primary key, not along the index of the keys, and with what else will be locked: otherwise this would meet
        # whoever ends one of them crosswise.
        lock_in_order({pk, *_beside(request, using)}, using)
        locked = rows.filter(pk=pk).select_for_update().first()
        if locked is not None and locked.key == request.key:
            return locked
    return None


def _beside(request: Request, using: str) -> Iterable[uuid.UUID]:
    if request.on_key is OnKey.RECREATE:
        return runs_of(str(request.key), using)
    return [awaited.run for awaited in request.prerequisites] if request.on_key is OnKey.REPLACE else ()


def _kept(bearer: TaskRun, request: Request, using: str) -> TaskRun | None:
    if request.on_key is OnKey.RAISE:
        raise KeyTaken(str(request.key), bearer.pk, bearer.state)
    if request.on_key is OnKey.RECREATE or bearer.state not in WAITING:
        return None
    return bearer if request.on_key is OnKey.COLLAPSE else replaced(bearer, request, using)


def _next(bearer: TaskRun | None, request: Request, using: str) -> Request:
    """Return the request, made to wait for what of its key is still going."""
    if request.on_key not in FOLLOWING:
        return request
    before = forerunners(bearer, str(request.key), using)
    if bearer is not None and bearer.state == RunState.RUNNING:
        hand_over(bearer, request.id, using)
    if request.on_key is OnKey.RECREATE:
        give_way(bearer, before, request.asker, using)
    return behind(request, before)
