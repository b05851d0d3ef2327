"""Rows as text for people and as JSON for scripts: the columns of a table are the keys of the JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django_tasks_fsm.cli.explain import one_line
from django_tasks_fsm.models.moments import instant
from django_tasks_fsm.store.status import Tally

Row = Mapping[str, Any]
WIDEST = 60
"""Characters of one cell."""


def utc(moment: datetime | None) -> str | None:
    """Return a moment that was read from a column as ISO 8601 in UTC."""
    return None if moment is None else instant(moment).astimezone(UTC).isoformat().replace("+00:00", "Z")


def seconds(length: timedelta | None) -> float | None:
    """Return a length in seconds, to the millisecond."""
    return None if length is None else round(length.total_seconds(), 3)


def count(tally: Tally) -> dict[str, Any]:
    """Return a number that may be cut off as JSON."""
    return {"count": tally.number, "more": tally.more}


def show(found: Row, lines: Callable[[Any], Iterable[str]], options: Mapping[str, Any], write: Any) -> None:
    """Write ``found`` as one JSON object where that was asked for, else the lines that ``lines`` makes of it."""
    write(json.dumps(found, ensure_ascii=False) if options["json"] else "\n".join(lines(found)))


def table(rows: Sequence[Row], columns: Sequence[str]) -> Iterator[str]:
    """Give a table with a line for its columns; nothing where there are no rows."""
    if not rows:
        return
    cells = [list(columns), *([cell(row[name]) for name in columns] for row in rows)]
    widths = [max(len(line[place]) for line in cells) for place in range(len(columns))]
    for line in cells:
        yield "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()


def pairs(facts: Row) -> Iterator[str]:
    """Give a line for each fact that there is."""
    width = max(map(len, facts), default=0)
    for name, value in facts.items():
        if value not in (None, "", [], {}):
            yield f"{name:<{width}}  {cell(value, most=1_000)}"


def cell(value: Any, most: int = WIDEST) -> str:
    """Return a value on one line: what somebody has written must not forge another one."""
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping) and set(value) == {"count", "more"}:
        return str(Tally(value["count"], value["more"]))
    if isinstance(value, (list, tuple)) and all(isinstance(one, str) for one in value):
        value = ",".join(value) or "-"
    text = one_line(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
    return text if len(text) <= most else text[: most - 3] + "..."
