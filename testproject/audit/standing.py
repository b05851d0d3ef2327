"""How one audit stands: read from the runs of its graph, while it runs as well as afterwards."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, cast
from uuid import UUID

from django.db.models.fields.json import KT

from audit.graphs import STEPS, runs_of
from audit.phase import DISCOVER, REPORT, VERIFY, Phase, Tally
from audit.report import Report, stored_report
from audit.summary import Summary, Timing, summarise
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import TaskRun, Transition
from django_tasks_fsm.models.run import TROUBLED


class Row(NamedTuple):
    """One distribution on the page; ``run`` is missing where it has been pruned."""

    name: str
    run: TaskRun | None
    text: str = ""
    timing: Timing | None = None


@dataclass(frozen=True)
class Standing:
    """The runs of one audit; ``errors`` holds the full text of those that failed, by run."""

    graph: UUID
    runs: tuple[TaskRun, ...]
    errors: dict[UUID, str]

    def step(self, name: str) -> list[TaskRun]:
        """Return the runs of one step in the order they were made."""
        return [run for run in self.runs if STEPS[run.task.function] == name]

    @cached_property
    def verifications(self) -> dict[str, TaskRun]:
        """Return the verifications by distribution."""
        return {str(run.kwargs.get("name", run.pk)): run for run in self.step(VERIFY)}

    @cached_property
    def tally(self) -> Tally:
        """Return how many runs are in which state."""
        tally = Tally()
        for run in self.runs:
            getattr(tally, STEPS[run.task.function])[run.state] += 1
        return tally

    @property
    def phase(self) -> Phase:
        """Return where the audit stands as a whole."""
        return self.tally.phase

    @property
    def report(self) -> TaskRun | None:
        """Return the run that sums up, once there is one."""
        return next(iter(self.step(REPORT)), None)

    @property
    def discovery(self) -> TaskRun | None:
        """Return the run that began; it may have been pruned since."""
        return next(iter(self.step(DISCOVER)), None)

    @property
    def percent(self) -> int:
        """Return how much of the verifications is done, from 0 to 100; a running one counts in part."""
        begun = sum(run.progress or 0 for run in self.running)
        return (100 * self.tally.finished + begun) // self.tally.total if self.tally.total else 0

    @property
    def files_seen(self) -> int:
        """Return how many files the verifications have reported."""
        details = (getattr(run, "detail", None) for run in self.step(VERIFY))
        return sum(detail.progress_done for detail in details if detail is not None)

    @property
    def running(self) -> list[TaskRun]:
        """Return the verifications that are at it now."""
        return [run for run in self.verifications.values() if run.state == RunState.RUNNING]

    @cached_property
    def summary(self) -> Summary:
        """Return the stored summary, or until there is one the sum of what has ended."""
        report = self.report
        if report is not None and report.state == RunState.DONE and isinstance(report.result, dict):
            return cast("Summary", report.result)
        ended = [(name, run) for name, run in self.verifications.items() if run.is_final]
        return summarise({name: self._result(run) for name, run in ended})

    @property
    def slowest(self) -> list[Row]:
        """Return the distributions that took longest."""
        runs = self.verifications
        return [Row(one["name"], runs.get(one["name"]), timing=one) for one in self.summary["slowest"]]

    @property
    def troubled(self) -> list[Row]:
        """Return the verifications that have ended without a result, with their errors in full."""
        return [Row(name, run, self.error_of(run)) for name, run in self.verifications.items() if run.state in TROUBLED]

    @property
    def failure(self) -> str:
        """Return why the audit itself has failed, if it has."""
        ended = [run for run in (self.report, self.discovery) if run is not None and run.state in TROUBLED]
        return self.error_of(ended[0]) if ended and self.phase is Phase.FAILED else ""

    def error_of(self, run: TaskRun) -> str:
        """Return why a run has ended without a result, as fully as it is known."""
        return self.errors.get(run.pk) or run.error or run.state

    def _result(self, run: TaskRun) -> Report | str:
        return (run.state == RunState.DONE and stored_report(run.result)) or self.error_of(run)


def read(graph: UUID) -> Standing | None:
    """Return the standing of an audit, or None where there is no such audit; two queries at most."""
    runs = tuple(runs_of([graph]).select_related("task", "detail").order_by("pk"))
    return Standing(graph, runs, _errors(runs)) if runs else None


def _errors(runs: Iterable[TaskRun]) -> dict[UUID, str]:
    """Return the last error of each troubled run in full: the column on the run's own row holds its beginning only."""
    troubled = [run.pk for run in runs if run.state in TROUBLED]
    if not troubled:
        return {}
    ends = Transition.objects.filter(run_id__in=troubled, to_state__in=TROUBLED).annotate(message=KT("detail__message"))
    told = ends.order_by("pk").values_list("run_id", "message", "reason")
    return {run_id: message or reason for run_id, message, reason in told}
