"""What a running function may say to its parent and its children, and hear from whoever writes to it."""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async

from django_tasks_fsm.composition import Step, called
from django_tasks_fsm.core.mail import Received
from django_tasks_fsm.core.outcomes import Claim
from django_tasks_fsm.declare import FSMTask
from django_tasks_fsm.tasks_api import InvalidTask

if TYPE_CHECKING:
    from django_tasks_fsm.results import FSMTaskResult

ASK_EVERY = 1.0
"""Seconds between two questions of ``messages`` to the database, once there was nothing to tell."""
LONGEST_NAME = 100


class Kinship:
    """The verbs of RunContext for messages, parent and children."""

    _claim: Claim
    _using: str
    stop_reason: str

    release_reason = ""
    """Why the worker wants a service back; it gets the run of others when it ends."""
    has_children = False
    _asked_at = 0.0

    @property
    def stopping(self) -> bool:
        """Tell whether the run should come to an end: asked to stop, or a service whose worker stops."""
        return bool(self.stop_reason or self.release_reason)

    def messages(self) -> Iterator[Received]:
        """Give the messages that wait, oldest first; each counts as delivered when it is given. Raise OwnershipLost.

        When there was none, the database is asked again after a second.
        """
        from django_tasks_fsm.store import inbox

        while time.monotonic() - self._asked_at >= ASK_EVERY:
            message: Received | None = inbox.take(self._claim.id, self._claim.fence, self._using)
            if message is None:
                self._asked_at = time.monotonic()
                return
            yield message

    async def amessages(self) -> AsyncIterator[Received]:
        """See messages."""
        waiting = self.messages()
        while (message := await sync_to_async(lambda: next(waiting, None))()) is not None:
            yield message

    def send_to_parent(self, name: str, payload: Any = None) -> None:
        """Leave a message for the run that has started this one; raise NoParent, RunHasEnded, QueueFull."""
        from django_tasks_fsm.store import kin

        kin.tell_parent(self._claim.id, name, payload, self._using)

    def send_to_children(self, name: str, payload: Any = None, *, child: str = "") -> int:
        """Leave a message for the children that live, or for the one called ``child``; return for how many.

        All get it or none: raise QueueFull when too many wait for one of them.
        """
        from django_tasks_fsm.store import kin

        return kin.tell_children(self._claim.id, name, payload, child, self._using)

    def start_child(self, task: FSMTask | Step, *args: Any, key: str = "", **kwargs: Any) -> FSMTaskResult:
        """Start a run that is stopped when this one has ended; return the child called ``key`` if it lives already.

        Without a key a task has one child. Its end comes back as a message of the kind ``closed``. Arguments called
        ``key`` are passed by ``task.step(...)``. Raise OwnershipLost.
        """
        step = called(task, args, kwargs)
        name = key or step.task.module_path[-LONGEST_NAME:]
        if len(name) > LONGEST_NAME or not name.isprintable():
            raise ValueError(f"key must have at most {LONGEST_NAME} printable characters, not {key!r}.")
        backend: Any = step.task.get_backend()
        if not hasattr(backend, "start_child"):
            raise InvalidTask(f"Backend {step.task.backend!r} cannot start a child: it is not one of django_tasks_fsm.")
        self.has_children = True
        child: FSMTaskResult = backend.start_child(step, name, self._claim.id, self._claim.fence)
        return child

    def children(self) -> dict[str, uuid.UUID]:
        """Return the children that live, by their keys."""
        from django_tasks_fsm.store import kin

        return kin.living(self._claim.id, self._using)

    async def asend_to_parent(self, name: str, payload: Any = None) -> None:
        """See send_to_parent."""
        await sync_to_async(self.send_to_parent)(name, payload)

    async def asend_to_children(self, name: str, payload: Any = None, *, child: str = "") -> int:
        """See send_to_children."""
        return await sync_to_async(self.send_to_children)(name, payload, child=child)

    async def astart_child(self, task: FSMTask | Step, *args: Any, **kwargs: Any) -> FSMTaskResult:
        """See start_child."""
        return await sync_to_async(self.start_child)(task, *args, **kwargs)

    async def achildren(self) -> dict[str, uuid.UUID]:
        """See children."""
        return await sync_to_async(self.children)()
