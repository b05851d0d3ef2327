"""Make runs of all kinds while everything around fails, and remember which of them were acknowledged."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from datetime import timedelta

from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone

from django_tasks_fsm.core import triggers
from django_tasks_fsm.core.triggers import Interval
from django_tasks_fsm.models import Task, TaskRun
from django_tasks_fsm.tasks_api import TaskResult
from tests.chaos import work
from tests.chaos.patience import patiently
from tests.chaos.worker import LEASE

EVERY = timedelta(seconds=0.5)
LONG = LEASE / 2
"""Seconds: shorter runs are seldom caught by a stop, and then their late outcomes are never put to the test."""
SCHEDULE = "chaos tick"
NAMES = ("red", "green", "blue")


class Workload:
    """One client of the app."""

    def __init__(self, trail: str, seed: int) -> None:
        self.trail = trail
        # A function that is atomic keeps SQLite's only write lock for as long as it runs.
        self.seconds_whole = 0.05 if connection.vendor == "sqlite" else LONG
        self.wanted: set[uuid.UUID] = set()
        """The runs whose enqueueing was acknowledged."""
        self.after: list[tuple[uuid.UUID, uuid.UUID]] = []
        self.last_words: dict[str, int] = {}
        self.refused = 0
        self._dice = random.Random(f"{seed} work")
        self._number = 0

    def begin(self) -> None:
        """Let the schedule fire from now on."""
        trigger = Interval(every=EVERY)
        task = Task(name=SCHEDULE, function=work.tick.module_path, args=[self.trail], catch_up="all")
        task.trigger, task.max_attempts = triggers.dump(trigger), 1000
        task.save()
        Task.objects.filter(name=SCHEDULE).reschedule(every=EVERY)

    def end(self) -> None:
        """Let the schedule rest."""
        patiently(Task.objects.filter(name=SCHEDULE).pause)

    def feed(self) -> None:
        """Make one run, or a few that belong together."""
        self._number += 1
        kinds: list[Callable[[], None]] = [
            self._plain, self._plain, self._whole, self._whole, self._coroutine, self._flaky, self._broken,
            self._narrow, self._pair, self._keyed,
        ]  # fmt: skip
        try:
            self._dice.choice(kinds)()
        except (DatabaseError, InterfaceError):
            # Longer away than the app is willing to wait: whether the run was made is anybody's guess.
            self.refused += 1
            connection.close()

    def _plain(self) -> None:
        self._note(work.plain.enqueue(self.trail, LONG))

    def _whole(self) -> None:
        self._note(work.whole.enqueue(self.trail, self.seconds_whole))

    def _coroutine(self) -> None:
        self._note(work.coroutine.enqueue(self.trail, LONG))

    def _flaky(self) -> None:
        self._note(work.flaky.enqueue(self.trail, LONG))

    def _broken(self) -> None:
        self._note(work.broken.enqueue(self.trail, LONG))

    def _narrow(self) -> None:
        self._note(work.narrow.enqueue(self.trail, LONG))

    def _pair(self) -> None:
        first = self._note(work.plain.enqueue(self.trail, LONG))
        then = self._note(work.plain.using(after=[first]).enqueue(self.trail, LONG / 2))
        self.after.append((first, then))

    def _keyed(self) -> None:
        name, number = self._dice.choice(NAMES), self._number
        self.last_words.pop(name, None)  # an answer that is lost leaves open which of the two calls was the last
        self._note(work.keyed.enqueue(self.trail, name, number))
        self.last_words[name] = number

    def _note(self, result: TaskResult) -> uuid.UUID:
        run_id = uuid.UUID(result.id)
        self.wanted.add(run_id)
        return run_id

    def unfinished(self) -> int:
        """Return how many runs have not ended."""
        ended = ("DONE", "FAILED", "CANCELLED", "SKIPPED", "ABORTED")
        return patiently(lambda: TaskRun.objects.exclude(state__in=ended).count())

    def hurry(self) -> None:
        """Let nothing wait any longer for having been lost several times, as a person may want it."""
        soon = timezone.now() + timedelta(seconds=1)
        waiting = TaskRun.objects.filter(state="PENDING", waiting_on=0, run_at__gt=soon)
        patiently(lambda: waiting.reschedule(timezone.now(), reason="the storm is over"))

    def overfull(self) -> int:
        """Return how many runs of the limited task are at work beyond its limit."""
        held = TaskRun.objects.filter(task__function=work.narrow.module_path, state="RUNNING")
        return max(0, patiently(held.count) - 2)
