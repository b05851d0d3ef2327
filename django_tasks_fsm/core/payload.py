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
ROOM_FOR_NOTE = 60
"""Characters that the note about what was left out of a text takes at most."""
TWO_KEYS = "two keys become {!r} in JSON"
REFERENCE = "store a reference instead"
UNREADABLE = "reading it raises {}"
UNSUPPORTED = "Unsupported type: <class '{}'>"

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
    try:
        normal = _normal(value, name, 0, _Room(limit))
    except _TooMuch:
        raise UnstorablePayload(name, f"it takes more than the limit of {limit:,} bytes; {REFERENCE}") from None
    size = len(dumps(normal).encode())
    if size > limit:
        raise UnstorablePayload(name, f"it takes {size:,} bytes and the limit is {limit:,}; {REFERENCE}")
    return normal


def _normal(value: Any, path: str, depth: int, room: _Room) -> Any:
    room.take()
    if depth > MAX_DEPTH:
        raise UnstorablePayload(path, f"it is nested more than {MAX_DEPTH} levels deep, or contains itself")
    try:
        # Of the type, not the value: a proxy that says it is a str has none of its methods.
        if issubclass(type(value), _PLAIN):
            return _scalar(value, path)
        if isinstance(value, bytes):
            return _scalar(_decoded(value, path), path)
        if isinstance(value, Mapping):
            return dict(_pairs(value, path, depth, room))
        if isinstance(value, Sequence):
            return [_normal(item, f"{path}[{index}]", depth + 1, room) for index, item in enumerate(value)]
    except (UnstorablePayload, _TooMuch):
        raise
    except Exception as error:  # a mapping or sequence of anybody's may raise anything when it is looked at
        raise UnstorablePayload(path, UNREADABLE.format(_kind_of(error))) from error
    raise UnstorablePayload(path, UNSUPPORTED.format(_kind_of(value)))


def _kind_of(value: object) -> str:
    # What the class itself says about it: a metaclass may have a __qualname__ or a __repr__ that raises.
    names: Any = type.__dict__
    module, name = (names[key].__get__(type(value)) for key in ("__module__", "__qualname__"))
    return name if type(module) is not str or module == "builtins" else f"{module}.{name}"


def _decoded(value: bytes, path: str) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise UnstorablePayload(path, "Unsupported value: bytes that are not UTF-8; encode them as base64") from None


def _pairs(value: Mapping[Any, Any], path: str, depth: int, room: _Room) -> Iterator[tuple[str, Any]]:
    seen: set[str] = set()
    for key, item in value.items():
        text = _key(key, path)
        if text in seen:
            raise UnstorablePayload(path, TWO_KEYS.format(text[:40]))
        seen.add(text)
        yield text, _normal(item, f"{path}[{text[:40]!r}]", depth + 1, room)


def _key(key: Any, path: str) -> str:
    # json.dumps turns numbers, booleans and None into text keys; doing it here shows collisions such as 1 and "1".
    if isinstance(key, str):
        return _text(key, f"{path} key {str.__str__(key)[:40]!r}")
    if isinstance(key, bytes):
        return str(_scalar(_decoded(key, path), f"{path} key {key[:40]!r}"))
    if key is None or isinstance(key, (bool, int, float)):
        return json.dumps(_scalar(key, f"{path} key"))
    raise UnstorablePayload(path, f"a key of type {_kind_of(key)} cannot be a JSON key")


def _scalar(value: Any, path: str) -> Any:
    if isinstance(value, str):
        return _text(value, path)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise UnstorablePayload(path, f"{value!r} is not a JSON number")
        return float.__float__(value)  # of a member of ``class Level(IntEnum)`` and its like only the number is stored
    if isinstance(value, int) and _too_long(value):
        raise UnstorablePayload(path, f"the number has more than {MAX_INT_DIGITS:,} digits")
    return value if value is None or isinstance(value, bool) else int.__int__(value)


