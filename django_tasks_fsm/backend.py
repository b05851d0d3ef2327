"""The ``django.tasks`` backend. It holds no state: Django and the backport may each make instances of their own."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.core import checks

from django_tasks_fsm import conf, option_rules, policies, registry
from django_tasks_fsm.composition import Step
from django_tasks_fsm.composition.layout import Edge
from django_tasks_fsm.core import current
from django_tasks_fsm.core.concurrency_key import concurrency_key
from django_tasks_fsm.core.keys import FOLLOWING, OnKey, key_of
from django_tasks_fsm.core.names import QUEUE_NAME
from django_tasks_fsm.core.payload import checked
from django_tasks_fsm.core.prerequisites import Awaited
from django_tasks_fsm.declare import FSMTask
from django_tasks_fsm.requirements import both
from django_tasks_fsm.results import FSMTaskResult, parse_id, result_of
from django_tasks_fsm.tasks_api import (
    BaseTaskBackend,
    InvalidTask,
    Task,
    no_result,
    task_enqueued,
)

if TYPE_CHECKING:
    from django_tasks_fsm.models import TaskRun
    from django_tasks_fsm.store.enqueue import Request
    from django_tasks_fsm.store.spawn import Parent

Payload = tuple[list[Any], dict[str, Any]]


class FSMBackend(BaseTaskBackend):
    """Keep runs in the project's database. Models are imported when first needed: ``@task`` may ask for the backend
    before the apps are loaded."""

    task_class = FSMTask
    supports_defer = True
    supports_async_task = True
    supports_get_result = True
    supports_priority = True

    def __init__(self, alias: str, params: Any) -> None:
        """Refuse queues that are no list: of a text Django would make one queue for each of its letters."""
        option_rules.check_queues(params.get("QUEUES", ()), f"TASKS[{alias!r}]['QUEUES']")
        super().__init__(alias, params)

    def validate_task(self, task: Task) -> None:
        """Refuse what Django refuses, and a queue name that the database or a command line could not hold."""
        policies.check_types(task)
        super().validate_task(task)
        policies.check_run_after(task)
        if task.name == "<lambda>":  # all lambdas of a module have one name, and a worker finds functions by name
            raise InvalidTask("Task function must be defined at a module level.")
        if not QUEUE_NAME.fullmatch(task.queue_name):
            raise InvalidTask(
                f"Queue name {task.queue_name!r} must have 1 to 64 letters, digits, dots, hyphens or underscores."
            )
        if len(task.module_path) > 200:
            raise InvalidTask(f"The path of the task function has more than 200 characters: {task.module_path!r}.")

    def enqueue(self, task: Task, args: Sequence[Any], kwargs: Mapping[str, Any]) -> FSMTaskResult:
        """Store one run in the current transaction and return its result."""
        return self._enqueue(task, args, kwargs)

    def prepare(self, task: Task, args: Sequence[Any], kwargs: Mapping[str, Any]) -> FSMTaskResult:
        """Store one run that waits in PREPARE."""
        return self._enqueue(task, args, kwargs, prepare=True)

    def trigger(self, task: Task, args: Sequence[Any], kwargs: Mapping[str, Any]) -> FSMTaskResult:
        """Return the one run of the key that has not begun yet; see FSMTask.trigger."""
        replaces = getattr(task, "on_key", "") == OnKey.REPLACE
        return self._enqueue(task, args, kwargs, on_key=OnKey.REPLACE if replaces else OnKey.COLLAPSE)

    def recreate(self, task: Task, args: Sequence[Any], kwargs: Mapping[str, Any]) -> FSMTaskResult:
        """Store one run in place of the one of the key; see FSMTask.recreate."""
        return self._enqueue(task, args, kwargs, on_key=OnKey.RECREATE, asker=current.run_id.get())

    def enqueue_many(self, task: Task, calls: Iterable[tuple[Sequence[Any], Mapping[str, Any]]]) -> list[FSMTaskResult]:
        """Store one run for each call, all or none, with a handful of statements."""
        self.validate_task(task)
        payloads = [_checked(args, kwargs, f"calls[{index}].") for index, (args, kwargs) in enumerate(calls)]
        if not payloads:
            return []
        using = self._using()
        requests = self._requests(task, payloads, using)
        runs = self._stored(requests, using)
        return [self._announced(run, request, task) for run, request in zip(runs, requests, strict=True)]

    def enqueue_graph(self, steps: Sequence[Step], edges: Sequence[Edge]) -> tuple[uuid.UUID, list[FSMTaskResult]]:
        """Store one run for each step, all or none, in one graph, and return its id too; edges name steps by number."""
        from django_tasks_fsm.store.blueprint import wired
        from django_tasks_fsm.store.start import enqueue_with_company

        using = self._using()
        requests = wired(self._requests_of(steps, using), edges)
        runs = enqueue_with_company(requests, using, shared=True)
        return requests[0].graph, self._announced_all(runs, requests, steps)  # type: ignore[return-value]

    def spawn(
        self,
        steps: Sequence[Step],
        marks: Sequence[str],
        parent: Parent,
        before: Sequence[Awaited],
        after: Sequence[Awaited],
    ) -> list[FSMTaskResult]:
        """Store one run for each step on behalf of ``parent``; see store/spawn.py."""
        from django_tasks_fsm.store.spawn import spawn

        using = self._using()
        made = zip(self._requests_of(steps, using), marks, strict=True)
        requests = [replace(one, mark=mark, prerequisites=both(one.prerequisites, after)) for one, mark in made]
        return self._announced_all(spawn(parent, requests, before, using), requests, steps)

    def start_child(self, step: Step, name: str, parent: uuid.UUID, fence: int) -> FSMTaskResult:
        """Store a run on behalf of ``parent``, or return the one of that name that lives; see store/kin.py."""
        from django_tasks_fsm.store.kin import start_child

        using = self._using()
        (request,) = self._requests_of([step], using)
        request = replace(request, key=f"{parent.hex}:child:{name}")
        return self._announced(start_child(parent, fence, name, request, using), request, step.task)

    def get_result(self, result_id: str) -> FSMTaskResult:
        """Return a result by id; raise TaskResultDoesNotExist for an unknown or malformed one."""
        from django_tasks_fsm.models import TaskRun

        run_id = parse_id(result_id)
        run = run_id and TaskRun.objects.using(self._using()).select_related("task").filter(pk=run_id).first()
        if not run:
            raise no_result(result_id)
        return result_of(run, self.alias)

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        """Report what is wrong with this backend's settings."""
        from django_tasks_fsm.checks import check_backend

        return check_backend(self.alias, self.options, self.queues)

    def _enqueue(self, task: Task, args: Sequence[Any], kwargs: Mapping[str, Any], **changes: Any) -> FSMTaskResult:
        self.validate_task(task)
        payload = _checked(args, kwargs)
        using = self._using()
        (request,) = self._requests(task, [payload], using, **changes)
        return self._announced(self._stored([request], using)[0], request, task)

    def _stored(self, requests: list[Request], using: str) -> list[TaskRun]:
        from django_tasks_fsm.store.start import enqueue_with_company

        return enqueue_with_company(requests, using)

    def _requests(self, task: Task, payloads: Iterable[Payload], using: str, **changes: Any) -> list[Request]:
        row = _row_of(task, using)
        return [_request(task, row, args, kwargs, **changes) for args, kwargs in payloads]

    def _requests_of(self, steps: Sequence[Step], using: str) -> list[Request]:
        for task in {id(step.task): step.task for step in steps}.values():
            self.validate_task(task)
        # Each once: within a transaction, what the database answers is not remembered before the commit.
        known = {(step.task.module_path, step.task.queue_name): step.task for step in steps}
        rows = {names: _row_of(task, using) for names, task in known.items()}
        return [
            _request(step.task, rows[step.task.module_path, step.task.queue_name], step.args, step.kwargs)
            for step in steps
        ]

    def _announced_all(
        self, runs: Sequence[TaskRun], requests: Sequence[Request], steps: Sequence[Step]
    ) -> list[FSMTaskResult]:
        made = zip(runs, requests, steps, strict=True)
        return [self._announced(run, request, step.task) for run, request, step in made]

    def _announced(self, run: TaskRun, request: Request, task: Task) -> FSMTaskResult:
        if run.pk != request.id:  # the key was borne already: nothing was enqueued, and the run is another's
            return result_of(run, self.alias)
        result = result_of(run, self.alias, task)
        task_enqueued.send_robust(type(self), task_result=result)
        return result

    def _using(self) -> str:
        from django.db import router

        from django_tasks_fsm.models import TaskRun

        return router.db_for_write(TaskRun)


