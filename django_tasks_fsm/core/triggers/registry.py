"""The kinds of triggers, and the way from JSON to a trigger and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from django_tasks_fsm.core.triggers.base import Trigger
from django_tasks_fsm.core.triggers.quoting import quoted
from django_tasks_fsm.exceptions import InvalidTrigger, NameTaken

T = TypeVar("T", bound=type[Trigger])

_kinds: dict[str, type[Trigger]] = {}


def register_kind(cls: T) -> T:
    """Make ``load`` know a Trigger class by its ``kind``; usable as a decorator.

    Raise NameTaken when another class has that kind.
    """
    holder = _kinds.setdefault(cls.kind, cls)
    if holder is not cls:
        raise NameTaken(cls.kind, _path(holder), _path(cls))
    return cls


def kinds() -> tuple[str, ...]:
    """Return the names of all kinds, sorted."""
    return tuple(sorted(_kinds))


def load(data: Mapping[str, Any]) -> Trigger:
    """Build the trigger that ``dump`` wrote; raise InvalidTrigger that names the wrong key."""
    if not isinstance(data, Mapping):
        raise InvalidTrigger(f"A trigger is an object with the keys 'kind' and 'version', not {quoted(data)}.")
    cls = _kind_of(data)
    _check_version(data, cls)
    return cls.from_json(data)


def dump(trigger: Trigger) -> dict[str, Any]:
    """Return the JSON of a trigger; raise InvalidTrigger where ``load`` would not find its class."""
    if _kinds.get(trigger.kind) is not type(trigger):
        raise InvalidTrigger(f"{_path(type(trigger))} is no registered trigger. Decorate it with @register_kind.")
    return trigger.to_json()


def _kind_of(data: Mapping[str, Any]) -> type[Trigger]:
    kind = data.get("kind")
    if not isinstance(kind, str) or kind not in _kinds:
        raise InvalidTrigger(f"Key 'kind' is {quoted(kind)}, but must be one of: {', '.join(kinds())}.")
    return _kinds[kind]


def _check_version(data: Mapping[str, Any], cls: type[Trigger]) -> None:
    version = data.get("version")
    if type(version) is not int or version != cls.version:
        raise InvalidTrigger(
            f"Key 'version' is {quoted(version)}, but this release reads version {cls.version} of the kind "
            f"{cls.kind!r}. A newer release may have written it: upgrade, or set the trigger again."
        )


def _path(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"
