"""What may be a name."""

from __future__ import annotations

import re

QUEUE_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
"""A queue: it must fit a column, a command line with commas, a NOTIFY payload and a URL."""
