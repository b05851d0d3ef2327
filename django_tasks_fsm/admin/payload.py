"""Arguments and results as text for people."""

from __future__ import annotations

import json
from typing import Any

from django.utils.translation import gettext

MOST = 20_000
"""Characters of one payload on a page."""


def pretty(value: Any) -> str:
    """Return JSON in lines, cut where it would be too long for a page."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    if len(text) <= MOST:
        return text
    left = gettext("[%(count)d more characters]") % {"count": len(text) - MOST}
    return f"{text[:MOST]}\n{left}"
