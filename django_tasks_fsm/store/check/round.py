"""Ask all rules, and those that seem broken once more: a live system must not cause a false alarm.

Each rule is one statement, or several that are confirmed by one, and each statement sees one state of the database on
every vendor. So no transaction is held open for the length of the check: on a big database that would keep vacuum, or a
checkpoint, waiting.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from django.db.models import Q

from django_tasks_fsm import conf
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.models import Worker
from django_tasks_fsm.store.check.invariant import MOST, Culprit, Invariant, Look, Where
from django_tasks_fsm.store.workers import living

AGAIN_AFTER = 1.0
"""Seconds between the two looks."""

_never = threading.Event()


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that is broken, and by whom; ``more`` says that there are others."""

    invariant: Invariant
    culprits: Sequence[Culprit]
    more: bool = False


@dataclass(slots=True)
class Report:
    """What a check has found, and the seconds that it took, by the codes that were asked together."""

    findings: list[Finding] = field(default_factory=list)
    seconds: dict[tuple[str, ...], float] = field(default_factory=dict)

    @property
    def broken(self) -> list[Finding]:
        """Return the findings that are more than a note."""
        return [one for one in self.findings if not one.invariant.is_note]


def check(rules: Collection[Invariant], using: str, again_after: float = AGAIN_AFTER) -> Report:
    """Return what breaks the rules, and still does so after a moment; changes and locks nothing."""
    report, look = Report(), look_at(using)
    suspects: list[tuple[Invariant, Sequence[Culprit]]] = []
    for some in _groups(rules):
        began = time.monotonic()
        suspects += _suspects(some, look)
        report.seconds[tuple(rule.code for rule in some)] = time.monotonic() - began
    if suspects:
        _never.wait(again_after)
        look = look_at(using)
    for rule, first in sorted(suspects, key=lambda suspect: suspect[0].code):
        if still := _still(rule, first, look):
            report.findings.append(Finding(rule, still[:MOST], len(first) > MOST))
    return report


def look_at(using: str) -> Look:
    """Return what a look that begins now goes by."""
    now, lease = for_alias(using).now(), conf.options().lease
    # One that came a moment ago has not had the time to see to anything; nor is one that executes a run for somebody
    # at the keyboard, and serves no queue, there to do so.
    old: list[Worker] = list(living(lease, using).filter(started_at__lt=now - lease, paused_at=None)[:MOST])
    return Look(using, now, lease, any(worker.queues for worker in old))


def _groups(rules: Collection[Invariant]) -> list[list[Invariant]]:
    def together(rule: Invariant) -> str:
        return rule.find.model.__name__ if isinstance(rule.find, Where) else f"~{rule.code}"

    return [list(some) for _, some in groupby(sorted(rules, key=together), together)]


def _suspects(rules: Sequence[Invariant], look: Look) -> list[tuple[Invariant, Sequence[Culprit]]]:
    if len(rules) > 1 and not _any(rules, look):
        return []
    return [(rule, found) for rule in rules if (found := rule.find(look))]


def _any(rules: Sequence[Invariant], look: Look) -> bool:
    # The ordinary case, one scan for all: who it is, and by which rule, is asked where there is somebody.
    wheres = [rule.find for rule in rules if isinstance(rule.find, Where)]
    wrong = Q()
    for where in wheres:
        wrong |= where.wrong
    return wheres[0].model._base_manager.using(look.using).filter(wrong).exists()


def _still(rule: Invariant, first: Sequence[Culprit], look: Look) -> list[Culprit]:
    return list(rule.find(look, {culprit.id for culprit in first[:MOST]}))
