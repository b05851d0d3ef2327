"""A named definition of work: which function, with what, when, and by which policies."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from django_tasks_fsm.core import triggers
from django_tasks_fsm.core.misfire import CatchUp as CatchUpWord
from django_tasks_fsm.core.misfire import MisfirePolicy
from django_tasks_fsm.core.prerequisites import OnFailure
from django_tasks_fsm.core.states import TaskState
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.fields import ExactCharField, StateField, validate_printable
from django_tasks_fsm.models.fsm import TaskFSM
from django_tasks_fsm.models.indexes import PartialIndex
from django_tasks_fsm.models.querysets import TaskQuerySet
from django_tasks_fsm.models.queue import validate_queue_name
from django_tasks_fsm.models.requiring import TaskRequiring
from django_tasks_fsm.models.words import ON_FAILURE_WORDS, TASK_STATE_WORDS

if TYPE_CHECKING:
    from django_tasks_fsm.models.run import TaskRun
    from django_tasks_fsm.store.gates.record import Explanation

MANUAL = {"version": 1, "kind": "manual"}


def manual_trigger() -> dict[str, Any]:
    """Return the trigger of a task that only fires when asked."""
    return dict(MANUAL)


class Origin(models.TextChoices):
    """Where a task was declared."""

    CODE = "code", _("code")
    DATABASE = "database", _("database")


class CatchUp(models.TextChoices):
    """What becomes of slots that passed while nobody could fire them."""

    LATEST = "latest", _("one run for all of them")
    ALL = "all", _("one run for each")
    NONE = "none", _("none: only the next one")


class OnLost(models.TextChoices):
    """What becomes of a run whose worker died."""

    REQUEUE = "requeue", _("run it again")
    FAIL = "fail", _("fail it")


class Task(TaskFSM, TaskRequiring):
    """What people edit. ``function`` is a registered name, never an import path that somebody typed."""

    machine_fields = ("state", "next_run_at")

    name = ExactCharField(_("name"), max_length=200, unique=True, validators=[validate_printable])
    function = ExactCharField(_("function"), max_length=255)
    description = models.TextField(_("description"), blank=True)
    group = models.CharField(_("group"), max_length=64, blank=True, validators=[validate_printable])
    args = models.JSONField(_("arguments"), default=list, blank=True)
    kwargs = models.JSONField(_("keyword arguments"), default=dict, blank=True)
    queue = ExactCharField(_("queue"), max_length=64, default="default", validators=[validate_queue_name])
    priority = models.SmallIntegerField(
        _("priority"), default=0, validators=[MinValueValidator(-100), MaxValueValidator(100)]
    )
    state = StateField(
        _("state"), max_length=9, choices=TASK_STATE_WORDS, default=TaskState.ACTIVE.value, editable=False
    )
    trigger = models.JSONField(_("trigger"), default=manual_trigger, blank=True)
    next_run_at = models.DateTimeField(_("next run"), null=True, blank=True, editable=False)
    catch_up = models.CharField(_("missed times"), max_length=6, choices=CatchUp.choices, default=CatchUp.LATEST.value)
    catch_up_cap = models.PositiveIntegerField(_("at most, of missed times"), default=100)
    misfire_grace = models.PositiveIntegerField(
        _("seconds after which a missed time is skipped"), null=True, blank=True
    )
    max_attempts = models.PositiveSmallIntegerField(
        _("attempts"), default=1, validators=[MinValueValidator(1), MaxValueValidator(1000)]
    )
    timeout = models.FloatField(_("timeout in seconds"), null=True, blank=True)
    on_lost = models.CharField(
        _("when its worker dies"), max_length=7, choices=OnLost.choices, default=OnLost.REQUEUE.value
    )
    cancel_on_exception = models.BooleanField(_("an exception cancels instead of failing"), default=False)
    on_prerequisite_failure = models.CharField(
        _("if a prerequisite fails"), max_length=6, choices=ON_FAILURE_WORDS, default=OnFailure.BLOCK.value
    )
    run_dependents = models.BooleanField(
        _("start what depends on it too"), default=False,
        help_text=_("A run that is started by hand or by its schedule takes the tasks that depend on it along."),
    )  # fmt: skip
    origin = models.CharField(
        _("declared in"), max_length=8, choices=Origin.choices, default=Origin.DATABASE.value, editable=False
    )
    overrides = models.JSONField(_("fields changed here"), default=list, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = TaskQuerySet.as_manager()

    class Meta:
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        ordering = ("name",)
        permissions = (("run_task", _("Can run, pause and resume tasks")),)
        indexes = (
            PartialIndex(
                fields=["next_run_at"],
                name="fsm_task_fires",
                where=Q(state=TaskState.ACTIVE.value, next_run_at__isnull=False),
                leading=("state",),
            ),
        )
        constraints = (
            models.CheckConstraint(name="fsm_task_state_known", condition=Q(state__in=[s.value for s in TaskState])),
            models.CheckConstraint(name="fsm_task_priority_range", condition=Q(priority__gte=-100, priority__lte=100)),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def fires(self) -> triggers.Trigger:
        """Return the trigger; raise InvalidTrigger when the stored one cannot be read."""
        return triggers.load(self.trigger)

    @property
    def misfire_policy(self) -> MisfirePolicy:
        """Return what to do with slots that were missed; raise InvalidTrigger for values that it does not know."""
        grace = None if self.misfire_grace is None else timedelta(seconds=self.misfire_grace)
        return MisfirePolicy(catch_up=cast(CatchUpWord, self.catch_up), grace=grace, cap=self.catch_up_cap)

    def start(
        self,
        *,
        actor: Actor | None = None,
        at: datetime | None = None,
        reason: str = "",
        upstream: bool = True,
        dependents: bool | None = None,
    ) -> TaskRun:
        """Make a run of this task now, or due ``at``, with its stored arguments; in the caller's transaction.

        With it come runs of all that it waits for (``upstream``) and of what depends on it (``dependents``; None: as
        ``run_dependents`` says), as one graph. Returned is this task's own.
        """
        # The one step up: the natural door of the model API is a method of the model, the verb lives in the store.
        from django_tasks_fsm.store.start import start

        along = self.run_dependents if dependents is None else dependents
        return start(self, at, actor or Actor.system(), reason, upstream=upstream, dependents=along)

    def explain(self) -> Explanation:
        """Say whether it would fire at this moment, and what keeps it from it; looks at the row anew."""
        from django_tasks_fsm.store.explain import explain_task

        return explain_task(self)

    def pause(self, *, actor: Actor = Actor.system(), reason: str = "") -> bool:
        """Stop firing; runs that exist go on. Return False when the task was not ACTIVE."""
        return bool(type(self).objects.filter(pk=self.pk).pause(actor=actor, reason=reason).moved)

    def resume(self, *, actor: Actor = Actor.system(), reason: str = "") -> bool:
        """Fire again from the next slot after now; slots of the pause are lost. Return False if not PAUSED."""
        return bool(type(self).objects.filter(pk=self.pk).resume(actor=actor, reason=reason).moved)

    def reschedule(self, at: datetime, *, actor: Actor = Actor.system(), reason: str = "") -> None:
        """Set the next time only; the trigger goes on from there. ``at`` is aware (naive without USE_TZ)."""
        type(self).objects.filter(pk=self.pk).reschedule(at, actor=actor, reason=reason)
