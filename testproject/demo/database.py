"""Bring the database up to date."""

from __future__ import annotations

from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor


def migrate() -> str:
    """Apply the migrations that are missing and return what to tell; raise CommandError when no database answers."""
    name = connection.settings_dict["NAME"]
    try:
        executor = MigrationExecutor(connection)
        missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
        # Also when none is missing: what code declares is synced after every migrate.
        call_command("migrate", interactive=False, verbosity=0)
    except OperationalError as error:
        raise CommandError(f"The database {name} cannot be used: {error}. Check DATABASE_URL.") from error
    done = f"{missing} migrations applied" if missing else "up to date"
    return f"Database: {connection.vendor}, {name} ({done})."
