"""The grammar of one field of a cron expression: what is allowed, and which values it selects."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

_RANGE = re.compile(r"(?P<low>\w+)(?:-(?P<high>\w+))?(?:/(?P<step>\d+))?", re.ASCII)
_STAR = re.compile(r"\*(?:/(?P<step>\d+))?", re.ASCII)
_HASHED = re.compile(r"h(?:\((?P<low>\d+)-(?P<high>\d+)\))?(?:/(?P<step>\d+))?", re.ASCII)
_MONTH_DAY = "(?:0?[1-9]|[12][0-9]|3[01])"

R_HINT = " (R draws anew at each start: use H, which does not)"


def _names(words: str, first: int) -> Mapping[str, int]:
    return MappingProxyType({word: number for number, word in enumerate(words.split(), first)})


class FieldError(ValueError):
    """Say what is wrong with a field; the expression's error is built from it."""


@dataclass(frozen=True)
class Field:
    """One field: its bounds, its names, and the forms that only it has."""

    name: str
    low: int
    high: int
    names: Mapping[str, int] = field(default_factory=dict)
    aliases: Mapping[int, int] = field(default_factory=dict)
    special: re.Pattern[str] | None = None
    hint: str = ""

    def is_open(self, text: str) -> bool:
        """Tell whether the field selects every value."""
        return text in ("*", "?") or self.selected(text) == frozenset(range(self.low, self.high + 1))

    def special_count(self, text: str) -> int:
        """Return how many items of the field have a form that depends on the month: L, W or #."""
        return 0 if self.special is None else sum(bool(self.special.fullmatch(item)) for item in text.split(","))

    def selected(self, text: str) -> frozenset[int] | None:
        """Return the values that the field selects, None where they depend on the month or the seed.

        Raise FieldError for what is not allowed.
        """
        if text == "?" and self.special is not None:
            return frozenset(range(self.low, self.high + 1))
        if hashed := _HASHED.fullmatch(text):
            self._check_hashed(text, hashed)
            return None
        found = [self._item(item) for item in text.split(",")]
        known = [values for values in found if values is not None]
        return frozenset().union(*known) if len(known) == len(found) else None

    def _item(self, text: str) -> frozenset[int] | None:
        if self.special is not None and self.special.fullmatch(text):
            return None
        if star := _STAR.fullmatch(text):
            return self._range(text, self.low, self.high, star["step"])
        match = _RANGE.fullmatch(text)
        if match is None:
            raise FieldError(f"{text!r} is no {self.name}{self.hint}")
        low = self._number(match["low"])
        if match["high"] is None and match["step"] is None:
            return frozenset({low})
        high = self.high if match["high"] is None else self._number(match["high"])
        return self._range(text, low, high, match["step"])

    def _range(self, text: str, low: int, high: int, step_text: str | None) -> frozenset[int]:
        step = 1 if step_text is None else int(step_text)
        if low == high:
            raise FieldError(f"{text!r} runs from a {self.name} to the same one; write {low} for it, or * for all")
        if low > high and step_text is not None:
            raise FieldError(f"{text!r} has a step and runs over the end of the field; list the values")
        if not 1 <= step <= abs(high - low):
            raise FieldError(f"the step of {text!r} must be from 1 to {abs(high - low)}; for {low} alone write {low}")
        if low > high:
            return frozenset((*range(low, self.high + 1), *range(self.low, high + 1)))
        return frozenset(range(low, high + 1, step))

    def _number(self, text: str) -> int:
        if text in self.names:
            return self.names[text]
        if not text.isdigit():
            raise FieldError(f"{text!r} is no {self.name}{R_HINT if text.startswith('r') else self.hint}")
        number = self.aliases.get(int(text), int(text))
        if not self.low <= number <= self.high:
            raise FieldError(f"{text} is no {self.name}: those go from {self.low} to {self.high}")
        return number

    def _check_hashed(self, text: str, match: re.Match[str]) -> None:
        low, high = (self.low, self.high) if match["low"] is None else (int(match["low"]), int(match["high"]))
        if not self.low <= low < high <= self.high:
            raise FieldError(f"the range of {text!r} must rise, and lie from {self.low} to {self.high}")
        if match["step"] is not None and not 1 <= int(match["step"]) <= high - low:
            raise FieldError(f"the step of {text!r} must be from 1 to {high - low}")


DAY = Field("day of month", 1, 31, special=re.compile(rf"l|{_MONTH_DAY}w|w{_MONTH_DAY}", re.ASCII))
WEEKDAY = Field(
    "day of week",
    0,
    6,
    names=_names("sun mon tue wed thu fri sat", 0),
    aliases=MappingProxyType({7: 0}),
    special=re.compile(r"l[0-7]|(?:[0-7]|sun|mon|tue|wed|thu|fri|sat)#[1-5]", re.ASCII),
)
FIELDS = (
    Field("minute", 0, 59),
    Field("hour", 0, 23),
    DAY,
    Field("month", 1, 12, names=_names("jan feb mar apr may jun jul aug sep oct nov dec", 1)),
    WEEKDAY,
    Field("second", 0, 59, hint=" (of six fields the second is the last one)"),
)
"""In the order of an expression."""
