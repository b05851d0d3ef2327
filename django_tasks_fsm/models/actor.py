"""Who caused a change."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Actor:
    """A user, a worker or the system; ``name`` is what the audit stores."""

    name: str
    worker_id: uuid.UUID | None = None

    @classmethod
    def system(cls) -> Actor:
        """Return the actor of changes that nobody asked for by hand."""
        return _SYSTEM

    @classmethod
    def user(cls, user: Any) -> Actor:
        """Return the actor for a Django user, by the name they log in with."""
        return cls(f"user:{user.get_username()}"[:150])

    @classmethod
    def worker(cls, worker_id: uuid.UUID) -> Actor:
        """Return the actor for a worker process."""
        return cls(f"worker:{worker_id}", worker_id)


_SYSTEM = Actor("system")
