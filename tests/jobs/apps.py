"""The app of the jobs."""

from __future__ import annotations

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Bear a label that says what is in it."""

    name = "tests.jobs"
    label = "jobs"
