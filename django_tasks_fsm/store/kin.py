"""Parents and children among runs: start a child, tell its parent of its end, stop it when the parent has ended.

The ends of runs look at none of this, so that the hot path pays nothing: ``sweep`` finds what is to be done.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from contextlib import suppress
from typing import Any

from django.db.models import F, Q

from django_tasks_fsm.core.mail import NoParent, RunHasEnded
from django_tasks_fsm.core.states import FINAL, RunState
from django_tasks_fsm.dialects.clock import DatabaseNow
from django_tasks_fsm.models import RunChild, TaskRun
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.mail import Letter, put, send
from django_tasks_fsm.models.message import Kind
from django_tasks_fsm.models.run_verbs import cancel
from django_tasks_fsm.models.transactions import in_transaction
from django_tasks_fsm.store.enqueue import Request
from django_tasks_fsm.store.notes import own
from django_tasks_fsm.store.start import enqueue_with_company

BATCH = 500
ENDED = [state.value for state in FINAL]


def start_child(parent: uuid.UUID, fence: int, name: str, request: Request, using: str) -> TaskRun:
    """Make a child, or return the one of that name that lives; raise OwnershipLost.

    ``request`` bears the key by which it is known.
    """

    def work() -> TaskRun:
        own(parent, fence, using)
        (run,) = enqueue_with_company([request], using)
        bond = {"parent_id": parent, "name": name, "closed_at": None}  # open again for one that was retried
        RunChild.objects.using(using).update_or_create(pk=run.pk, defaults=bond)
        return run

    return in_transaction(work, using)


def sweep(using: str, parents: Collection[uuid.UUID] | None = None) -> int:
    """Tell parents of children that have ended, and stop the children of those that have; return how many there were.

    ``parents`` narrows it down to these and their children. Any worker may do it at any time.
    """
    over = Q(run__state__in=ENDED) | Q(parent__state__in=ENDED, run__cancel_requested_at=None)
    bonds = RunChild.objects.using(using).filter(over, closed_at=None)
    if parents is not None:
        bonds = bonds.filter(parent_id__in=list(parents))
    open_bonds = bonds.annotate(state=F("run__state"), of_parent=F("parent__state")).order_by("pk")
    done = 0
    for pk, parent_id, state, of_parent in list(
        open_bonds.values_list("pk", "parent_id", "state", "of_parent")[:BATCH]
    ):
        if state in ENDED:
            done += in_transaction(lambda pk=pk: _close(pk, using), using)  # type: ignore[misc]
        else:
            reason = f"its parent {parent_id} ended as {of_parent}"
            in_transaction(lambda pk=pk, why=reason: cancel([pk], Actor.system(), why, using), using)  # type: ignore[misc]
            done += 1
    return done


def _close(child: uuid.UUID, using: str) -> bool:
    """Close the bond of an ended child and tell its parent, if that still lives, in one transaction."""
    bond = RunChild.objects.using(using).filter(pk=child, closed_at=None)
    row = bond.values_list("parent_id", "name", "run__state", "run__error").first()
    if row is None or RunState(row[2]) not in FINAL:
        return False
    parent, name, state, error = row
    # First the bond: of two that try, one waits here and then finds it closed.
    if not bond.update(closed_at=DatabaseNow()):
        return False
    told = {"state": state, "error": error}
    with suppress(RunHasEnded):  # nobody is left to be told
        put([Letter(parent, name or str(child), told, child, Kind.CLOSED)], using)
    return True


def tell_parent(child: uuid.UUID, name: str, payload: Any, using: str) -> None:
    """Leave a message for the run that has started this one."""
    parent = RunChild.objects.using(using).filter(pk=child).values_list("parent_id", flat=True).first()
    if parent is None:
        raise NoParent(child)
    send([Letter(parent, name, payload, child)], using)


def tell_children(parent: uuid.UUID, name: str, payload: Any, only: str, using: str) -> int:
    """Leave a message for the living children, or the one called ``only``, and return for how many."""
    found = [pk for called, pk in living(parent, using).items() if only in ("", called)]
    send([Letter(pk, name, payload, parent) for pk in found], using)
    return len(found)


def living(parent: uuid.UUID, using: str) -> dict[str, uuid.UUID]:
    """Return the children that have not ended, by name."""
    bonds = RunChild.objects.using(using).filter(parent_id=parent).exclude(run__state__in=ENDED)
    return dict(bonds.order_by("pk").values_list("name", "pk"))
