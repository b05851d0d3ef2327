"""What an audit has come to, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from django.template.defaultfilters import filesizeformat

from audit.phase import Phase
from audit.report import printable
from audit.standing import Row, Standing

SLOWEST = 3
NAMED = 10
NEXT = "When it is repaired, press Retry on the pages of these runs in the admin, or start a new audit."


def lines(standing: Standing) -> Iterator[str]:
    """Yield the totals, the slowest and what needs a person."""
    summary = standing.summary
    totals = summary["totals"]
    yield (
        f"Audit: {totals['distributions']} distributions: {totals['intact']} intact, {totals['damaged']} damaged, "
        f"{totals['unverifiable']} not verifiable, {totals['failed']} without an answer."
    )
    yield f"Files: {totals['files_checked']} compared, {_size(totals['bytes_hashed'])} read."
    slowest = [f"{printable(one['name'])} {one['seconds']:.2f} s" for one in summary["slowest"][:SLOWEST]]
    if slowest:
        yield f"Slowest: {', '.join(slowest)}."
    for remark in summary["unverifiable"][:NAMED]:
        yield f"Not verifiable: {printable(remark['name'])}. {printable(remark['text'])}"


def trouble(standing: Standing) -> str:
    """Return why the audit cannot be finished and how it could, or nothing when it is done."""
    if standing.phase is Phase.DONE:
        return ""
    if standing.phase is Phase.FAILED:
        return f"The audit has failed: {printable(standing.failure)} Press Retry on the page of the run in the admin."
    rows = standing.troubled
    told = [f"  {_told(row)}" for row in rows[:NAMED]]
    if len(rows) > NAMED:
        told.append(f"  and {len(rows) - NAMED} more")
    return "\n".join(["The report waits for verifications that have ended without a result:", *told, NEXT])


def _told(row: Row) -> str:
    name, text = printable(row.name), printable(row.text)
    return text if text.startswith(f"{name} ") else f"{name}: {text}"


def _size(count: int) -> str:
    return filesizeformat(count).replace("\N{NO-BREAK SPACE}", " ")
