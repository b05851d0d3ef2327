"""Where the run stands by itself."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext

from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import Worker
from django_tasks_fsm.store.gates.record import NOTHING, Gate, Seen, Sentence


def state(seen: Seen) -> Iterator[Gate]:
    """Tell whether the run is one that waits to start."""
    match RunState(seen.run.state):
        case RunState.PREPARE:
            fact, way_out = gettext("It is being prepared."), gettext("Let it go (prepared).")
            yield Gate("state", False, Sentence(fact), Sentence(way_out))
        case RunState.PENDING:
            yield Gate("state", True, Sentence(gettext("It is pending.")))
        case RunState.QUEUED:
            yield Gate("state", True, Sentence(gettext("It is queued: the next free worker takes it.")))
        case RunState.RUNNING:
            yield _running(seen)
        case ended:
            yield _ended(seen, ended)


def _running(seen: Seen) -> Gate:
    run = seen.run
    name = Worker.objects.using(seen.using).filter(pk__in=[run.worker_id]).values_list("name", flat=True).first()
    fact = gettext("It has been running since {since}, in the worker {what}.")
    values = {"since": run.started_at, "what": name or str(run.worker_id)}
    return Gate("state", False, Sentence(fact, values), NOTHING, "worker" if name else "", run.worker_id)


def _ended(seen: Seen, ended: RunState) -> Gate:
    fact = {
        RunState.DONE: gettext("It was done at {at}."),
        RunState.FAILED: gettext("It failed at {at}."),
        RunState.CANCELLED: gettext("It was cancelled at {at}."),
        RunState.SKIPPED: gettext("It was skipped at {at}."),
        RunState.ABORTED: gettext("It was aborted at {at}."),
    }[ended]
    way_out = {
        RunState.DONE: gettext("Run it again (rerun)."),
        RunState.FAILED: gettext("Retry it, or give its result by hand (resolve)."),
        RunState.CANCELLED: gettext("Retry it."),
        RunState.SKIPPED: gettext("Retry it."),
        RunState.ABORTED: gettext("It has ended for good: start its task anew."),
    }[ended]
    return Gate("state", False, Sentence(fact, {"at": seen.run.finished_at}), Sentence(way_out), detail=seen.run.error)
