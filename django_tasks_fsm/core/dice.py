"""The dice for pauses and jitter, which nothing but waiting depends on."""

from __future__ import annotations

import random

DICE = random.Random()
"""Not those of the module ``random``: a task that seeds them would make all workers wait alike. Tests seed these."""
