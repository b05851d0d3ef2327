"""Was anything lost, doubled, overtaken or left behind?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from itertools import pairwise
from typing import Any

from django.contrib.auth.models import Group

from django_tasks_fsm.models import TaskRun, Transition
from django_tasks_fsm.store.check import RULES, check
from tests.chaos import work
from tests.chaos.report import Report
from tests.chaos.workload import EVERY, Workload
from tests.jobs import trail

SHOWN = 5
"""Culprits of one kind that are named."""


class Verdict:
    """Compare what was asked for with the rows, with what the functions said, and with the effects that they left."""

    def __init__(self, workload: Workload) -> None:
        self.workload = workload
        self.said = trail.read(workload.trail)
        self.runs = {row.pk: row for row in TaskRun.objects.select_related("task")}
        self.effects = Counter(name.split()[1] for name in Group.objects.values_list("name", flat=True))

    def pass_on(self, report: Report) -> None:
        """Write the figures and the violations down."""
        events = Counter(Transition.objects.values_list("event", flat=True))
        report.figures |= {
            "runs": len(self.runs),
            "of them atomic=True": len(self._of(work.whole)),
            "attempts lost with their workers": events["lose"],
            "runs given back by workers that stopped": events["release"],
            "calls of enqueue that were given up": self.workload.refused,
            "runs lost": len(self.lost),
            "runs that ended in a wrong state": len(self.wrong),
            "runs whose effect happened twice": sum(
                run.task.function != work.whole.module_path for run in self.doubled
            ),
            "of atomic=True: runs whose effect happened twice": sum(
                run.task.function == work.whole.module_path for run in self.doubled
            ),
        }
        report.violations += self._violations()

    def _of(self, task: Any) -> list[TaskRun]:
        return [run for run in self.runs.values() if run.task.function == task.module_path]

    @cached_property
    def lost(self) -> list[Any]:
        """Return the acknowledged runs that are not there."""
        return [pk for pk in self.workload.wanted if pk not in self.runs]

    @cached_property
    def wrong(self) -> list[TaskRun]:
        """Return the runs that did not end as their functions do."""
        ends = {work.broken.module_path: "FAILED"}
        return [run for run in self.runs.values() if run.state != ends.get(run.task.function, "DONE")]

    @cached_property
    def doubled(self) -> list[TaskRun]:
        """Return the DONE runs whose functions have had their effect more than once: what at-least-once allows."""
        return [run for pk, run in self.runs.items() if self.effects[str(pk)] > 1 and run.state == "DONE"]

    def _violations(self) -> Iterator[str]:
        yield from (f"lost: {pk}" for pk in self.lost[:SHOWN])
        yield from (f"{run.task.name} {run.pk} is {run.state}: {run.error}" for run in self.wrong[:SHOWN])
        yield from self._rows()
        yield from self._atomicity()
        yield from self._order()
        yield from self._slots()
        yield from self._keys()
        for finding in check(RULES, "default", 0.0).broken:
            culprits = [f"{each.kind} {each.id} {dict(each.facts)}" for each in finding.culprits[:SHOWN]]
            yield f"tasks_fsm check: {finding.invariant.code} {finding.invariant.title}: {'; '.join(culprits)}"

    def _rows(self) -> Iterator[str]:
        for run in self.runs.values():
            if run.state == "DONE" and run.result != run.fence:
                yield f"{run.pk} was claimed {run.fence} times and bears the result of claim {run.result}"
            if run.state == "DONE" and not self.effects[str(run.pk)]:
                yield f"{run.pk} is DONE and has not been executed"

    def _atomicity(self) -> Iterator[str]:
        made = Counter(run.args[1] for run in self._of(work.child))
        for run in self._of(work.whole):
            happened = self.effects[str(run.pk)], made.pop(str(run.pk), 0)
            if happened != (1, 1):
                yield f"the atomic run {run.pk} has left {happened[0]} effects and {happened[1]} runs"
        yield from (f"{parent} has made a run, and is none" for parent in made)

    def _order(self) -> Iterator[str]:
        first = {word: number for number, word in reversed(list(enumerate(self.said)))}
        for before, then in self.workload.after:
            if first.get(f"began {then}", -1) < first.get(f"ended {before}", len(self.said)):
                yield f"{then} began before {before} had ended"

    def _slots(self) -> Iterator[str]:
        slots = sorted(run.scheduled_for for run in self._of(work.tick) if run.scheduled_for)
        if not slots:
            yield "the schedule has not fired"
        for earlier, later in pairwise(slots):
            if later - earlier != EVERY:
                yield f"the slots {earlier} and {later} do not follow one another"

    def _keys(self) -> Iterator[str]:
        for name, number in self.workload.last_words.items():
            if f"heard {name} {number}" not in self.said:
                yield f"the last call for the key {name} was not heard: {number}"
