"""``tasks_fsm doctor``: what is wrong with settings, database, workers and tasks, what it means, what to do."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from typing import Any

from django.utils.translation import gettext

from django_tasks_fsm.cli.diagnosis import HINT, Finding, findings
from django_tasks_fsm.cli.explain import one_line
from django_tasks_fsm.cli.naming import WRONG, add_common, database
from django_tasks_fsm.cli.printing import Row, show

HELP = "look for what is wrong with settings, database, workers and tasks"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the flags."""
    add_common(parser)


def handle(options: dict[str, Any], write: Callable[[str], Any]) -> int:
    """Write what was found; return 1 where one of it is more than a hint."""
    using = database(options)
    found = list(findings(using))
    wrong = [one for one in found if one.level != HINT]
    show({"database": using, "ok": not wrong, "findings": list(map(_as_dict, found))}, _lines, options, write)
    return WRONG if wrong else 0


def _as_dict(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.id,
        "level": finding.level,
        "problem": finding.problem,
        "meaning": finding.meaning,
        "advice": finding.advice,
    }


def _lines(found: Row) -> Iterator[str]:
    for one in found["findings"]:
        yield one_line("[{level}] {id}: {problem}".format(**one))
        for text in filter(None, (one["meaning"], one["advice"])):
            yield one_line(f"  {text}")
    if found["ok"]:
        yield gettext("Nothing is wrong.")
