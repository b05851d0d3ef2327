"""How late runs start, as people read it."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.translation import gettext, ngettext

from django_tasks_fsm.admin.times import duration
from django_tasks_fsm.core.latency import Latency


def brief_latency(latency: Latency | None) -> str:
    """Return median and 95th percentile, a dash where no run has started lately."""
    if latency is None:
        return format_html('<span class="{}">\N{EN DASH}</span>', "quiet")
    return f"{duration(latency.median)} / {duration(latency.p95)}"


def told_latency(latency: Latency | None) -> str:
    """Return the whole of it as a sentence."""
    if latency is None:
        return gettext("no run has started lately")
    words = ngettext(
        "half within %(median)s, 95 %% within %(p95)s, at most %(longest)s; of the newest run",
        "half within %(median)s, 95 %% within %(p95)s, at most %(longest)s; of the newest %(count)d runs",
        latency.count,
    )
    numbers = {"median": latency.median, "p95": latency.p95, "longest": latency.longest}
    return words % {"count": latency.count, **{name: duration(length) for name, length in numbers.items()}}
