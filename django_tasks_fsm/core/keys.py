"""Unique keys of runs: what they may be, and what an enqueue does that finds one borne already."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from django_tasks_fsm.core.made_keys import KeyMaker, is_key, made_key
from django_tasks_fsm.exceptions import InvalidKey

UniqueKey = KeyMaker


class OnKey(StrEnum):
    """What becomes of a request whose key an unfinished run bears; the first three are a project's choice.

    ``collapse`` is what ``trigger`` does: it keeps a run that waits, and lets one follow a run that is RUNNING.
    """

    RETURN = "return"
    RAISE = "raise"
    REPLACE = "replace"
    COLLAPSE = "collapse"
    RECREATE = "recreate"


CHOICES = (OnKey.RETURN.value, OnKey.RAISE.value, OnKey.REPLACE.value)
FOLLOWING = frozenset({OnKey.REPLACE, OnKey.COLLAPSE, OnKey.RECREATE})
"""By these a run may be made while another one of its key is RUNNING, and then waits for that."""


def key_of(key: UniqueKey | None, args: Sequence[Any], kwargs: Mapping[str, Any]) -> str | None:
    """Return the key of one run; a function may give None for a run without one. Raise InvalidKey."""
    return made_key(key, args, kwargs, "key", InvalidKey)


def trigger_key(name: str) -> str:
    """Return the key of the runs that are triggered of a task without a key of its own."""
    key = f"trigger:{name}"
    return key if is_key(key) else f"trigger:{hashlib.sha256(name.encode()).hexdigest()}"
