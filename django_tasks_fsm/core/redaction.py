"""Which names promise a secret, and values without what stands under them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

DOT = "\N{BULLET}"
MASK = DOT * 8
DEEPEST = 60
"""Levels that are looked through; what lies deeper is hidden. Nothing that was enqueued does."""

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_BETWEEN = re.compile(r"[\W_]+")
# Anywhere in a name, but for "secretary" and "tokenize"; then whole words, for "monkey", "author" and "compass".
_TELLING = re.compile(
    r"password|passwd|passphrase|secret(?!ar[iy])|token(?!i(?:z|s[aei]))|credential|cookie|apikey"
    r"|(?<![^\W\d_])(?:pass|pwd|keys?|o?auth|authorization|sessions?|sessionid|bearer|jwt|csrf)(?![^\W\d_])"
)


class MaskMisplaced(ValueError):
    """Say that the mask stands where nothing had been hidden."""


def words(name: str) -> str:
    """Return a name as small words with a line between them: ``api_key`` for ``apiKey`` and ``API-Key``."""
    return _BETWEEN.sub("_", _HUMP.sub("_", name)).strip("_").lower()


@dataclass(frozen=True, slots=True)
class Redaction:
    """What is hidden: under telling names, under ``names`` as they are, and where ``more`` are words of a name."""

    names: frozenset[str] = frozenset()
    more: tuple[str, ...] = ()
    everything: bool = False

    def hides(self, name: str) -> bool:
        """Tell whether what stands under this name is hidden."""
        if self.everything or name in self.names:
            return True
        plain = words(name)
        return bool(_TELLING.search(plain)) or any(f"_{word}_" in f"_{plain}_" for word in self.more)

    def value(self, value: Any, depth: int = 0) -> Any:
        """Return a copy with the mask in place of what is hidden, at any depth."""
        if depth > DEEPEST or (self.everything and value is not None):
            return MASK
        if isinstance(value, dict):
            return {key: MASK if self.hides(key) else self.value(item, depth + 1) for key, item in value.items()}
        if isinstance(value, list):
            return [self.value(item, depth + 1) for item in value]
        return value

    def args(self, args: Sequence[Any], parameters: Iterable[str], rest: str = "") -> list[Any]:
        """Return positional arguments, hidden by the names of their parameters; ``rest`` is that of ``*rest``."""
        names = [*parameters][: len(args)]
        names += [rest] * (len(args) - len(names))
        return [MASK if self.hides(name) else self.value(arg) for name, arg in zip(names, args, strict=True)]

    def kwargs(self, kwargs: Mapping[str, Any], parameters: Iterable[str], rest: str = "") -> dict[str, Any]:
        """Return keyword arguments, hidden by their names; ``rest`` is that of ``**rest``, which takes the unknown."""
        known, hides_rest = set(parameters), self.hides(rest)
        return {
            name: MASK if self.hides(name) or (hides_rest and name not in known) else self.value(value)
            for name, value in kwargs.items()
        }


def restored(given: Any, shown: Any, stored: Any) -> Any:
    """Return ``given`` with the stored value wherever it still has the mask that ``shown`` has.

    Raise MaskMisplaced for the mask in another place, or what is left of it: what it stands for cannot be told.
    """
    if given == shown == MASK:
        return stored
    if isinstance(given, str) and DOT in given and given != shown and (shown == MASK or not given.strip(DOT)):
        raise MaskMisplaced
    if isinstance(given, dict):
        olds = (shown, stored) if isinstance(shown, dict) and isinstance(stored, dict) else ({}, {})
        return {key: restored(item, olds[0].get(key), olds[1].get(key)) for key, item in given.items()}
    if isinstance(given, list):
        pairs = list(_pairs(given, shown, stored)) if isinstance(shown, list) and isinstance(stored, list) else []
        pairs += [(None, None)] * (len(given) - len(pairs))
        return [restored(item, *old) for item, old in zip(given, pairs, strict=True)]
    return given


def _pairs(given: list[Any], shown: list[Any], stored: list[Any]) -> Iterator[tuple[Any, Any]]:
    # Not for an item that may have moved: one secret must not silently become that of another item.
    before, after = Counter(map(repr, shown)), Counter(map(repr, given))
    is_as_long, is_front = len(given) == len(shown), True
    for item, old in zip(given, zip(shown, stored, strict=True), strict=False):
        is_same = item == old[0]
        is_front = is_front and is_same
        if is_as_long:
            stands = is_same or not before[repr(item)]
        else:
            stands = is_front and before[repr(item)] == after[repr(item)]
        yield old if stands else (None, None)
