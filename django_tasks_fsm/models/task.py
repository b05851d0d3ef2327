"""A named definition of work: which function, with what, when, and by which policies."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, router
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from django_tasks_fsm.core import limits, triggers
from django_tasks_fsm.core.misfire import CatchUp as CatchUpWord
from django_tasks_fsm.core.misfire import MisfirePolicy
from django_tasks_fsm.core.prerequisites import OnFailure
from django_tasks_fsm.core.states import TaskState
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.executors import check_executor
from django_tasks_fsm.models.fields import ExactCharField, StateField, validate_printable, validate_rate
from django_tasks_fsm.models.fsm import TaskFSM
from django_tasks_fsm.models.indexes import PartialIndex
from django_tasks_fsm.models.querysets import TaskQuerySet
from django_tasks_fsm.models.queue import validate_queue_name
from django_tasks_fsm.models.requiring import TaskRequiring
from django_tasks_fsm.models.scheduling import TaskScheduling
from django_tasks_fsm.models.words import ON_FAILURE_WORDS, TASK_STATE_WORDS

if TYPE_CHECKING:
    from django_tasks_fsm.models.run import TaskRun
    from django_tasks_fsm.store.gates.record import Explanation

AT_ONCE = [MinValueValidator(1), MaxValueValidator(limits.MOST)]
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


class OnOverlap(models.TextChoices):
    """What becomes of a time of the schedule that comes while as many runs are going as may."""

    SKIP = "skip", _("is skipped")
    WAIT = "wait", _("gets a run that waits")


class OnLost(models.TextChoices):
    """What becomes of a run whose worker died."""

    REQUEUE = "requeue", _("run it again")
    FAIL = "fail", _("fail it")


class Task(TaskFSM, TaskRequiring, TaskScheduling):
    """What people edit. ``function`` is a registered name, never an import path that somebody typed."""

    machine_fields = ("state", "next_run_at", "fired", "paused_until")

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
    max_runs = models.PositiveIntegerField(
        _("at most, of runs of the schedule"), null=True, blank=True, validators=[MinValueValidator(1)],
        help_text=_("After so many runs the schedule ends. Counted from when it was set. Empty: no limit."),
    )  # fmt: skip
    fired = models.PositiveIntegerField(_("runs of the schedule so far"), default=0, db_default=0, editable=False)
    paused_until = models.DateTimeField(_("paused until"), null=True, blank=True, editable=False)
    catch_up = models.CharField(_("missed times"), max_length=6, choices=CatchUp.choices, default=CatchUp.LATEST.value)
    catch_up_cap = models.PositiveIntegerField(_("at most, of missed times"), default=100)
    misfire_grace = models.PositiveIntegerField(
        _("seconds after which a missed time is skipped"), null=True, blank=True
    )
    max_attempts = models.PositiveSmallIntegerField(
        _("attempts"), default=1, validators=[MinValueValidator(1), MaxValueValidator(1000)]
    )
    timeout = models.FloatField(_("timeout in seconds"), null=True, blank=True)
    executor = ExactCharField(
        _("executor"), max_length=64, blank=True, default="", db_default="",
        help_text=_("What runs the function, from the next run on. Empty: what the code declares."),
    )  # fmt: skip
    max_instances = models.PositiveIntegerField(
        _("at most, of runs at once"), null=True, blank=True, validators=AT_ONCE,
        help_text=_("Across all workers. The others wait in line. Empty: no limit."),
    )  # fmt: skip
    on_overlap = models.CharField(
        _("a time that comes while so many are going"), max_length=4, choices=OnOverlap.choices,
        default="skip", db_default="skip",
    )  # fmt: skip
    concurrency = models.PositiveIntegerField(
        _("at most, of runs with one concurrency key"), null=True, blank=True, validators=AT_ONCE,
        help_text=_("Counted over all tasks whose runs bear the key. Empty: one."),
    )  # fmt: skip
    rate_limit = models.CharField(
        _("at most, of starts per time"), max_length=20, blank=True, default="", db_default="",
        validators=[validate_rate], help_text=_("Such as 5/s, 10/m, 100/h or 1/30s. Empty: no limit."),
    )  # fmt: skip
    min_interval = models.FloatField(
        _("least seconds between rounds"), null=True, blank=True, validators=[MinValueValidator(0)],
        help_text=_("Of a run that reschedules itself, from start to start. Empty for what the settings say."),
    )  # fmt: skip
    throttled = models.PositiveBigIntegerField(_("rounds slowed down"), default=0, db_default=0, editable=False)
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
            PartialIndex(
                fields=["paused_until"],
                name="fsm_task_pause_ends",
                where=Q(state=TaskState.PAUSED.value, paused_until__isnull=False),
                leading=("state",),
            ),
        )
        constraints = (
            models.CheckConstraint(name="fsm_task_state_known", condition=Q(state__in=[s.value for s in TaskState])),
            models.CheckConstraint(name="fsm_task_priority_range", condition=Q(priority__gte=-100, priority__lte=100)),
        )

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save what people may edit; the first limit that a task gets also counts the runs that are going.

        A new task gets its first time; raise InvalidTrigger where its trigger cannot be read.
        """
        from django_tasks_fsm.models.beginning import begin
        from django_tasks_fsm.models.limiting import first_limit

        is_new, has_limits = self._state.adding, self.max_instances is not None or self.rate_limit != ""
        using = kwargs.get("using") or router.db_for_write(type(self), instance=self)
        unlimited = type(self)._base_manager.using(using).filter(pk=self.pk, max_instances=None, rate_limit="")
        is_first = has_limits and not is_new and unlimited.exists()
        if is_new:
            begin(self, using)
        with first_limit([self.pk] if is_first else [], using):
            super().save(*args, **kwargs)

    def clean(self) -> None:
        """Refuse an executor that cannot run the function."""
        super().clean()
        check_executor(self)

    @property
    def fires(self) -> triggers.Trigger:
        """Return the trigger; raise InvalidTrigger when the stored one cannot be read."""
        return triggers.load(self.trigger)

    @property
    def limits(self) -> limits.Limits:
        """Return how many runs may be going at once; raise InvalidLimit when the stored rate cannot be read."""
        rate = limits.rate(self.rate_limit) if self.rate_limit else None
        return limits.Limits(self.max_instances, self.concurrency, rate)

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

    def trigger_now(self, *, actor: Actor | None = None, reason: str = "") -> TaskRun:
        """Say that something has happened: return the one run of this task that will see to it, with stored arguments.

        See FSMTask.trigger: it is the one that waits, or a new one, which follows one that is RUNNING.
        """
        from django_tasks_fsm.store.trigger import trigger

        return trigger(self, actor or Actor.system(), reason)

    def explain(self) -> Explanation:
        """Say whether it would fire at this moment, and what keeps it from it; looks at the row anew."""
        from django_tasks_fsm.store.explain import explain_task

        return explain_task(self)
