"""Find the system's Chromium and the driver for it."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# The sandbox needs privileges that containers lack; the rest keeps the browser from calling home.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-sync",
]


class Absent(Exception):
    """Say what is missing for the browser tests."""


def found_chromium() -> str:
    """Return the path of the browser; CHROMIUM overrides the search. Raise Absent if it or its driver is missing."""
    if not find_spec("playwright"):
        raise Absent("playwright is not installed (pip install playwright)")
    wanted = os.environ.get("CHROMIUM")
    for name in [wanted] if wanted else NAMES:
        if path := shutil.which(name):
            return path
    raise Absent(f"{wanted or 'chromium'} is not installed (apt-get install chromium)")
