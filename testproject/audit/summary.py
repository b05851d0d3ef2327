"""Add the reports of all verifications up to one result that fits a JSON field and a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, TypedDict

from audit.report import IS_DAMAGED, DamageFound, Report, is_damaged

SLOWEST = 10

Outcome = Literal["intact", "damaged", "unverifiable", "failed"]


class Totals(TypedDict):
    """How many distributions ended how, and the work that the reports tell of; ``seconds`` is the sum over all runs."""

    distributions: int
    intact: int
    damaged: int
    unverifiable: int
    failed: int
    files_checked: int
    bytes_hashed: int
    seconds: float


class Timing(TypedDict):
    """The time that one distribution took."""

    name: str
    version: str
    seconds: float
    files_checked: int
    bytes_hashed: int


class Remark(TypedDict):
    """One distribution and what is to be said about it."""

    name: str
    text: str


class Summary(TypedDict):
    """The result of an audit; ``failed`` are verifications that ended without an answer."""

    totals: Totals
    slowest: list[Timing]
    damaged: list[Remark]
    unverifiable: list[Remark]
    failed: list[Remark]


def summarise(results: Mapping[str, Report | str]) -> Summary:
    """Add up the results by distribution: the report of a verification, or the error text of one that failed.

    An error text in the words of DamageFound counts as damage, any other as a failure of the verification.
    """
    reports = [result for result in results.values() if not isinstance(result, str)]
    outcomes = {name: outcome(result) for name, result in results.items()}
    return Summary(
        totals=_totals(list(outcomes.values()), reports),
        slowest=[_timing(report) for report in sorted(reports, key=_slowest_first)[:SLOWEST]],
        damaged=_remarks("damaged", outcomes, results),
        unverifiable=_remarks("unverifiable", outcomes, results),
        failed=_remarks("failed", outcomes, results),
    )


def outcome(result: Report | str) -> Outcome:
    """Return how one verification ended."""
    if isinstance(result, str):
        return "damaged" if IS_DAMAGED in result else "failed"
    if is_damaged(result):
        return "damaged"
    return "unverifiable" if result["unverifiable"] else "intact"


def _totals(outcomes: list[Outcome], reports: Iterable[Report]) -> Totals:
    totals = Totals(
        distributions=len(outcomes),
        intact=outcomes.count("intact"),
        damaged=outcomes.count("damaged"),
        unverifiable=outcomes.count("unverifiable"),
        failed=outcomes.count("failed"),
        files_checked=0,
        bytes_hashed=0,
        seconds=0.0,
    )
    for report in reports:
        totals["files_checked"] += report["files_checked"]
        totals["bytes_hashed"] += report["bytes_hashed"]
        totals["seconds"] += report["seconds"]
    return totals


def _remarks(wanted: Outcome, outcomes: Mapping[str, Outcome], results: Mapping[str, Report | str]) -> list[Remark]:
    return [Remark(name=name, text=_text(results[name])) for name in sorted(outcomes) if outcomes[name] == wanted]


def _text(result: Report | str) -> str:
    if isinstance(result, str):
        return result
    return str(DamageFound(result)) if is_damaged(result) else result["unverifiable"] or ""


def _slowest_first(report: Report) -> tuple[float, str]:
    return -report["seconds"], report["name"]


def _timing(report: Report) -> Timing:
    return Timing(
        name=report["name"],
        version=report["version"],
        seconds=report["seconds"],
        files_checked=report["files_checked"],
        bytes_hashed=report["bytes_hashed"],
    )
