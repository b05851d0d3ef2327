"""The environment audit as a graph of runs: one ``discover``, a ``verify`` for each distribution, one ``report``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from django.db import transaction

from audit import verification
from audit.claims import ClaimedFiles
from audit.inventory import inventory
from audit.report import DamageFound, Report, is_damaged, stored_report
from audit.summary import Summary, summarise
from audit.throttle import Throttled
from django_tasks_fsm import task
from django_tasks_fsm.context import RunContext

NIGHTLY = "nightly environment audit"
LONGEST_VERIFICATION = 600
"""Seconds; the verification of some 10,000 files takes one or two."""


class Discovery(TypedDict):
    """What ``discover`` has found; ``shadowed`` are distributions that another one of the same name hides."""

    distributions: int
    shadowed: list[str]


@task(queue_name="audit", takes_context=True, max_attempts=3, give_up_on=(NotADirectoryError,))
def discover(context: RunContext, path: Sequence[str] | None = None) -> Discovery:
    """List the distributions in ``path`` (default: this interpreter's) and make a graph of runs that verify them.

    An attempt after a crash, and a rerun, find the former runs and make none but those that are missing.
    """
    found = inventory(path)
    calls = [{"name": one["name"], "location": one["location"]} for one in found]
    context.progress(len(found), len(found), "")
    with transaction.atomic():
        verifications = context.spawn_many(verify, calls, after=[context.run_id])
        context.spawn(report, after=verifications)
    return Discovery(
        distributions=len(found),
        shadowed=[f"{one['name']}: {other}" for one in found for other in one["shadowed"]],
    )


@task(
    queue_name="audit",
    takes_context=True,
    max_attempts=3,
    give_up_on=(DamageFound,),
    timeout=LONGEST_VERIFICATION,
    label=lambda name, location: name,
)
def verify(context: RunContext, name: str, location: str) -> Report:
    """Compare one distribution with its RECORD; raise DamageFound, which another attempt would not repair."""
    report = verification.verify(
        name,
        location,
        claimed=ClaimedFiles([location]),
        progress=Throttled(context.progress),
        check=context.check,
    )
    if is_damaged(report):
        raise DamageFound(report)
    return report


@task(queue_name="audit", takes_context=True, max_attempts=3)
def report(context: RunContext) -> Summary:
    """Add up the reports of the verifications that this run has waited for."""
    results: dict[str, Report | str] = {}
    for ended in context.prerequisites():
        found = stored_report(ended.result)
        results[found["name"] if found else f"run {ended.run_id}"] = found or f"Its result is no report: {ended.state}."
    return summarise(results)


discover.schedule(NIGHTLY, cron="15 3 * * *", timezone="UTC")
