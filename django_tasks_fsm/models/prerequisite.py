"""Edges: what must have ended, and how, before something else may run."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from django_tasks_fsm.core.prerequisites import Condition, OnFailure, Standing, standing
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models.run import TaskRun
from django_tasks_fsm.models.task import Origin, Task
from django_tasks_fsm.models.words import ON_FAILURE_WORDS

CONDITIONS = {
    Condition.DONE.value: _("done"),
    Condition.FINISHED.value: _("finished, however"),
    Condition.FAILED.value: _("failed"),
}


class TaskPrerequisite(models.Model):
    """Say that runs of ``task`` wait for the run of ``prerequisite`` made with them: an edge of the template."""

    task = models.ForeignKey(
        Task, models.CASCADE, related_name="prerequisite_edges", db_index=False, verbose_name=_("task")
    )
    prerequisite = models.ForeignKey(
        Task, models.CASCADE, related_name="dependent_edges", verbose_name=_("prerequisite")
    )
    condition = models.CharField(_("condition"), max_length=8, choices=CONDITIONS, default=Condition.DONE.value)
    # Empty: as the dependent task says.
    on_failure = models.CharField(_("if it fails"), max_length=6, choices=ON_FAILURE_WORDS, blank=True, default="")
    origin = models.CharField(
        _("declared in"), max_length=8, choices=Origin.choices, default=Origin.DATABASE.value, editable=False
    )

    class Meta:
        verbose_name = _("prerequisite")
        verbose_name_plural = _("prerequisites")
        constraints = (
            models.UniqueConstraint(fields=["task", "prerequisite"], name="fsm_task_edge_once"),
            models.CheckConstraint(condition=~Q(task=F("prerequisite")), name="fsm_task_edge_not_self"),
            models.CheckConstraint(condition=Q(condition__in=list(CONDITIONS)), name="fsm_task_edge_condition"),
        )

    def __str__(self) -> str:
        return f"{self.prerequisite} -> {self.task}"

    @property
    def terms(self) -> str:
        """Return condition and policy in words, for an error."""
        return f"condition {self.condition!r} and policy {self.on_failure or 'of the task'!r}"


class RunPrerequisite(models.Model):
    """Say that ``run`` waits for ``prerequisite``. ``met`` is set in the transaction that finishes the prerequisite."""

    run = models.ForeignKey(
        TaskRun, models.CASCADE, related_name="prerequisite_edges", db_index=False, verbose_name=_("run")
    )
    prerequisite = models.ForeignKey(
        TaskRun, models.PROTECT, related_name="dependent_edges", verbose_name=_("prerequisite")
    )
    condition = models.CharField(_("condition"), max_length=8, choices=CONDITIONS, default=Condition.DONE.value)
    on_failure = models.CharField(
        _("if it fails"), max_length=6, choices=ON_FAILURE_WORDS, default=OnFailure.BLOCK.value
    )
    met = models.BooleanField(_("met"), default=False)

    class Meta:
        verbose_name = _("prerequisite of a run")
        verbose_name_plural = _("prerequisites of runs")
        constraints = (
            models.UniqueConstraint(fields=["run", "prerequisite"], name="fsm_run_edge_once"),
            models.CheckConstraint(condition=~Q(run=F("prerequisite")), name="fsm_run_edge_not_self"),
            models.CheckConstraint(condition=Q(condition__in=list(CONDITIONS)), name="fsm_run_edge_condition"),
        )

    def __str__(self) -> str:
        return f"{self.prerequisite_id} -> {self.run_id}"

    @property
    def terms(self) -> str:
        """Return condition and policy in words, for an error."""
        return f"condition {self.condition!r} and policy {self.on_failure!r}"

    @property
    def standing(self) -> Standing:
        """Return how the edge stands now; reads the prerequisite's state."""
        return self.stands_at(RunState(self.prerequisite.state))

    def stands_at(self, state: RunState) -> Standing:
        """Return how the edge stands when its prerequisite is in ``state``."""
        return standing(Condition(self.condition), state, OnFailure(self.on_failure))