def _row_of(task: Task, using: str) -> int:
    from django_tasks_fsm.store.definitions import know_queue, task_id

    know_queue(task.queue_name, using)
    return task_id(task.module_path, task.module_path, _policies(task), using)


def _request(task: Task, row: int, args: Sequence[Any], kwargs: Mapping[str, Any], **changes: Any) -> Request:
    from django_tasks_fsm.store.enqueue import Request

    return Request(
        task_id=row,
        args=args,
        kwargs=kwargs,
        queue=task.queue_name,
        priority=task.priority,
        run_at=task.run_after,
        key=_key(task, args, kwargs, changes),
        concurrency_key=concurrency_key(getattr(task, "concurrency_key", None), args, kwargs),
        graph=getattr(task, "graph", None),
        label=policies.label_of(task, args, kwargs),
        prerequisites=getattr(task, "prerequisites", ()),
        **{"on_key": OnKey(getattr(task, "on_key", OnKey.RETURN)), **changes},
    )


def _key(task: Task, args: Sequence[Any], kwargs: Mapping[str, Any], changes: Mapping[str, Any]) -> str | None:
    key = key_of(getattr(task, "key", None), args, kwargs)
    if key is None and changes.get("on_key") in FOLLOWING:
        raise InvalidTask(
            f"{task.module_path} has no key here: declare one with @task(key=...), or call using(key=...)."
        )
    return key


def _checked(args: Sequence[Any], kwargs: Mapping[str, Any], where: str = "") -> Payload:
    limit = conf.options().max_payload_bytes
    return checked(list(args), f"{where}args", limit), checked(dict(kwargs), f"{where}kwargs", limit)


def _policies(task: Task) -> dict[str, Any]:
    # The row is the function's, so it gets what the function declares, not what one enqueue changed.
    return registry.policies_of(registry.functions().get(task.module_path, task))