def _text(value: str, path: str) -> str:
    text = str.__str__(value)  # str() of a member of ``class Colour(str, Enum)`` would be its name
    if "\x00" in text:
        raise UnstorablePayload(path, "the text contains a NUL character, which PostgreSQL refuses")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise UnstorablePayload(path, "the text contains a lone surrogate, which is not valid Unicode") from None
    return text


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

    Raise UnstorablePayload for a type that JSON does not know, for what raises when it is read, and for two keys that
    become one: that is the author's mistake and fails the run, for no replacement would show what was lost. What a
    database would refuse is replaced:
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
    try:
        if issubclass(type(value), _PLAIN):
            return _clean_scalar(value)
        if isinstance(value, bytes):
            return _clean_string(_decoded(value, path))
        if depth >= MAX_DEPTH and isinstance(value, (Mapping, Sequence)):
            return f"<{type(value).__qualname__} nested too deep>"
        if isinstance(value, Mapping):
            return dict(_clean_pairs(value, path, depth, room))
        if isinstance(value, Sequence):
            return [_clean(item, f"{path}[{index}]", depth + 1, room) for index, item in enumerate(value)]
    except (UnstorablePayload, _TooMuch):
        raise
    except Exception as error:  # as in _normal
        raise UnstorablePayload(path, UNREADABLE.format(_kind_of(error))) from error
    raise UnstorablePayload(path, UNSUPPORTED.format(_kind_of(value)))


def _clean_scalar(value: Any) -> Any:
    if isinstance(value, str):
        return _clean_string(value)
    if isinstance(value, int):
        return value if not _too_long(value) else f"<int of {int.bit_length(value)} bits>"
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _clean_pairs(value: Mapping[Any, Any], path: str, depth: int, room: _Room) -> Iterator[tuple[str, Any]]:
    seen: set[str] = set()
    for key, item in value.items():
        text = _clean_key(key, path)
        if text in seen:
            raise UnstorablePayload(path, TWO_KEYS.format(text[:40]))
        seen.add(text)
        yield text, _clean(item, f"{path}[{text[:40]!r}]", depth + 1, room)


def _clean_key(key: Any, path: str) -> str:
    if isinstance(key, str):
        return _clean_string(key)
    if isinstance(key, bytes):
        return _clean_string(_decoded(key, path))
    if key is None or isinstance(key, (bool, int, float)):
        return f"<int of {int.bit_length(key)} bits>" if isinstance(key, int) and _too_long(key) else json.dumps(key)
    raise UnstorablePayload(path, f"{UNSUPPORTED.format(_kind_of(key))} as a key")


def _clean_string(value: str) -> str:
    text = str.__str__(value).replace("\x00", "\u2400")
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def _too_long(value: int) -> bool:
    # Counting the digits of a big number costs much; ten bits are a little more than three digits.
    return int.bit_length(value) > MAX_INT_DIGITS * 10 // 3


def clean_text(value: object, limit: int = TEXT_LIMIT) -> str:
    """Return ``value`` as text that every database stores, whatever it is; never raise.

    NUL becomes U+2400, lone surrogates their escape; what has more than ``limit`` (at least 100) characters then loses
    its middle, so that with the note about it there are no more.
    """
    try:
        text = value if type(value) is str else str.__str__(str(value))
    except BaseException:  # a __str__ written by anybody may raise anything, and the record must still be written
        text = f"<unprintable {_kind_of(value).rpartition('.')[2]}>"
    # First of all, for a hundred megabytes would be copied three times below.
    unseen = max(0, len(text) - 2 * limit)
    text = text if not unseen else text[:limit] + text[-limit:]
    text = text.replace("\x00", "\u2400").encode("utf-8", "backslashreplace").decode()
    if len(text) <= limit:
        return text
    half = (limit - ROOM_FOR_NOTE) // 2
    left_out = len(text) - 2 * half + unseen
    return f"{text[:half]}\n[... {left_out:,} characters left out ...]\n{text[-half:]}"
