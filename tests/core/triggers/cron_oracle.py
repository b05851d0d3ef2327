"""A second reading of cron expressions: each field by its words, each time by a look at every minute (or second).

It knows neither croniter nor the app's grammar. Not read here: H, which needs croniter's hash.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import product

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
LOW, HIGH = (0, 0, 1, 1, 0, 0), (59, 23, 31, 12, 6, 59)


def number(word: str, place: int) -> int:
    """Return what a word of a field stands for."""
    names = {3: MONTHS, 4: DAYS}.get(place, ())
    found = names.index(word) + LOW[place] if word in names else int(word)
    return 0 if place == 4 and found == 7 else found


def fits(text: str, place: int, value: int) -> bool:
    """Tell whether an ordinary field selects a value: a list of numbers, ranges that may wrap, and steps."""
    for part in text.split(","):
        span, _, step = part.partition("/")
        if span in ("*", "?"):
            first, last = LOW[place], HIGH[place]
        elif "-" in span:
            first, last = (number(word, place) for word in span.split("-"))
            last = 7 if place == 4 and span.endswith("-7") else last
        else:
            first = number(span, place)
            last = HIGH[place] if step else first
        size = HIGH[place] - LOW[place] + 1
        steps = range(0, (last - first) % size + 1 if last != first + size else size, int(step or 1))
        if any((first - LOW[place] + ahead) % size + LOW[place] == value for ahead in steps):
            return True
    return False


def day_fits(text: str, day: date) -> bool:
    """Tell whether the day of month is one of the field, L and W included."""
    last = calendar.monthrange(day.year, day.month)[1]
    for part in text.split(","):
        if part == "l":
            found = day.day == last
        elif part.endswith("w"):
            found = day.day == nearest_weekday(day, int(part[:-1]), last)
        else:
            found = fits(part, 2, day.day)
        if found:
            return True
    return False


def nearest_weekday(day: date, wanted: int, last: int) -> int:
    """Return the working day of the month that lies nearest to a day of it, without leaving the month."""
    wanted = min(wanted, last)  # as croniter has it; Quartz leaves such a month out
    near = [day.replace(day=one) for one in range(1, last + 1) if day.replace(day=one).weekday() < 5]
    return min(near, key=lambda one: (abs(one.day - wanted), one.day)).day


def weekday_fits(text: str, day: date) -> bool:
    """Tell whether the day of the week is one of the field, L and # included."""
    today, last = (day.weekday() + 1) % 7, calendar.monthrange(day.year, day.month)[1]
    for part in text.split(","):
        if part.startswith("l") and part != "l":
            found = number(part[1:], 4) == today and day.day > last - 7
        elif "#" in part:
            word, _, count = part.partition("#")
            found = number(word, 4) == today and (day.day - 1) // 7 + 1 == int(count)
        else:
            found = fits(part, 4, today)
        if found:
            return True
    return False


def times(expression: str, start: datetime, end: datetime) -> Iterator[datetime]:
    """Give every time after ``start`` and up to ``end``: a look at each day, then at each hour, minute and second."""
    minute, hour, day, month, weekday, *rest = expression.lower().split()
    hours = [value for value in range(24) if fits(hour, 1, value)]
    minutes = [value for value in range(60) if fits(minute, 0, value)]
    seconds = [value for value in range(60) if fits(rest[0] if rest else "0", 5, value)]
    today = start.date()
    while today <= end.date():
        if fits(month, 3, today.month) and is_day(day, weekday, today):
            for clock in product(hours, minutes, seconds):
                if start < (found := datetime.combine(today, time(*clock))) <= end:
                    yield found
        today += timedelta(days=1)


def is_day(day: str, weekday: str, today: date) -> bool:
    """Tell whether a day fits: where both fields are restricted, either may."""
    if day in ("*", "?") or weekday in ("*", "?"):
        return (day in ("*", "?") or day_fits(day, today)) and (weekday in ("*", "?") or weekday_fits(weekday, today))
    return day_fits(day, today) or weekday_fits(weekday, today)
