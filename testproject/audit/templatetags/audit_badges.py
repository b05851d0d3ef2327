"""States as badges, drawn as the admin draws them."""

from __future__ import annotations

from django import template
from django.utils.html import format_html

from django_tasks_fsm.drawing import icon_svg, word
from django_tasks_fsm.drawing.palette import slug

register = template.Library()


@register.simple_tag
def badge(state: str, size: int = 14) -> str:
    """Return the icon and the word of a state in its colour."""
    # Beside the braces that are filled in, the picture holds constants only, so it may stand in the format.
    picture = icon_svg(state, size)
    return format_html(
        '<span class="fsm-badge fsm-s-{}">' + picture + "<span>{}</span></span>", slug(state), word(state)
    )
