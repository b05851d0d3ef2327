"""Settings that both releases can read: the test project's, without the apps that use what only this release has."""

from __future__ import annotations

from config.settings import *  # noqa: F403
from config.settings import INSTALLED_APPS as APPS
from config.settings import TASKS

INSTALLED_APPS = [*(app for app in APPS if app not in ("audit", "demo")), "tests.upgrade.upgrading"]
ROOT_URLCONF = "tests.upgrade.urls"
SECRET_KEY = "a key for tests, which need none that is secret"
TASKS["default"] = {
    "BACKEND": "django_tasks_fsm.backend.FSMBackend",
    "QUEUES": [],
    "OPTIONS": {"LEASE_SECONDS": 30.0, "HEARTBEAT_SECONDS": 0.5},
}
