"""Leave a message for a run. Each step is safe to repeat: the ids of the messages are made before."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connections

from django_tasks_fsm import conf
from django_tasks_fsm.core.mail import QueueFull, RunHasEnded
from django_tasks_fsm.core.payload import checked
from django_tasks_fsm.core.states import FINAL, RunState
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.dialects.clock import DatabaseNow
from django_tasks_fsm.models.message import Kind, Message
from django_tasks_fsm.models.run import TaskRun
from django_tasks_fsm.models.settling import wake
from django_tasks_fsm.models.transactions import in_transaction

LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Letter:
    """What is told to whom; checked when it is made, with the ValueError or UnstorablePayload that says what is wrong.

    A letter of the engine (``closed``) finds room in a full queue: there is one for each child at most.
    """

    run: uuid.UUID
    name: str
    payload: Any = None
    sender: uuid.UUID | None = None
    kind: Kind = Kind.MESSAGE
    id: uuid.UUID = field(default_factory=uuid.uuid4)

    def __post_init__(self) -> None:
        name: Any = self.name
        if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
            raise ValueError(f"The name of a message has 1 to {LONGEST_NAME} printable characters, not {name!r}.")
        object.__setattr__(self, "payload", checked(self.payload, "payload", conf.options().max_payload_bytes))


def send(letters: Sequence[Letter], using: str) -> None:
    """Store all letters or none; raise RunHasEnded, or QueueFull when too many wait already, for the first such run."""
    in_transaction(lambda: put(letters, using), using)


def put(letters: Sequence[Letter], using: str) -> None:
    """Do as ``send`` within a transaction. Receivers are locked in key order, so their numbers have no gaps."""
    for_alias(using).lock_for_writing(connections[using].ops.quote_name(TaskRun._meta.db_table))
    rows = TaskRun.objects.using(using).filter(pk__in={letter.run for letter in letters}).order_by("pk")
    found = {pk: (state, queue) for pk, state, queue in rows.select_for_update().values_list("pk", "state", "queue")}
    for letter in letters:
        state = found.get(letter.run, ("", ""))[0]
        if not state or RunState(state) in FINAL:
            raise RunHasEnded(letter.run, state)
        _insert(letter, using)
    wake({queue for _, queue in found.values()}, using)


def _insert(letter: Letter, using: str) -> None:
    messages = Message.objects.using(using)
    if messages.filter(pk=letter.id).exists():  # the answer to a commit was lost
        return
    most = conf.options().max_messages
    if letter.kind is Kind.MESSAGE and messages.filter(run_id=letter.run, delivered_at=None).count() >= most:
        raise QueueFull(letter.run, most)
    last = messages.filter(run_id=letter.run).order_by("-number").values_list("number", flat=True).first()
    messages.create(
        id=letter.id,
        run_id=letter.run,
        sender_id=letter.sender,
        number=(last or 0) + 1,
        kind=letter.kind.value,
        name=letter.name,
        payload=letter.payload,
        sent_at=DatabaseNow(),
    )


def waiting(run_ids: Collection[uuid.UUID], using: str) -> set[uuid.UUID]:
    """Return those of the runs for which messages wait."""
    if not run_ids:
        return set()
    rows = Message.objects.using(using).filter(run_id__in=run_ids, delivered_at=None)
    return set(rows.order_by().values_list("run_id", flat=True).distinct())
