"""Who may import whom: down only."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from tests.architecture.rule import Breach, rule
from tests.architecture.source import PACKAGE, Import, Module
from tests.architecture.tiers import TIER, TIERS

NARROWER = {
    "drawing": ({"core", "exceptions"}, "drawings must be possible without a database"),
    "admin": (
        {*TIER} - {"store", "worker"},
        "the admin changes rows by the models' verbs, as a view of a project does",
    ),
    "worker": ({*TIER} - {"models"}, "the worker gets Claims and gives Outcomes, so that it runs on a fake store too"),
}
"""Rooms that may import less than their tier allows, and why."""

PURE: dict[str, tuple[str, ...]] = {
    "core": ("croniter",),
    "exceptions": (),
    # Words are translated where they are drawn; models and settings stay out.
    "drawing": ("graphviz", "django.utils"),
}
"""Rooms that must run without the rest of Django, and what they may use beside the standard library."""


@rule("imports-go-down")
def imports_go_down(module: Module) -> Iterator[Breach]:
    """Find imports of a higher room; imports for types only do not count."""
    for found in carried_out(module):
        if found.room and not allowed(module.room, found.room):
            yield found.line, f"{module.room} lies below {found.room} and must not import {found.name}"


@rule("narrow-rooms")
def narrow_rooms(module: Module) -> Iterator[Breach]:
    """Find imports that a room renounces although they go down."""
    permitted, reason = NARROWER.get(module.room, (set(TIER), ""))
    for found in carried_out(module):
        if found.room and found.room not in {*permitted, module.room}:
            yield found.line, f"{module.room} must not import {found.name}: {reason}"


@rule("pure-rooms")
def pure_rooms(module: Module) -> Iterator[Breach]:
    """Find imports of Django or another package in a room that must run without."""
    permitted = tuple(f"{name}." for name in (*PURE.get(module.room, ()), PACKAGE, *sys.stdlib_module_names))
    for found in module.imports:
        if module.room in PURE and not f"{found.name}.".startswith(permitted):
            yield found.line, f"{module.room} is pure and must not import {found.name}"


@rule("worker-has-no-orm")
def worker_has_no_orm(module: Module) -> Iterator[Breach]:
    """Find models in the worker, for types too."""
    for found in module.imports:
        if module.room == "worker" and f"{found.name}.".startswith(("django.db.models.", f"{PACKAGE}.models.")):
            yield found.line, f"the worker must not import {found.name}; the store gives it Claims"


@rule("settings-only-in-conf")
def settings_only_in_conf(module: Module) -> Iterator[Breach]:
    """Find readers of the settings beside conf.py."""
    for found in module.imports:
        if module.room != "conf" and (found.name == "django.conf" or found.name.startswith("django.conf.settings")):
            yield found.line, "settings are read in conf.py only; ask conf"


def carried_out(module: Module) -> list[Import]:
    """Return the imports that happen, sooner or later."""
    return [found for found in module.imports if not found.for_types_only]


def allowed(importer: str, imported: str) -> bool:
    """Return whether the tiers let ``importer`` use ``imported``."""
    if importer == imported or importer not in TIER:
        return True
    top = len(TIERS) - 1
    return TIER[imported] < TIER[importer] or TIER[importer] == TIER[imported] == top
