"""Django's ``flush``, which every test that commits ends with, on the few tables that have rows.

Emptying all tables and writing what migrations wrote takes MariaDB a second, again and again. Typed by a person, or
called by a test that is about it, it is Django's own.
"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management.commands import flush
from django.db import connections, transaction
from django.db.models import Model

from django_tasks_fsm.store.definitions import forget

AS_MIGRATED = {ContentType._meta.db_table, Permission._meta.db_table}
"""What migrations wrote and no test changes; Django's flush deletes it and writes it again."""

_declared: dict[type[Model], list[Model]] = {}


def remember_declared() -> None:
    """Take note of the rows that a fresh database has for the functions and schedules of the installed apps."""
    for model in apps.get_app_config("django_tasks_fsm").get_models():
        _declared[model] = list(model._base_manager.all())


class Command(flush.Command):
    """Flush; between tests with as little as possible."""

    def handle(self, **options: Any) -> None:
        """Do as Django does unless the test case asks, which alone says whether to tell the apps."""
        if "inhibit_post_migrate" in options:
            reset(options["database"])
            forget()
        else:
            super().handle(**options)


def reset(using: str) -> None:
    """Delete all rows, whatever refers to them, and put the declared ones back."""
    connection = connections[using]
    with connection.constraint_checks_disabled(), transaction.atomic(using), connection.cursor() as cursor:
        for table in tables_with_rows(using):
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")
        for model, rows in _declared.items():
            model._base_manager.using(using).bulk_create(rows)


def tables_with_rows(using: str) -> list[str]:
    """Return the tables that are to be emptied and are not empty."""
    connection = connections[using]
    tables = sorted(set(connection.introspection.django_table_names(only_existing=True)) - AS_MIGRATED)
    asked = ", ".join(f"EXISTS(SELECT 1 FROM {connection.ops.quote_name(table)})" for table in tables)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {asked}")
        return [table for table, has_rows in zip(tables, cursor.fetchone(), strict=True) if has_rows]
