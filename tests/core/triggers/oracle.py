"""When a cron expression fires, by its definition: a walk minute by minute that knows neither croniter nor folds."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
CHANGES = {
    "Europe/Paris": ("2025-03-30", "2025-10-26"),
    "America/New_York": ("2025-03-09", "2025-11-02"),
    "Australia/Lord_Howe": ("2025-04-06", "2025-10-05"),
    "America/Santiago": ("2025-04-06", "2025-09-07"),
    "Antarctica/Troll": ("2025-03-30", "2025-10-26"),
    "Africa/Casablanca": ("2025-02-23", "2025-04-06"),
    "America/St_Johns": ("2025-03-09", "2006-10-29"),
}
EXPRESSIONS = (
    "30 2 * * *",
    "0 0 * * *",
    "0 3 * * *",
    "30 23 * * *",
    "15,45 1-3 * * *",
    "*/20 1-3 * * *",
    "0 */2 * * *",
    "10 0-23 * * *",
    "30 * * * *",
    "*/7 * * * *",
    "0,50 1 * * *",
    "5 0,1,2 * * *",
)


def values(field: str, size: int) -> set[int]:
    """Read the forms that the expressions above use."""
    span, _, step = field.partition("/")
    parts = [f"0-{size - 1}"] if span == "*" else span.split(",")
    bounds = [(part.split("-")[0], part.split("-")[-1]) for part in parts]
    return {value for low, high in bounds for value in range(int(low), int(high) + 1, int(step or 1))}


@cache
def window(zone: str, day: str) -> tuple[list[datetime], list[datetime]]:
    """Return the minutes around a change, and what the clocks show in each."""
    start = datetime.fromisoformat(f"{day}T00:00+00:00") - timedelta(hours=14)
    minutes = [start + MINUTE * n for n in range(40 * 60)]
    return minutes, [minute.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0) for minute in minutes]


def wanted(expression: str, zone: str, day: str, policy: str = "vixie") -> list[datetime]:
    """Return the instants of a policy by its definition."""
    minutes, shown = window(zone, day)
    minute, hour, *_ = expression.split()
    at, hours = values(minute, 60), values(hour, 24)
    walked = minutes if policy == "utc" else shown
    every_pass = {i for i, local in zip(minutes, walked, strict=True) if local.minute in at and local.hour in hours}
    if policy == "utc" or (policy == "vixie" and hour == "*"):
        return sorted(every_pass)
    first: dict[datetime, datetime] = {}
    for instant, local, before in zip(minutes[1:], shown[1:], shown, strict=False):
        skipped = range(1, max(1, (local - before) // MINUTE)) if policy != "skip" else ()
        for missing in (*(before + MINUTE * n for n in skipped), local):
            first.setdefault(missing, instant)
    found = {instant for local, instant in first.items() if local.minute in at and local.hour in hours}
    return sorted(found | every_pass if policy == "both" else found)
