"""``tasks_fsm cancel`` and ``tasks_fsm retry``: many runs at once, by their ids or by what they have in common."""

from __future__ import annotations

import uuid
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext, ngettext

from django_tasks_fsm.cli.arguments import moment, words
from django_tasks_fsm.cli.naming import WRONG, add_common, as_id, database, one_of, queue_named, refused, task_named
from django_tasks_fsm.cli.operating import operator
from django_tasks_fsm.cli.printing import Row, show
from django_tasks_fsm.core.states import UNFINISHED, RunState
from django_tasks_fsm.models import TaskRun
from django_tasks_fsm.models.querysets import Report
from django_tasks_fsm.store.status import CAP, Tally

HELP = {"cancel": "end runs before they start, ask running ones to stop", "retry": "run again what ended badly"}
DEFAULT = {"cancel": tuple(UNFINISHED), "retry": (RunState.FAILED,)}
"""The states that are meant where runs are chosen by task or queue and no state is named."""

Ask = Callable[[str], bool]


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the flags."""
    parser.add_argument("runs", nargs="*", metavar="RUN", help="ids of runs")
    parser.add_argument("--task", default="", metavar="NAME", help="instead of ids: the runs of this task")
    parser.add_argument("--queue", default="", metavar="NAME", help="instead of ids: the runs of this queue")
    parser.add_argument("--state", type=words, default=(), metavar="A,B", help="of these, those in these states")
    parser.add_argument("--since", type=moment, metavar="TIME", help="of these, those enqueued since then")
    parser.add_argument("--reason", default="", metavar="TEXT", help="why, for the history")
    parser.add_argument("--yes", action="store_true", help="do not ask, however many there are")
    add_common(parser)


def handle(verb: str, options: dict[str, Any], write: Callable[[str], Any], ask: Ask | None = None) -> int:
    """Do it and say what has moved; return 1 where nothing has. ``ask`` is called before more than one is moved."""
    using = database(options)
    runs = _by_ids(options, using) if options["runs"] else _by_filters(verb, options, using)
    if ask and not options["yes"] and not _is_wanted(verb, runs, ask):
        runs = runs.none()
    report: Report = getattr(runs, verb)(actor=operator(), reason=options["reason"][:500])
    found = {"database": using, "verb": verb, **as_dict(report)}
    show(found, lines, options, write)
    return 0 if report.moved or report.asked else WRONG


def _by_ids(options: dict[str, Any], using: str) -> Any:
    if options["task"] or options["queue"] or options["state"] or options["since"]:
        raise refused("Name runs, or say which by --task, --queue, --state and --since: one of both.")
    wanted = {_id(text) for text in options["runs"]}
    missing = wanted - set(TaskRun.objects.using(using).filter(pk__in=wanted).values_list("pk", flat=True))
    if missing:
        raise refused(f"There is no run {sorted(map(str, missing))[0]!r}; nothing is done.")
    return TaskRun.objects.using(using).filter(pk__in=wanted)


def _id(text: str) -> uuid.UUID:
    if run_id := as_id(text):
        return run_id
    raise refused(f"{text!r} is not the id of a run.")


def _by_filters(verb: str, options: dict[str, Any], using: str) -> Any:
    if not (options["task"] or options["queue"] or options["state"]):
        raise refused("Name runs by their ids, or say which by --task, --queue or --state.")
    known = [state.value for state in RunState]
    states = [one_of("state of runs", name, known) for name in options["state"]] or DEFAULT[verb]
    runs: QuerySet[TaskRun] = TaskRun.objects.using(using).filter(state__in=states)
    if options["task"]:
        runs = runs.filter(task=task_named(options["task"], using))
    if options["queue"]:
        runs = runs.filter(queue=queue_named(options["queue"], using).pk)
    return runs.filter(enqueued_at__gte=options["since"]) if options["since"] else runs


def _is_wanted(verb: str, runs: QuerySet[TaskRun], ask: Ask) -> bool:
    found = len(runs.order_by().values_list("pk", flat=True)[: CAP + 1])
    if found <= 1:
        return True
    number = Tally(min(found, CAP), found > CAP)
    question = gettext("Cancel %(count)s runs?") if verb == "cancel" else gettext("Retry %(count)s runs?")
    return ask(question % {"count": number})


def as_dict(report: Report) -> dict[str, Any]:
    """Return what a verb did as JSON can hold it."""
    return {
        "moved": len(report.moved),
        "asked": report.asked,
        "left_alone": dict(report.refused),
        "keys_held": [{"run": str(each.run), "bearer": str(each.bearer)} for each in report.keys_held],
    }


def lines(found: Row) -> Iterator[str]:
    """Give both numbers: what has moved, and what was left alone in which state."""
    parts = [ngettext("%(count)d moved", "%(count)d moved", found["moved"]) % {"count": found["moved"]}]
    if found["asked"]:
        parts.append(gettext("%(count)d asked") % {"count": found["asked"]})
    left: dict[str, int] = found["left_alone"]
    of_which = f" ({', '.join(f'{number} {state}' for state, number in left.items())})" if left else ""
    parts.append(gettext("%(count)d left alone") % {"count": sum(left.values())} + of_which)
    yield ", ".join(parts) + "."
    for held in found.get("keys_held", ()):
        yield gettext("The key of %(run)s is borne by %(bearer)s.") % held
