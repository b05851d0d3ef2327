"""The word that somebody may have meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

LONGEST = 60
"""Letters that are compared: the time that it takes grows with their square."""


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """Return a sentence with the nearest of the known words, with a blank in front; nothing where none is near."""
    words = {word.lower(): word for word in known}
    near = get_close_matches(str(name)[:LONGEST].lower(), words, n=1, cutoff=0.5)
    return f" Did you mean {words[near[0]]!r}?" if near else ""
