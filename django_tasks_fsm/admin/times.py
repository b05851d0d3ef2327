"""Times and durations as people read them, in the current time zone and language."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext, pgettext

from django_tasks_fsm.pictures.words import duration, local, relative

__all__ = ["absolute", "both", "brief", "clock", "due", "duration", "percent", "planned", "relative", "stamp"]

_TIME = '<time datetime="{}" title="{}">{}</time>'


def percent(number: int) -> str:
    """Return a share of a hundred."""
    return gettext("%(number)d %%") % {"number": number}


def absolute(moment: datetime) -> str:
    """Return date and time to the second; the year only where it is another than this one."""
    here = local(moment)
    if here.year == local(timezone.now()).year:
        return date_format(here, pgettext("format of the date filter: this year", "j M, H:i:s"))
    return date_format(here, pgettext("format of the date filter: another year", "j M Y, H:i:s"))


def clock(moment: datetime) -> str:
    """Return the time of day to the second."""
    return date_format(local(moment), "H:i:s")


def stamp(moment: datetime | None) -> str:
    """Return a moment as a time element, a dash where there is none."""
    if moment is None:
        return format_html('<span class="{}">\N{EN DASH}</span>', "quiet")
    return format_html('<time datetime="{}">{}</time>', moment.isoformat(), absolute(moment))


def brief(moment: datetime | None) -> str:
    """Return how far away a moment is, as a time element that tells date and time when a pointer rests on it."""
    return stamp(None) if moment is None else _titled(moment, relative(moment))


def planned(moment: datetime) -> str:
    """Return how far ahead a planned moment is, or how late it is already, as a time element."""
    frame = '<time class="fsm-late" datetime="{}" title="{}">{}</time>' if is_late(moment) else _TIME
    zone = date_format(local(moment), "T")
    return format_html(frame, moment.isoformat(), f"{absolute(moment)} {zone}".strip(), _ahead(moment))


def is_late(moment: datetime) -> bool:
    """Tell whether a planned moment has passed."""
    return timezone.now() - moment >= timedelta(seconds=1)


def _ahead(moment: datetime) -> str:
    if not is_late(moment):
        return relative(moment)
    return gettext("%(duration)s late") % {"duration": duration(timezone.now() - moment)}


def due(moment: datetime) -> str:
    """Return a planned moment as a time element with how far ahead it is, or how late, behind it."""
    return format_html('{} <span class="quiet fsm-rel">{}</span>', stamp(moment), _ahead(moment))


def _titled(moment: datetime, text: str) -> str:
    return format_html(_TIME, moment.isoformat(), absolute(moment), text)


def both(moment: datetime | None) -> str:
    """Return a moment as a time element with how far away it is behind it."""
    if moment is None:
        return stamp(None)
    return format_html('{} <span class="quiet fsm-rel">{}</span>', stamp(moment), relative(moment))
