"""States, times and links for the templates of the admin."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from django import template
from django.utils.html import format_html

from django_tasks_fsm.admin import badges, frames, names, times
from django_tasks_fsm.admin.links import Links
from django_tasks_fsm.admin.verb_forms import zone_note
from django_tasks_fsm.drawing import Node, icon_svg, word

register = template.Library()

register.filter("moment", times.both)
register.filter("stamp", times.stamp)
register.filter("relative", times.relative)
register.filter("clock", times.clock)
register.filter("percent", times.percent)
register.filter("tail", names.tail)
register.filter("short_error", names.short_error)
register.filter("own_frames", frames.with_own_frames)
register.simple_tag(zone_note, name="zone_sentence")


@register.simple_tag
def state_badge(state: str, big: bool = False) -> str:
    """Return the badge of a state."""
    return badges.badge(state, big=big)


@register.simple_tag
def state_icon(state: str) -> str:
    """Return icon and word of a state, for a legend."""
    return format_html(icon_svg(state, 14) + " {}", word(state))


@register.simple_tag
def node_link(node: Node) -> str:
    """Return the name of a node, as a link where it leads somewhere."""
    if not node.href:
        return format_html("{} {}", node.label, node.note)
    return format_html('<a href="{}">{}</a> <span class="quiet">{}</span>', node.href, node.label, node.note)


@register.simple_tag
def worker_link(worker_id: uuid.UUID | None, known: Mapping[uuid.UUID, str], links: Links) -> str:
    """Return the name of a worker, or the end of its id where its row has gone."""
    if worker_id is None:
        return ""
    href = links.page("worker", worker_id) if worker_id in known else ""
    name = known.get(worker_id, names.tail(worker_id))
    return format_html('<a href="{}">{}</a>', href, name) if href else name
