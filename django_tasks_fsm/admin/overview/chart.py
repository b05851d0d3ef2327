"""The bars of the runs per hour, as numbers for a picture and as rows of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext

from django_tasks_fsm.admin.overview.hours import Hour
from django_tasks_fsm.pictures.words import local

TOP, HIGH = 8, 128
"""Where the plot begins, and its height, in pixels; its width is given in percent."""
LEFT, STEP, WIDE = 8.0, 3.8, 3.0
LABELLED = 4
"""Every fourth bar has its hour below it."""
LINES = 4


@dataclass(frozen=True, slots=True)
class Bar:
    """One hour: x in percent, the rest in pixels."""

    x: str
    y: int
    height: int
    failed_y: int
    failed_height: int
    clock: str
    label: str
    made: str
    failed: str
    title: str


@dataclass(frozen=True, slots=True)
class Chart:
    """The bars, the lines behind them as (y, y of the words, words), and what it tells in one sentence."""

    bars: Sequence[Bar]
    grid: Sequence[tuple[int, int, str]]
    title: str
    is_capped: bool


def chart(hours: Sequence[Hour]) -> Chart:
    """Draw the hours on a scale that ends in a round number."""
    top = _round_up(max((max(hour.made, hour.failed) for hour in hours), default=0))
    lines = [(top * line // LINES, TOP + HIGH - HIGH * line // LINES) for line in range(LINES + 1)]
    grid = [(y, y + 4, _number(value)) for value, y in lines]
    return Chart([_bar(*row, top) for row in enumerate(hours)], grid, _title(hours), any(one.is_more for one in hours))


def _round_up(most: int) -> int:
    """Return the next number that four lines divide evenly."""
    size = 4
    while True:
        for factor in (1, 2, 5):
            if factor * size >= most:
                return factor * size
        size *= 10


def _bar(number: int, hour: Hour, top: int) -> Bar:
    # What failed in this hour may have been made before it: then all of the bar is hatched, and higher.
    high = round(HIGH * max(hour.made, hour.failed) / top)
    lost = min(high, max(2, round(HIGH * hour.failed / top))) if hour.failed else 0
    clock, made = _clock(hour.start), _number(hour.made) + ("+" if hour.is_more else "")
    failed = _number(hour.failed)
    return Bar(
        x=f"{LEFT + number * STEP:.1f}",
        y=TOP + HIGH - high + lost,
        height=high - lost,
        failed_y=TOP + HIGH - high,
        failed_height=lost,
        clock=clock,
        label=clock if number % LABELLED == 0 else "",
        made=made,
        failed=failed,
        title=gettext("%(hour)s: %(made)s made, %(failed)s failed") % {"hour": clock, "made": made, "failed": failed},
    )


def _title(hours: Sequence[Hour]) -> str:
    made, failed = sum(hour.made for hour in hours), sum(hour.failed for hour in hours)
    made_words = _number(made) + ("+" if any(hour.is_more for hour in hours) else "")
    text = gettext("In the last 24 hours %(made)s runs were made, and %(failed)s failed.")
    return text % {"made": made_words, "failed": _number(failed)}


def _clock(moment: datetime) -> str:
    return date_format(local(moment), "H:i")


def _number(value: int) -> str:
    return number_format(value, use_l10n=True, force_grouping=True)
