"""Text from outside, made safe and short enough for a picture."""

from __future__ import annotations

import re
import unicodedata

MAX_TEXT = 120
MAX_HREF = 2000

# What XML 1.0 forbids, what cannot be encoded (lone surrogates), the C1 controls, and the marks that turn the reading
# direction round: with those a name could be shown as another.
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_SPACE = re.compile(r"[\t\r\n\u0085\u2028\u2029]")

_ELLIPSIS = "\u2026"
_USUAL_WIDTH, _FOREIGN_WIDTH, _FULL_WIDTH = 0.62, 0.72, 1.0
_LAST_LATIN = "\u024f"
_WIDTHS = {
    **dict.fromkeys("iljI.,:;'|", 0.32),
    **dict.fromkeys("ftr()[]!-/ ", 0.38),
    **dict.fromkeys("ABCEFKLPRSTVXYZ_", 0.67),
    **dict.fromkeys("DGHNOQU&", 0.77),
    **dict.fromkeys("wM#+<=>^~", 0.84),
    **dict.fromkeys(f"mW@%{_ELLIPSIS}", _FULL_WIDTH),
}
"""Rough widths in em of a broad font: no font is needed where the picture is made, and a narrow one leaves room."""


def clean(text: object) -> str:
    """Return ``text`` as characters that XML and UTF-8 can hold, at most 120 of them.

    Every text from outside passes here; markup is escaped by the element writer that it is handed to.
    """
    whole = str(text)
    shown = whole if len(whole) <= MAX_TEXT else whole[: MAX_TEXT - 1] + _ELLIPSIS
    return _UNFIT.sub("\ufffd", _SPACE.sub(" ", shown))


def width(text: str, size: float) -> float:
    """Return how many pixels ``text`` takes at a font size, roughly."""
    return sum(_character_width(character) for character in text) * size


def fit(text: str, room: float, size: float) -> str:
    """Return ``text``, cut with an ellipsis where it would be wider than ``room`` pixels."""
    if width(text, size) <= room:
        return text
    left = room / size - _character_width(_ELLIPSIS)
    for count, character in enumerate(text):
        left -= _character_width(character)
        if left < 0:
            return text[:count].rstrip("_ ") + _ELLIPSIS
    return text


def safe_href(href: str) -> str:
    """Return a link that can only lead to a page, or nothing: no script, no data, no unfit characters."""
    usable = href.startswith("/") or href.lower().startswith(("http://", "https://"))
    if not usable or len(href) > MAX_HREF or _UNFIT.search(href) or _SPACE.search(href):
        return ""
    return href


def _character_width(character: str) -> float:
    """Return the width of one character in em."""
    if character in _WIDTHS:
        return _WIDTHS[character]
    if unicodedata.combining(character):
        return 0.0
    if unicodedata.east_asian_width(character) in "WF":
        return _FULL_WIDTH
    return _USUAL_WIDTH if character <= _LAST_LATIN else _FOREIGN_WIDTH
