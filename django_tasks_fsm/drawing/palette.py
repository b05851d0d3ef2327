"""The colours and words of every state that is shown: both machines, and two states that are derived.

A colour has a contrast of 3 or more with the page, and stays apart from the others of its machine in the three common
kinds of colour blindness; silhouette, glyph and word say the same, so colour is never alone. The variables in
``fsm.css`` hold the same values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from django_tasks_fsm.drawing.text import clean

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

BLOCKED = "BLOCKED"
"""Derived: PENDING with a prerequisite that is not met."""

RETRY = "RETRY"
"""Derived: PENDING after a failed attempt."""


@dataclass(frozen=True, slots=True)
class Look:
    """How one state is shown: its word, and its colour on a light and on a dark page."""

    word: str | _StrPromise
    light: str
    dark: str


@dataclass(frozen=True, slots=True)
class Theme:
    """The colours of a page that are not a state's; ``tint`` is the share of a state's colour in a card, in percent."""

    ground: str
    text: str
    quiet: str
    edge: str
    tint: int


LIGHT = Theme(ground="#ffffff", text="#333333", quiet="#666666", edge="#8b95a3", tint=9)
DARK = Theme(ground="#121212", text="#eeeeee", quiet="#d0d0d0", edge="#77818d", tint=15)

UNKNOWN = Look(_("Unknown"), "#7d8aa0", "#8497ac")
"""What a state gets that this version does not know."""

STATES: Mapping[str, Look] = MappingProxyType(
    {
        "PREPARE": Look(_("Preparing"), "#7d8aa0", "#8497ac"),
        "PENDING": Look(_("Pending"), "#54617e", "#a9c0cd"),
        BLOCKED: Look(_("Blocked"), "#b44604", "#ee9836"),
        "QUEUED": Look(_("Queued"), "#5b35d5", "#c4a1f6"),
        "RUNNING": Look(_("Running"), "#1087d6", "#4285fb"),
        RETRY: Look(_("Retrying"), "#a98607", "#f6d743"),
        "DONE": Look(_("Done"), "#036a52", "#5bd6a6"),
        "FAILED": Look(_("Failed"), "#9a1b1c", "#f0524c"),
        "CANCELLED": Look(_("Cancelled"), "#7d7876", "#8b8282"),
        "SKIPPED": Look(_("Skipped"), "#697949", "#dcfab0"),
        "ABORTED": Look(_("Aborted"), "#751f58", "#cf4fc0"),
        "ACTIVE": Look(pgettext_lazy("state of a task", "Active"), "#1c8c54", "#289f64"),
        "PAUSED": Look(_("Paused"), "#8f5a00", "#e0a63c"),
        "EXHAUSTED": Look(_("Exhausted"), "#35309f", "#9ea4f5"),
        "RETIRED": Look(_("Retired"), "#6b625c", "#b3a89c"),
    }
)

CONDITIONS: Mapping[str, str | _StrPromise] = MappingProxyType(
    {
        "done": pgettext_lazy("condition of a prerequisite", "done"),
        "finished": pgettext_lazy("condition of a prerequisite", "finished"),
        "failed": pgettext_lazy("condition of a prerequisite", "failed"),
    }
)

POLICIES: Mapping[str, str | _StrPromise] = MappingProxyType(
    {
        "fail": pgettext_lazy("if a prerequisite fails", "else fail"),
        "cancel": pgettext_lazy("if a prerequisite fails", "else cancel"),
        "skip": pgettext_lazy("if a prerequisite fails", "else skip"),
        "ignore": pgettext_lazy("if a prerequisite fails", "else go on"),
    }
)
"""What is written on an edge whose dependent does not wait for a repair."""

POLICY_MEANINGS: Mapping[str, str | _StrPromise] = MappingProxyType(
    {
        "block": _("it waits for a repair"),
        "fail": _("it fails too"),
        "cancel": _("it is cancelled"),
        "skip": _("it is skipped"),
        "ignore": _("it runs all the same"),
    }
)
"""What becomes of a dependent whose prerequisite fails, as the table says it."""

STANDINGS: Mapping[str, str | _StrPromise] = MappingProxyType(
    {
        "met": pgettext_lazy("prerequisite", "met"),
        "waiting": pgettext_lazy("prerequisite", "waiting"),
        "broken": pgettext_lazy("prerequisite", "broken"),
    }
)


def word(state: str) -> str:
    """Return the translated word for a state; one that is unknown is shown as it is."""
    return str(STATES[state].word) if state in STATES else clean(state)


def slug(state: str) -> str:
    """Return the name of a state in class names and CSS variables."""
    return state.lower() if state in STATES else "unknown"
