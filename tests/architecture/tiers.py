"""The rooms of the house from the ground up."""

from __future__ import annotations

TIERS = (
    {"exceptions"},
    {"core"},
    {"option_rules"},
    {"conf", "failpoints", "signals", "tasks_api"},
    {"lifecycle", "requirements"},
    {"registry", "dialects", "drawing"},
    {"models", "redaction"},
    {"store", "migrations", "pictures"},
    # The django.tasks adapter: the worker runs what it declares and speaks in its signals (docs/adr/0003).
    {"callbacks", "chains", "checks", "composition", "policies", "repair", "schedules", "stopwatch", "task_errors"},
    {"declare", "locking"},
    {"restored", "services"},
    {"results"},
    {"backend", "rescheduling", "spawning"},
    {"kinship"},
    {"context", "sending"},
    {"worker"},
    {"making"},
    # The entry points, which may use each other.
    {"__init__", "admin", "announcements", "apps", "cli", "management", "templatetags"},
)
"""The rooms from the ground up: each may import what lies lower, and itself."""

TIER = {room: number for number, tier in enumerate(TIERS) for room in tier}
