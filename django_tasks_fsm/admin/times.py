"""Times and durations as people read them, in the current time zone and language."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.translation import gettext, pgettext

MINUTE, HOUR, DAY = 60, 3600, 86400


def duration(length: timedelta | float) -> str:
    """Return a length of time in its two largest units: "1 min 11 s"; below ten seconds with a decimal."""
    seconds = max(0.0, length.total_seconds() if isinstance(length, timedelta) else length)
    whole = round(seconds)
    if seconds < 9.95:
        return gettext("%(seconds)s s") % {"seconds": number_format(round(seconds, 1), 1 if seconds >= 0.05 else 0)}
    if whole < MINUTE:
        return gettext("%(seconds)s s") % {"seconds": whole}
    if whole < HOUR:
        return gettext("%(minutes)d min %(seconds)02d s") % {"minutes": whole // MINUTE, "seconds": whole % MINUTE}
    if whole < DAY:
        return gettext("%(hours)d h %(minutes)02d min") % {"hours": whole // HOUR, "minutes": whole % HOUR // MINUTE}
    return gettext("%(days)d d %(hours)d h") % {"days": whole // DAY, "hours": whole % DAY // HOUR}


def relative(moment: datetime, now: datetime | None = None) -> str:
    """Return how far a moment lies ahead or back."""
    ahead = (moment - (now or timezone.now())).total_seconds()
    if abs(ahead) < 1:
        return gettext("now")
    if ahead > 0:
        return gettext("in %(duration)s") % {"duration": duration(ahead)}
    return gettext("%(duration)s ago") % {"duration": duration(-ahead)}


def absolute(moment: datetime) -> str:
    """Return date and time to the second; the year only where it is another than this one."""
    local = _local(moment)
    if local.year == _local(timezone.now()).year:
        return date_format(local, pgettext("format of the date filter: this year", "j M, H:i:s"))
    return date_format(local, pgettext("format of the date filter: another year", "j M Y, H:i:s"))


def _local(moment: datetime) -> datetime:
    return timezone.localtime(moment) if timezone.is_aware(moment) else moment


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
    late = timezone.now() - moment
    if late < timedelta(seconds=1):
        return _titled(moment, relative(moment))
    return _titled(moment, gettext("%(duration)s late") % {"duration": duration(late)})


def _titled(moment: datetime, text: str) -> str:
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(), absolute(moment), text)


def both(moment: datetime | None) -> str:
    """Return a moment as a time element with how far away it is behind it."""
    if moment is None:
        return stamp(None)
    return format_html('{} <span class="quiet fsm-rel">{}</span>', stamp(moment), relative(moment))
