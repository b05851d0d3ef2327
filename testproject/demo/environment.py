"""From the environment that a person names to the directories in which its distributions lie."""

from __future__ import annotations

import os
from pathlib import Path

from django.core.management.base import CommandError

LAYOUTS = ("lib/python*/site-packages", "lib64/python*/site-packages", "Lib/site-packages")


def directories(path: str | None) -> list[str] | None:
    """Return the site-packages below an environment, or the directory itself; None means the running interpreter's."""
    if path is None:
        return None
    root = Path(path).absolute()
    if not root.is_dir():
        raise CommandError(f"--environment: {path!r} is not a directory. Name a virtual environment or site-packages.")
    below = sorted(str(found) for layout in LAYOUTS for found in root.glob(layout) if found.is_dir())
    return list({os.path.realpath(found): found for found in reversed(below)}.values()) or [str(root)]
