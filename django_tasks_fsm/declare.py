"""``@task``: what a function declares about the way it is run."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, overload

from django_tasks_fsm import callbacks, policies, registry
from django_tasks_fsm.chains import Chains
from django_tasks_fsm.composition import Step, arguments
from django_tasks_fsm.core.concurrency_key import ConcurrencyKey
from django_tasks_fsm.core.keys import UniqueKey
from django_tasks_fsm.core.prerequisites import Awaited
from django_tasks_fsm.core.retry import RetryPolicy
from django_tasks_fsm.core.triggers import Trigger
from django_tasks_fsm.core.triggers.request import trigger_for
from django_tasks_fsm.lifecycle import Lifecycle
from django_tasks_fsm.requirements import Requirement, awaited, requirements
from django_tasks_fsm.tasks_api import (
    DEFAULT_TASK_BACKEND_ALIAS,
    DEFAULT_TASK_PRIORITY,
    DEFAULT_TASK_QUEUE_NAME,
    InvalidTask,
    Task,
)

if TYPE_CHECKING:
    from django_tasks_fsm.models import Task as TaskRow
    from django_tasks_fsm.results import FSMTaskResult

Backoff = Callable[[BaseException, "FSMTaskResult"], float | timedelta | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class FSMTask(Chains, Task):
    """Django's Task with what this backend adds. Frozen: ``using`` returns a changed copy."""

    max_attempts: int = 1
    """How often the function is tried when it raises; a lost worker counts as an attempt too."""
    backoff: Backoff | None = None
    """``backoff(exception, result)`` returns seconds until the next attempt, None to give up; default exponential."""
    retry_on: tuple[type[BaseException], ...] = (Exception,)
    """Only these exceptions are worth another attempt."""
    give_up_on: tuple[type[BaseException], ...] = ()
    """These never are, even where ``retry_on`` includes them."""
    timeout: float | None = None
    """Seconds after which the run is told to stop: coroutines are cancelled, functions at their next ``check()``."""
    executor: str | None = None
    """What runs the function: inline, thread, process, asyncio, asyncio:name, or one of OPTIONS["EXECUTORS"]."""
    log_level: str | None = None
    """The least level of what the function logs that is kept with its run; OPTIONS["LOG_LEVEL"] where not set."""
    cancel_on_exception: bool = False
    """Whether an exception ends the run as CANCELLED instead of FAILED."""
    cancel_on_result: Callable[[Any], Any] | None = None
    """Called with the result: where it says yes, the run is CANCELLED and the result is not kept."""
    track: bool | Callable[..., Any] = False
    """Whether events of its runs are logged, or what is called with the id of the run and each of them."""
    requires: tuple[Requirement, ...] = ()
    """Tasks whose runs the runs of this one wait for, made with them: ``[task, (task, "finished", "skip")]``."""
    on_prerequisite_failure: Literal["block", "fail", "cancel", "skip", "ignore"] = "block"
    """What becomes of a run whose prerequisite ended so that its condition cannot hold; an edge may say otherwise."""
    run_dependents: bool = False
    """Whether ``Task.start`` and schedules also make runs of the tasks that depend on this one."""
    atomic: bool = False
    """Whether what the function writes is committed in one transaction with the end of its run."""
    on_lost: Literal["requeue", "fail"] = "requeue"
    """What becomes of a run whose worker dies."""
    lifecycle: Lifecycle | None = None
    """How a service lives: see ``@service``, which sets it."""
    key: UniqueKey | None = None
    """At most one unfinished run bears a key: a text, or a function of the same arguments."""
    on_key: Literal["return", "raise", "replace"] = "return"
    """What enqueueing does that finds the key borne: return that run, raise KeyTaken, or give it these arguments."""
    min_interval: float | None = None
    """Seconds that a run which reschedules itself keeps between two starts; OPTIONS["MIN_INTERVAL"] where not set."""
    max_instances: int | None = None
    """How many runs of the task may be going at once, across all workers; the others wait in line. None: no limit."""
    on_overlap: Literal["skip", "wait"] = "skip"
    """What becomes of a time of a schedule that comes while ``max_instances`` runs are going."""
    concurrency_key: ConcurrencyKey | None = None
    """Runs that bear the same key are counted together: a text, or a function of the same arguments."""
    concurrency: int | None = None
    """How many runs with one concurrency key may be going at once, of whatever task they are. None: one."""
    rate_limit: str = ""
    """How many runs of the task may begin within a time, such as ``10/m`` or ``1/30s``."""
    names: Sequence[str] = ()
    """Other names by which rows may name the function, so that it may be renamed or moved: they are resolved to it."""
    sensitive: tuple[str, ...] | Literal[True] = ()
    """Names of parameters, and of keys at any depth, whose values are shown masked; True for the whole payload."""
    graph: uuid.UUID | None = None
    """The run graph that new runs join."""
    label: str | Callable[..., str] = ""
    """What tells the runs of a function apart in a graph: a text, or a function of the same arguments."""
    prerequisites: tuple[Awaited, ...] = field(default=(), compare=False)
    """Runs that new runs wait for, each with its condition."""

    def __post_init__(self) -> None:
        # Zero-argument super() does not work in a slotted dataclass before Python 3.14.
        policies.check_backend(self.backend)
        Task.__post_init__(self)
        for name, read in (("requires", requirements), ("names", policies.names), ("sensitive", policies.sensitive)):
            object.__setattr__(self, name, read(getattr(self, name)))
        policies.check_policies(self)
        registry.register(self)
        if registry.find(self.module_path) is self:  # not a copy that using() has made
            callbacks.track(self, self.track)

    def using(
        self,
        *,
        priority: int | None = None,
        queue_name: str | None = None,
        run_after: datetime | None = None,
        backend: str | None = None,
        **changes: Any,
    ) -> FSMTask:
        """Return a copy with other settings: Django's four, ``after=[runs]``, ``key``, ``on_key``, ``label``,
        ``graph`` and ``concurrency_key``.

        ``after`` takes runs, results or their ids to wait for, or tuples (run, condition) and (run, condition, policy),
        the policy (block, fail, cancel, skip, ignore) for a run that ends otherwise; they take the place of what the
        task requires. What belongs to the function, such as ``max_attempts``, is refused with a TypeError: a worker
        would not know of it.
        """
        if "after" in changes:
            changes["prerequisites"] = awaited(changes.pop("after"))
        for name in changes:
            policies.check_per_run(name)
        given: dict[str, Any] = {
            "priority": priority, "queue_name": queue_name, "run_after": run_after, "backend": backend
        }  # fmt: skip
        return replace(self, **{name: value for name, value in given.items() if value is not None}, **changes)

    if TYPE_CHECKING:  # Django's own methods, which give results of ours where the backend is

        def enqueue(self, *args: Any, **kwargs: Any) -> FSMTaskResult: ...
        async def aenqueue(self, *args: Any, **kwargs: Any) -> FSMTaskResult: ...
        def get_result(self, result_id: str) -> FSMTaskResult: ...
        async def aget_result(self, result_id: str) -> FSMTaskResult: ...

    def enqueue_many(self, calls: Iterable[Sequence[Any] | Mapping[str, Any]]) -> list[FSMTaskResult]:
        """Enqueue one run for each call, all or none: a mapping holds keyword arguments, a sequence positional ones."""
        backend: Any = self.get_backend()
        pairs = [arguments(call) for call in calls]
        if not hasattr(backend, "enqueue_many"):  # Django's own backends, in a project's tests
            return [backend.enqueue(self, args, kwargs) for args, kwargs in pairs]
        results: list[FSMTaskResult] = backend.enqueue_many(self, pairs)
        return results

    def prepare(self, *args: Any, **kwargs: Any) -> FSMTaskResult:
        """Make a run in PREPARE: it does not start before ``result.run.prepared()``."""
        backend: Any = self.get_backend()
        if not hasattr(backend, "prepare"):
            raise InvalidTask(f"Backend {self.backend!r} cannot prepare a run: it is not one of django_tasks_fsm.")
        result: FSMTaskResult = backend.prepare(self, args, kwargs)
        return result

    def step(self, *args: Any, **kwargs: Any) -> Step:
        """Return a call that waits for its place in ``chain``, ``group``, ``TaskRun.then`` or ``context.spawn``.

        Raise UnstorablePayload at once. ``call`` is Django's word for running the function here and now.
        """
        return Step(self, args, kwargs)

    def schedule(
        self,
        name: str = "",
        *,
        cron: str | None = None,
        every: timedelta | float | None = None,
        at: datetime | None = None,
        trigger: Trigger | None = None,
        timezone: str = "UTC",
        policy: str | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        jitter: timedelta | float | None = None,
        from_end: bool | None = None,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        replace: bool | Literal["error"] = True,
        **policies: Any,
    ) -> TaskRow | None:
        """Fire the function by exactly one of ``cron``, ``every`` (seconds or a timedelta), ``at`` and ``trigger``.

        Of the others each belongs to some of these: ``policy`` at changes of the clocks, the first and last time
        (``start``, ``end``), by how much runs may be later (``jitter``), and whether ``every`` counts from the end of
        the last run (``from_end``).

        At import time the schedule is declared, and synced to its row after migrate; None is returned. Afterwards the
        row is written at once and returned; where there is one of this name, ``replace`` says whether it is changed
        (True), kept and returned (False), or TaskExists raised ("error"). ``policies`` are fields of the row, such as
        ``catch_up="all"`` or ``max_runs=3``.
        """
        from django_tasks_fsm import schedules

        fires = trigger_for(
            name or self.module_path, cron=cron, every=every, at=at, trigger=trigger, timezone=timezone, policy=policy,
            start=start, end=end, jitter=jitter, from_end=from_end,
        )  # fmt: skip
        return schedules.schedule(self, name or self.module_path, fires, args, kwargs or {}, policies, replace)

    def retry_policy(self, max_attempts: int | None = None) -> RetryPolicy:
        """Return when another attempt is worth it; ``max_attempts`` is the row's, where a person has changed it."""
        return RetryPolicy(
            max_attempts=max_attempts or self.max_attempts, retry_on=self.retry_on, give_up_on=self.give_up_on
        )


