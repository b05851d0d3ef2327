"""The app: finds tasks when Django starts, syncs their rows after migrate."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_delete, post_migrate, post_save
from django.utils.translation import gettext_lazy as _


class TasksFSMConfig(AppConfig):
    """Wire the app without touching the database."""

    name = "django_tasks_fsm"
    verbose_name = _("Background tasks")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Import the tasks of all apps and connect receivers and checks."""
        from django_tasks_fsm import announcements, checks, registry
        from django_tasks_fsm.store.definitions import forget, forget_limits

        registry.discover()
        checks.register()
        announcements.connect()
        post_migrate.connect(_sync, sender=self, dispatch_uid="django_tasks_fsm.sync")
        post_save.connect(forget_limits, sender=self.get_model("Task"), dispatch_uid="django_tasks_fsm.forget_limits")
        for model in (self.get_model("Task"), self.get_model("Queue")):
            post_delete.connect(forget, sender=model, dispatch_uid=f"django_tasks_fsm.forget.{model.__name__}")


def _sync(*, using: str, plan: Any = (), apps: Any = None, **kwargs: Any) -> None:
    from django.db import connections, router

    from django_tasks_fsm.models import Task
    from django_tasks_fsm.store.definitions import forget
    from django_tasks_fsm.store.sync import sync

    forget()
    # After a backward migration, or on a database that the router keeps us out of, the tables are not there.
    tables = connections[using].introspection.table_names()
    if router.allow_migrate_model(using, Task) and Task._meta.db_table in tables:
        sync(using)
