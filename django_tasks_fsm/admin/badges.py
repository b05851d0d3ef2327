"""States as badges, and as marks in a row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext, ngettext

from django_tasks_fsm.core.states import FINAL
from django_tasks_fsm.drawing import icon_svg, word
from django_tasks_fsm.drawing.palette import slug

_TALL = frozenset({"FAILED", "ABORTED"})
_LOW = frozenset({"CANCELLED", "SKIPPED"})


def badge(state: str, label: str = "", big: bool = False) -> str:
    """Return icon and word of a state in its colour."""
    # The icon holds constants only (and no braces), so it may stand in the format.
    picture = icon_svg(state, 20 if big else 14)
    frame = '<span class="fsm-badge fsm-s-{}{}">' + picture + "<span>{}</span></span>"
    return format_html(frame, slug(state), " fsm-big" if big else "", label or word(state))


def strip(states: Sequence[str]) -> str:
    """Return a row of marks for the last runs, oldest first: colour and height tell how each ended."""
    if not states:
        return format_html('<span class="{}">\N{EN DASH}</span>', "quiet")
    mark = '<rect class="fsm-s-{}{}" x="{}" y="{}" width="7" height="{}" rx="1"/>'
    marks = format_html_join("", mark, _marks(states))
    return format_html(
        '<svg class="fsm-hist" role="img" aria-label="{0}" width="{1}" height="16" viewBox="0 0 {1} 16">'
        "<title>{0}</title>{2}</svg>",
        _summary(states), len(states) * 9 - 2, marks,
    )  # fmt: skip


def _marks(states: Sequence[str]) -> list[tuple[str, str, int, int, int]]:
    heights = [16 if state in _TALL else 7 if state in _LOW else 11 for state in states]
    hollow = ["" if state in FINAL else " fsm-hollow" for state in states]
    parts = zip(states, hollow, heights, strict=True)
    return [(slug(state), extra, at * 9, 16 - high, high) for at, (state, extra, high) in enumerate(parts)]


def _summary(states: Sequence[str]) -> str:
    counted = [{"count": count, "state": word(state).lower()} for state, count in Counter(states).items()]
    counts = gettext(", ").join(gettext("%(count)d %(state)s") % one for one in counted)
    number = len(states)
    text = ngettext("The last run: %(counts)s", "The last %(count)d runs, the newest at the end: %(counts)s", number)
    return text % {"count": number, "counts": counts}