@overload
def task(function: Callable[..., Any], /) -> FSMTask: ...


@overload
def task(
    *,
    priority: int = ...,
    queue_name: str = ...,
    backend: str = ...,
    takes_context: bool = ...,
    **options: Any,
) -> Callable[[Callable[..., Any]], FSMTask]: ...


def task(
    function: Callable[..., Any] | None = None,
    /,
    *,
    priority: int = DEFAULT_TASK_PRIORITY,
    queue_name: str = DEFAULT_TASK_QUEUE_NAME,
    backend: str = DEFAULT_TASK_BACKEND_ALIAS,
    takes_context: bool = False,
    **options: Any,
) -> FSMTask | Callable[[Callable[..., Any]], FSMTask]:
    """Make a module-level function, or coroutine function, a task; ``options`` are the fields of FSMTask."""
    if "run_after" in options:
        raise TypeError("@task has no run_after, which would be the same for all runs. Call .using(run_after=...).")

    policies.check_options(options, FSMTask.__dataclass_fields__)

    def declare(func: Callable[..., Any]) -> FSMTask:
        return FSMTask(
            func=func, priority=priority, queue_name=queue_name, backend=backend, takes_context=takes_context,
            run_after=None, **options,
        )  # fmt: skip

    return declare(function) if function is not None else declare
