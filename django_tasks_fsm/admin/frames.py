"""A traceback with the project's own frames in bold: the line that somebody can mend is seldom the last."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.utils.html import format_html, format_html_join

FRAME = re.compile(r'^ *(?:\| *)*File "(?P<path>[^"]+)", line \d+')
FOREIGN = re.compile(r"^<|[/\\](?:site-packages|dist-packages|django_tasks_fsm|python\d[\d.]*)[/\\]")


def with_own_frames(traceback: str) -> str:
    """Return a traceback as safe markup."""
    return format_html_join("\n", "{}", ((line,) for line in _lines(traceback)))


def _lines(traceback: str) -> Iterator[str]:
    is_own = False
    for line in traceback.splitlines():
        frame = FRAME.match(line)
        if frame:
            is_own = not FOREIGN.search(frame["path"])
        elif not line.startswith((" ", "|")):
            is_own = False
        yield format_html("<b>{}</b>", line) if is_own else line
