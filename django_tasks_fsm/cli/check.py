"""``tasks_fsm check``: whether the rows fit together, by rules that hold at every commit."""

from __future__ import annotations

import uuid
from argparse import ArgumentParser
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext, ngettext

from django_tasks_fsm.cli.arguments import positive_int, words
from django_tasks_fsm.cli.diagnosis import ERROR
from django_tasks_fsm.cli.explain import one_line
from django_tasks_fsm.cli.naming import WRONG, add_common, database, unknown
from django_tasks_fsm.cli.printing import Row, cell, show, utc
from django_tasks_fsm.store.check import AGAIN_AFTER, RULES, Culprit, Finding, check, of_codes

HELP = "look for rows that do not fit together"
NOTE = "note"
SAMPLES = 5


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the flags."""
    parser.add_argument(
        "--only", type=words, default=(), metavar="A,B", help="these rules, or families, such as H,P302"
    )
    parser.add_argument(
        "--samples", type=positive_int, default=SAMPLES, metavar="N", help=f"show N of each (default {SAMPLES})"
    )
    parser.add_argument("--strict", action="store_true", help="let notes count as errors")
    add_common(parser)


def handle(options: dict[str, Any], write: Callable[[str], Any]) -> int:
    """Write what was found; return 1 where one of it is more than a note."""
    using = database(options)
    rules = of_codes(_known(options["only"]))
    report = check(rules, using, AGAIN_AFTER)
    wrong = report.findings if options["strict"] else report.broken
    found = {
        "database": using,
        "ok": not wrong,
        "rules": [rule.code for rule in rules],
        "findings": [_as_dict(one, options["samples"]) for one in report.findings],
        "seconds": {",".join(codes): round(taken, 3) for codes, taken in report.seconds.items()},
    }
    show(found, _lines, options, write)
    return WRONG if wrong else 0


def _known(codes: Collection[str]) -> list[str]:
    wanted = [code.upper() for code in codes]
    for code in wanted:
        if not of_codes([code]):
            raise unknown("rule", code, [rule.code for rule in RULES])
    return wanted


def _as_dict(finding: Finding, samples: int) -> dict[str, Any]:
    rule = finding.invariant
    return {
        "code": rule.code,
        "level": NOTE if rule.is_note else ERROR,
        "rule": str(rule.title),
        "count": {"count": len(finding.culprits), "more": finding.more},
        "samples": [_sample(culprit) for culprit in finding.culprits[:samples]],
        "meaning": str(rule.meaning),
        "advice": str(rule.advice),
    }


def _sample(culprit: Culprit) -> dict[str, Any]:
    facts = {name.replace("__", "_"): _plain(value) for name, value in culprit.facts.items()}
    return {"kind": culprit.kind, "id": _plain(culprit.id), "facts": facts}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return utc(value)
    return str(value) if isinstance(value, uuid.UUID) else value


def _lines(found: Row) -> Iterator[str]:
    for one in found["findings"]:
        number = ngettext("broken %(count)s time", "broken %(count)s times", one["count"]["count"])
        told = number % {"count": cell(one["count"])}
        yield one_line(f"[{one['level']}] {one['code']}: {one['rule']} ({told})")
        for sample in one["samples"]:
            yield one_line(f"    {sample['kind']} {sample['id']}{_facts(sample['facts'])}")
        yield from (one_line(f"  {text}") for text in (one["meaning"], one["advice"]))
    if found["ok"]:
        yield gettext("Nothing is wrong.")


def _facts(facts: Mapping[str, Any]) -> str:
    return "".join(f" {name}={cell(value)}" for name, value in facts.items())
