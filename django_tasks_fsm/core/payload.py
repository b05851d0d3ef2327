"""Turn values into JSON text that SQLite, PostgreSQL, MariaDB and MySQL all store.

``checked`` refuses at enqueue, where the caller can mend the value; ``clean_result`` replaces at finish, where nobody
can.
The limits are the narrowest of the four databases, found by trying: MariaDB ends at depth 31, PostgreSQL refuses NUL
and lone surrogates, all refuse NaN and infinity.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django_tasks_fsm.exceptions import UnstorablePayload

MAX_DEPTH = 30
MAX_BYTES = 1_000_000
MAX_INT_DIGITS = 4_000
TEXT_LIMIT = 64_000
TWO_KEYS = "two keys become {!r} in JSON"

_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False, ensure_ascii=False).encode
_PLAIN = (str, int, float, bool, type(None))


def dumps(value: Any) -> str:
    """Return ``value`` as compact JSON text; raise ValueError or TypeError where JSON has no word for it."""
    return _encode(value)


def checked(value: Any, name: str, limit: int = MAX_BYTES) -> Any:
    """Return ``value`` as it will read back (tuples as lists, bytes as text).

    Raise UnstorablePayload with the path of the culprit, such as ``args[0]['when']``, when any supported database
    would refuse it, and when it takes more than ``limit`` bytes. Nothing is shortened or replaced.
    """
    normal = _normal(value, name, 0)
    size = len(dumps(normal).encode())
    if size > limit:
        raise UnstorablePayload(name, f"it takes {size:,} bytes and the limit is {limit:,}; store a reference instead")
    return normal


def _normal(value: Any, path: str, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise UnstorablePayload(path, f"it is nested more than {MAX_DEPTH} levels deep, or contains itself")
    if isinstance(value, _PLAIN):
        return _scalar(value, path)
    if isinstance(value, bytes):
        return _scalar(_decoded(value, path), path)
    if isinstance(value, Mapping):
        return dict(_pairs(value, path, depth))
    if isinstance(value, Sequence):
        return [_normal(item, f"{path}[{index}]", depth + 1) for index, item in enumerate(value)]
    raise UnstorablePayload(path, f"Unsupported type: {type(value)}")


def _decoded(value: bytes, path: str) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise UnstorablePayload(path, "Unsupported value: bytes that are not UTF-8; encode them as base64") from None


def _pairs(value: Mapping[Any, Any], path: str, depth: int) -> Iterator[tuple[str, Any]]:
    seen: set[str] = set()
    for key, item in value.items():
        text = _key(key, path)
        if text in seen:
            raise UnstorablePayload(path, TWO_KEYS.format(text))
        seen.add(text)
        yield text, _normal(item, f"{path}[{text!r}]", depth + 1)


def _key(key: Any, path: str) -> str:
    # json.dumps turns numbers, booleans and None into text keys; doing it here shows collisions such as 1 and "1".
    if isinstance(key, str):
        return str(_scalar(key, f"{path} key {key[:40]!r}"))
    if isinstance(key, bytes):
        return str(_scalar(_decoded(key, path), f"{path} key {key[:40]!r}"))
    if key is None or isinstance(key, (bool, int, float)):
        return json.dumps(_scalar(key, f"{path} key"))
    raise UnstorablePayload(path, f"a key of type {type(key).__qualname__} cannot be a JSON key")


def _scalar(value: Any, path: str) -> Any:
    if isinstance(value, str):
        return _text(value, path)
    if isinstance(value, float) and not math.isfinite(value):
        raise UnstorablePayload(path, f"{value!r} is not a JSON number")
    if isinstance(value, int) and _too_long(value):
        raise UnstorablePayload(path, f"the number has more than {MAX_INT_DIGITS:,} digits")
    return value


def _text(value: str, path: str) -> str:
    if "\x00" in value:
        raise UnstorablePayload(path, "the text contains a NUL character, which PostgreSQL refuses")
    if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
        raise UnstorablePayload(path, "the text contains a lone surrogate, which is not valid Unicode")
    return str.__str__(value)  # str() of a member of ``class Colour(str, Enum)`` would be its name


class _TooMuch(Exception):
    """Say that a value has more parts than may be stored as bytes."""


class _Room:
    """Count the parts of a value: lists that hold each other have no end of them."""

    def __init__(self, parts: int) -> None:
        self._left = parts

    def take(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise _TooMuch


def clean_result(value: Any, limit: int = MAX_BYTES) -> str:
    """Return the JSON text to store for a function's return value.

    Raise UnstorablePayload for a type that JSON does not know, and for two keys that become one: that is the author's
    mistake and fails the run, for no replacement would show what was lost. What a database would refuse is replaced:
    NaN and infinity by null, NUL by U+2400, lone surrogates by their escape, what lies too deep by its type, and a
    value of more than ``limit`` bytes by ``{"left_out": "N bytes"}``.
    """
    if value is None or value is True or value is False:
        return dumps(value)
    try:
        text = dumps(_clean(value, "result", 0, _Room(limit)))
    except _TooMuch:
        return dumps({"left_out": f"more than {limit} bytes"})
    size = len(text) if text.isascii() else len(text.encode())
    return text if size <= limit else dumps({"left_out": f"{size} bytes"})


def _clean(value: Any, path: str, depth: int, room: _Room) -> Any:
    room.take()
    if isinstance(value, str):
        return _clean_string(value)
    if value is None:
        return None
    if isinstance(value, int):
        return value if not _too_long(value) else f"<int of {value.bit_length()} bits>"
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, bytes):
        return _clean_string(_decoded(value, path))
    if depth >= MAX_DEPTH and isinstance(value, (Mapping, Sequence)):
        return f"<{type(value).__qualname__} nested too deep>"
    if isinstance(value, Mapping):
        return dict(_clean_pairs(value, path, depth, room))
    if isinstance(value, Sequence):
        return [_clean(item, f"{path}[{index}]", depth + 1, room) for index, item in enumerate(value)]
    raise UnstorablePayload(path, f"Unsupported type: {type(value)}")


def _clean_pairs(value: Mapping[Any, Any], path: str, depth: int, room: _Room) -> Iterator[tuple[str, Any]]:
    seen: set[str] = set()
    for key, item in value.items():
        text = _clean_key(key, path)
        if text in seen:
            raise UnstorablePayload(path, TWO_KEYS.format(text))
        seen.add(text)
        yield text, _clean(item, f"{path}[{text[:40]!r}]", depth + 1, room)


def _clean_key(key: Any, path: str) -> str:
    if isinstance(key, str):
        return _clean_string(key)
    if isinstance(key, bytes):
        return _clean_string(_decoded(key, path))
    if key is None or isinstance(key, (bool, int, float)):
        return json.dumps(key) if not (isinstance(key, int) and _too_long(key)) else f"<int of {key.bit_length()} bits>"
    raise UnstorablePayload(path, f"Unsupported type: {type(key)} as a key")


def _clean_string(value: str) -> str:
    text = value if "\x00" not in value else value.replace("\x00", "\u2400")
    return str.__str__(text) if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def _too_long(value: int) -> bool:
    # Counting the digits of a big number costs much; ten bits are a little more than three digits.
    return value.bit_length() > MAX_INT_DIGITS * 10 // 3


def clean_text(value: object, limit: int = TEXT_LIMIT) -> str:
    """Return ``value`` as text that every database stores, whatever it is; never raise.

    NUL becomes U+2400, lone surrogates their escape; more than ``limit`` characters lose their middle.
    """
    try:
        text = value if type(value) is str else str(value)
    except BaseException:  # a __str__ written by anybody may raise anything, and the record must still be written
        text = f"<unprintable {type(value).__qualname__}>"
    text = text.replace("\x00", "\u2400").encode("utf-8", "backslashreplace").decode()
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n[... {len(text) - 2 * half:,} characters left out ...]\n{text[-half:]}"
